// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.kubernetes.ClusterReader.Answer;
import io.registryauth.tenant.NamespaceName;
import java.util.List;

/** The tenant of a cluster that is named, or all that have credentials. */
final class Tenants {
  private static final int MAX_NAMESPACES = 200;

  private Tenants() {}

  /** Returns the set-up as the clients of each have it. */
  static List<Setup> clients(Setup setup, Cluster cluster, Notes notes) {
    return tenants(setup, cluster, notes).stream()
        .map(tenant -> TenantCheck.of(setup, cluster, tenant))
        .toList();
  }

  private static List<NamespaceName> tenants(Setup setup, Cluster cluster, Notes notes) {
    if (setup.tenant().isPresent()) {
      return List.of(setup.tenant().get());
    }
    Answer answer = cluster.reader().namespaces(MAX_NAMESPACES);
    if (answer.json().isEmpty()) {
      notes.notChecked(
          "the tenants",
          answer.unknown().orElse("there are no namespaces") + "; --tenant NAME names one");
      return List.of();
    }
    KubeObject list = KubeObject.parse(answer.json().get());
    if (list.at("metadata").text("continue").filter(more -> !more.isEmpty()).isPresent()) {
      notes.notChecked(
          "all tenants",
          "there are more than %d namespaces; --tenant NAME names one".formatted(MAX_NAMESPACES));
    }
    List<NamespaceName> tenants =
        list.list("items").stream()
            .map(KubeObject::name)
            .map(NamespaceName::new)
            .filter(
                name -> cluster.reader().secret(TenantCheck.credentials(name)).json().isPresent())
            .toList();
    if (tenants.isEmpty()) {
      notes.notChecked(
          "the tenants",
          "no namespace has a Secret NAMESPACE-registry-credentials that may be read here; --tenant"
              + " NAME names one");
    }
    return tenants;
  }
}
