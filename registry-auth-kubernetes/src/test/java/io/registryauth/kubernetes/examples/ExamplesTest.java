// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes.examples;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * The examples compile, and do what they can without an API server: they say that there is none.
 */
class ExamplesTest {
  private final ApiClient nowhere = new ApiClient().setBasePath("http://127.0.0.1:1");

  @Test
  void store_withoutAnApiServer_cannotTell() {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(
            () ->
                KubernetesExample.store(nowhere)
                    .find(CredentialLookup.of(AccountName.parse("test-build").orElseThrow())));
  }

  @Test
  void createTenant_withoutAnApiServer_saysWhichCallFailed() {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> KubernetesExample.createTenant(nowhere))
        .withMessageContaining("registry-tls");
  }
}
