// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.openapi.models.RbacV1Subject;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1PolicyRule;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1RoleRef;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.tenant.NamespaceName;
import java.util.Map;

/** The objects of a tenant, as they should be. */
record TenantObjects(NamespaceName tenant) {
  static final String DOCKER_CONFIG_KEY = ".dockerconfigjson";
  static final String CA_KEY = "ca.crt";

  static final String DOCKER_CONFIG_TYPE = "kubernetes.io/dockerconfigjson";
  private static final String OPAQUE = "Opaque";
  private static final String READER = "registry-auth-secret-reader";

  /** Its label tells it from the registry's own, which is not to be deleted with a tenant. */
  V1Namespace namespace() {
    V1Namespace namespace = ManagedObjects.namespace(tenant);
    namespace.getMetadata().putLabelsItem(ManagedObjects.COMPONENT, "tenant");
    return namespace;
  }

  private ObjectName named(String name) {
    return new ObjectName(tenant, name);
  }

  private ObjectName credentialsName() {
    return named(tenant + "-registry-credentials");
  }

  V1Secret credentials() {
    return ManagedObjects.secret(credentialsName());
  }

  V1Secret credentials(String password) {
    return credentials(
        ImmutableMap.of(
            TenantCredentials.USERNAME, tenant.value(), TenantCredentials.PASSWORD, password));
  }

  V1Secret credentials(Map<String, String> texts) {
    return ManagedObjects.secret(credentialsName(), OPAQUE, texts);
  }

  /** For clients that read a file: {@code config.json}. */
  V1Secret dockerConfig() {
    return ManagedObjects.secret(named("registry-docker-config"));
  }

  /** For the nodes: {@code imagePullSecrets} of pods and service accounts. */
  V1Secret imagePullSecret() {
    return ManagedObjects.secret(named("registry-image-pull-secret"));
  }

  /** Returns one of these two with its file. */
  static V1Secret withDockerConfig(V1Secret secret, DockerConfig config) {
    ObjectName name =
        new ObjectName(
            new NamespaceName(secret.getMetadata().getNamespace()), secret.getMetadata().getName());
    return ManagedObjects.secret(
        name, DOCKER_CONFIG_TYPE, ImmutableMap.of(DOCKER_CONFIG_KEY, config.toJson()));
  }

  V1Secret ca() {
    return ManagedObjects.secret(named("registry-ca-cert"));
  }

  V1Secret ca(String pem) {
    return ManagedObjects.secret(named("registry-ca-cert"), OPAQUE, ImmutableMap.of(CA_KEY, pem));
  }

  /** Lets a service account read the credentials, and nothing else. */
  V1Role role() {
    return ManagedObjects.role(named(READER))
        .addRulesItem(
            new V1PolicyRule()
                .addApiGroupsItem("")
                .addResourcesItem("secrets")
                .addResourceNamesItem(credentialsName().name())
                .addVerbsItem("get"));
  }

  V1RoleBinding roleBinding(ObjectName serviceAccount) {
    return ManagedObjects.roleBinding(named(READER))
        .roleRef(new V1RoleRef().apiGroup(ManagedObjects.RBAC_GROUP).kind("Role").name(READER))
        .addSubjectsItem(
            new RbacV1Subject()
                .kind("ServiceAccount")
                .namespace(serviceAccount.namespace().value())
                .name(serviceAccount.name()));
  }
}
