// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes.examples;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.kubernetes.KubernetesCredentialStore;
import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;

/** Credentials in Secrets, and a tenant made by the platform itself. */
final class KubernetesExample {
  private KubernetesExample() {}

  static CredentialStore store(ApiClient client) {
    // [start]
    // ApiClient client = KubernetesClients.inCluster();
    CredentialStore store =
        CachingCredentialStore.builder(new KubernetesCredentialStore(client)).build();
    // [end]
    return store;
  }

  static void createTenant(ApiClient client) throws IOException {
    // [start]
    TenantProvisioner.builder(client).build().create(new NamespaceName("test-build"));
    // [end]
  }
}
