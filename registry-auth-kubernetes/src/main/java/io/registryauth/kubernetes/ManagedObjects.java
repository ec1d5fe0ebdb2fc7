// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The objects that this project makes: each carries its labels, by which it is known later. Without
 * contents they serve as names of objects to read or delete.
 */
final class ManagedObjects {
  private static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  private static final String MANAGER = "registry-auth";
  private static final ImmutableMap<String, String> LABELS =
      ImmutableMap.of(MANAGED_BY, MANAGER, "app.kubernetes.io/part-of", "registry-auth");

  /** What an object is for, where that matters. */
  static final String COMPONENT = "app.kubernetes.io/component";

  static final String RBAC_GROUP = "rbac.authorization.k8s.io";
  private static final String RBAC_VERSION = RBAC_GROUP + "/v1";

  private ManagedObjects() {}

  static V1Namespace namespace(NamespaceName name) {
    return new V1Namespace()
        .apiVersion("v1")
        .kind("Namespace")
        .metadata(metadata(name.value()).namespace(null));
  }

  static V1Secret secret(ObjectName name) {
    return new V1Secret().apiVersion("v1").kind("Secret").metadata(metadata(name)).stringData(null);
  }

  /** Returns a Secret with these texts. */
  static V1Secret secret(ObjectName name, String type, Map<String, String> texts) {
    Map<String, byte[]> data = new TreeMap<>();
    texts.forEach((key, text) -> data.put(key, text.getBytes(UTF_8)));
    return secret(name).type(type).data(data);
  }

  static V1Role role(ObjectName name) {
    return new V1Role().apiVersion(RBAC_VERSION).kind("Role").metadata(metadata(name));
  }

  static V1RoleBinding roleBinding(ObjectName name) {
    return new V1RoleBinding()
        .apiVersion(RBAC_VERSION)
        .kind("RoleBinding")
        .metadata(metadata(name));
  }

  private static V1ObjectMeta metadata(ObjectName name) {
    return metadata(name.name()).namespace(name.namespace().value());
  }

  private static V1ObjectMeta metadata(String name) {
    // Without annotations, in place of an empty map, which would show in a manifest.
    return new V1ObjectMeta().name(name).labels(new TreeMap<>(LABELS)).annotations(null);
  }

  /**
   * Returns the label, as {@code name=value}, that a stored object lacks to be one that this
   * project made, and no other; nothing if it is one.
   */
  static Optional<String> missingLabel(KubernetesObject made, KubernetesObject stored) {
    Map<String, String> labels = labels(stored);
    for (String name : List.of(MANAGED_BY, COMPONENT)) {
      String value = labels(made).get(name);
      if (value != null && !value.equals(labels.get(name))) {
        return Optional.of(name + "=" + value);
      }
    }
    return Optional.empty();
  }

  private static Map<String, String> labels(KubernetesObject object) {
    return Optional.ofNullable(object.getMetadata().getLabels()).orElse(Map.of());
  }

  /** Returns a Secret's entry; one that is empty is as good as none. */
  static Optional<byte[]> entry(V1Secret secret, String key) {
    Map<String, byte[]> data = secret.getData();
    return Optional.ofNullable(data == null ? null : data.get(key))
        .filter(bytes -> bytes.length > 0);
  }

  /** Returns a Secret's entry as text. */
  static Optional<String> text(V1Secret secret, String key) {
    return entry(secret, key).map(bytes -> new String(bytes, UTF_8));
  }

  /** Returns kind and name, for people. */
  static String describe(KubernetesObject object) {
    V1ObjectMeta metadata = object.getMetadata();
    String namespace = metadata.getNamespace() == null ? "" : metadata.getNamespace() + "/";
    return object.getKind() + " " + namespace + metadata.getName();
  }
}
