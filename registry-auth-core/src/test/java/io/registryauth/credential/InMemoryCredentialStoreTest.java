// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.tenant.AccountName;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class InMemoryCredentialStoreTest {
  private static final AccountName TEAM = AccountName.parse("team").orElseThrow();

  private final InMemoryCredentialStore store = new InMemoryCredentialStore();

  @Test
  void put_namespace_replacesItsPasswords() {
    store.put("team", "old").put("team", "new", "newer");

    StoredCredentials found = store.find(CredentialLookup.of(TEAM)).orElseThrow();
    assertThat(found.username()).isEqualTo("team");
    assertThat(found.passwords()).hasSize(2);
    assertThat(found.accept(new Credentials("team", Password.of("newer")), Instant.EPOCH)).isTrue();
    assertThat(found.accept(new Credentials("team", Password.of("old")), Instant.EPOCH)).isFalse();
  }

  @Test
  void remove_namespace_forgetsIt() {
    store.put("team", "old");
    store.remove(TEAM);

    assertThat(store.find(CredentialLookup.of(TEAM))).isEmpty();
  }

  @Test
  void put_noDnsLabelOrEmptyPassword_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> store.put("../x", "password"));
    assertThatIllegalArgumentException().isThrownBy(() -> store.put("team", "password", ""));
  }

  @Test
  void lookup_ofANamespace_acceptsWhateverIsStored() {
    StoredCredentials incomplete = new StoredCredentials("", List.of());

    assertThat(CredentialLookup.of(TEAM).accepted()).accepts(incomplete);
  }
}
