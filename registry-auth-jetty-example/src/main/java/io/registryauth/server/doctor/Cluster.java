// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.kubernetes.ClusterReader;
import io.registryauth.kubernetes.ClusterReader.Answer;
import io.registryauth.kubernetes.ObjectName;
import io.registryauth.tenant.NamespaceName;
import java.util.Map;
import java.util.Optional;

/**
 * The cluster that a set-up is in.
 *
 * @param reader reads it
 * @param namespace the registry's and the token server's namespace
 */
public record Cluster(ClusterReader reader, NamespaceName namespace) {
  static final String REGISTRY = "registry";
  static final String TOKEN_SERVER = "registry-auth";

  /** Returns the host of the registry's Service. */
  String registryHost() {
    return REGISTRY + "." + namespace + ".svc.cluster.local";
  }

  ObjectName named(String name) {
    return new ObjectName(namespace, name);
  }

  /** Returns the service account of the token server's Deployment, or the one by default. */
  ObjectName tokenServerAccount() {
    return workload(TOKEN_SERVER, new Notes())
        .map(server -> server.spec().text("serviceAccountName").orElse("default"))
        .map(this::named)
        .orElseGet(() -> named(TOKEN_SERVER));
  }

  /** Returns the Deployment of that name, if it is there; else writes down why not. */
  Optional<Workload> workload(String name, Notes notes) {
    Answer answer = reader.deployment(named(name));
    if (answer.json().isEmpty()) {
      notes.notChecked("Deployment " + named(name), answer.unknown().orElse("it is not there"));
      return Optional.empty();
    }
    return answer.json().map(json -> Workload.ofDeployment(this, KubeObject.parse(json)));
  }

  /** Returns the entry of a Secret. */
  Source secretEntry(ObjectName secret, String key) {
    return entry("Secret " + secret + ": " + key, reader.secret(secret), key, true);
  }

  /** Returns the entry of a ConfigMap. */
  Source configEntry(ObjectName configMap, String key) {
    return entry("ConfigMap " + configMap + ": " + key, reader.configMap(configMap), key, false);
  }

  private static Source entry(String where, Answer answer, String key, boolean secret) {
    if (answer.unknown().isPresent()) {
      return Source.unread(where, answer.unknown().get());
    }
    Map<String, String> entries =
        answer
            .json()
            .map(KubeObject::parse)
            .map(object -> secret ? object.secretTexts() : object.configTexts())
            .orElse(Map.of());
    return entries.containsKey(key) ? Source.of(where, entries.get(key)) : Source.missing(where);
  }
}
