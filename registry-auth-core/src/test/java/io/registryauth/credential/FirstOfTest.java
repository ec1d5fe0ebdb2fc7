// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.tenant.AccountName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** {@link CredentialStore#firstOf}. */
class FirstOfTest {
  private final FakeCredentialStore first = new FakeCredentialStore();
  private final FakeCredentialStore second = new FakeCredentialStore();
  private final CredentialStore store = CredentialStore.firstOf(List.of(first, second));

  @Test
  void find_inBothStores_isTheFirstOnes() {
    first.store("team", "new");
    second.store("team", "old");

    assertThat(accepts("new")).isTrue();
    assertThat(accepts("old")).isFalse();
    assertThat(second.reads()).isEmpty();
  }

  @Test
  void find_inTheSecondStoreAlone_isTheSecondOnes() {
    second.store("team", "secret");

    assertThat(accepts("secret")).isTrue();
  }

  @Test
  void find_inNoStore_isEmpty() {
    assertThat(find()).isEmpty();
    assertThat(first.reads()).hasSize(1);
    assertThat(second.reads()).hasSize(1);
  }

  @Test
  void find_incompleteInTheFirstStore_refusesEverybody() {
    CredentialStore incomplete = lookup -> Optional.of(new StoredCredentials("team", List.of()));
    second.store("team", "old");

    assertThat(CredentialStore.firstOf(List.of(incomplete, second)).find(lookup()))
        .contains(new StoredCredentials("team", List.of()));
  }

  /** The first may have replaced or revoked what the second still has. */
  @Test
  void attack_oldPasswordWhileTheFirstStoreIsDown_isNotTakenFromTheSecond() {
    second.store("team", "old");
    first.fail();

    assertThatExceptionOfType(CredentialStoreException.class).isThrownBy(this::find);
    assertThat(second.reads()).isEmpty();
  }

  @Test
  void find_inTheFirstStoreWhileTheSecondIsDown_isFoundAndTheRestCannotTell() {
    first.store("team", "secret");
    second.fail();
    assertThat(accepts("secret")).isTrue();

    first.delete("team");
    assertThatExceptionOfType(CredentialStoreException.class).isThrownBy(this::find);
  }

  @Test
  void firstOf_noStore_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CredentialStore.firstOf(List.of()))
        .withMessageContaining("at least one store");
  }

  private static CredentialLookup lookup() {
    return CredentialLookup.of(AccountName.parse("team").orElseThrow());
  }

  private Optional<StoredCredentials> find() {
    return store.find(lookup());
  }

  private boolean accepts(String password) {
    return find()
        .orElseThrow()
        .accept(new Credentials("team", Password.of(password)), Instant.EPOCH);
  }
}
