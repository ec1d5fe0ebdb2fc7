// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.registryauth.TokenRequest;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import java.util.Base64;

/** The request that is measured everywhere: one tenant's, to push to one of its repositories. */
final class Requests {
  static final String NAMESPACE = "test-build";
  static final String SCOPE = "repository:test-build/myapp:push,pull";

  private static final String PASSWORD = "test-password-123";
  static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString((NAMESPACE + ":" + PASSWORD).getBytes(UTF_8));

  private Requests() {}

  /** Reads the request as a server does when it has come. */
  static TokenRequest push() {
    return TokenRequest.builder()
        .query("service=docker-registry&scope=repository%3Atest-build%2Fmyapp%3Apush%2Cpull")
        .authorization(BASIC)
        .clientAddress("10.0.3.7")
        .build();
  }

  /** Returns what verifies its credentials, by a copy in a cache, as a server has it. */
  static Authenticator authenticator() {
    InMemoryCredentialStore store = new InMemoryCredentialStore().put(NAMESPACE, PASSWORD);
    return new CredentialStoreAuthenticator(CachingCredentialStore.builder(store).build());
  }
}
