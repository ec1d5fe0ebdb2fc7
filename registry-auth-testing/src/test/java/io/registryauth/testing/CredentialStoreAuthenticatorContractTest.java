// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.InMemoryCredentialStore;
import java.util.Map;
import java.util.Optional;

class CredentialStoreAuthenticatorContractTest extends AuthenticatorContract {
  @Override
  protected Authenticator authenticatorWith(Map<String, String> passwords) {
    InMemoryCredentialStore store = new InMemoryCredentialStore();
    passwords.forEach(store::put);
    return new CredentialStoreAuthenticator(store);
  }

  @Override
  protected Optional<Authenticator> authenticatorThatCannotTell() {
    return Optional.of(
        new CredentialStoreAuthenticator(
            lookup -> {
              throw new CredentialStoreException("The store is down");
            }));
  }
}
