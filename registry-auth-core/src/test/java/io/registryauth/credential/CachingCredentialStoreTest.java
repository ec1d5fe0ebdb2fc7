// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.tenant.AccountName;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client finds, by the ages of copies; {@link CachingCredentialStoreThreadsTest} has more.
 */
class CachingCredentialStoreTest {
  private static final Duration FRESH = Duration.ofSeconds(30);
  private static final Duration STALE = Duration.ofMinutes(5);
  private static final Duration NEGATIVE = Duration.ofSeconds(10);
  private static final Duration REREAD = Duration.ofSeconds(2);
  private static final Duration TICK = Duration.ofNanos(1);

  // Elapsed time has any origin, and may overflow.
  private final FakeTicker ticker = new FakeTicker(Long.MAX_VALUE - 1_000_000_000);
  private final FakeCredentialStore delegate = new FakeCredentialStore();
  private CachingCredentialStore cache =
      CachingCredentialStore.builder(delegate).ticker(ticker).build();

  @Test
  void find_freshCopy_isNotReadAgain() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    ticker.advance(FRESH.minus(TICK));
    assertThat(accepts("team", "secret")).isTrue();

    assertReads(1);
  }

  @Test
  void find_copyThatIsNoLongerFresh_isReadAgain() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    ticker.advance(FRESH);
    assertThat(accepts("team", "secret")).isTrue();

    assertReads(2);
  }

  @Test
  void find_severalNamespaces_areRememberedApart() {
    delegate.store("team", "secret");
    delegate.store("other", "other-secret");

    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("other", "other-secret")).isTrue();
    assertThat(accepts("team", "other-secret")).isFalse();
  }

  @Test
  void find_newPassword_worksAtOnce() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();

    delegate.store("team", "new");

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void find_replacedPassword_isRefusedAfter30Seconds() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();

    delegate.store("team", "new");

    ticker.advance(FRESH.minus(TICK));
    assertThat(accepts("team", "old")).isTrue();
    ticker.advance(TICK);
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void stats_ofEachKindOfLookup_countItOnce_withTheAgeOfWhatWasServed() {
    delegate.store("team", "secret");
    assertThat(cache.stats()).isEqualTo(new CacheStats(0, 0, 0, 0, Duration.ZERO, 0, 0));

    assertThat(accepts("team", "secret")).as("a read").isTrue();
    ticker.advance(Duration.ofSeconds(7));
    assertThat(accepts("team", "secret")).as("a hit, 7 s old").isTrue();
    assertThat(find("nobody", "secret")).as("a read").isEmpty();
    assertThat(find("nobody", "secret")).as("a hit, 0 s old").isEmpty();
    delegate.fail();
    ticker.advance(FRESH);
    assertThat(accepts("team", "secret")).as("stale, 37 s old").isTrue();
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("another", "secret"));

    assertThat(cache.stats()).isEqualTo(new CacheStats(2, 2, 1, 1, Duration.ofSeconds(44), 1, 1));
  }

  @Test
  void invalidate_namespace_isReadAgainAndNoOtherIs() {
    delegate.store("team", "old");
    delegate.store("other", "old");
    assertThat(accepts("team", "old")).isTrue();
    assertThat(accepts("other", "old")).isTrue();
    delegate.store("team", "new");
    delegate.store("other", "new");

    cache.invalidate(AccountName.parse("team").orElseThrow());

    assertThat(accepts("team", "old")).isFalse();
    assertThat(accepts("other", "old")).isTrue();
  }

  @Test
  void find_credentialsStoredAgainAfterTheyWereDeleted_areSeenWithin2Seconds() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.delete("team");
    assertThat(find("team", "other")).as("read again").isEmpty();
    delegate.store("team", "secret");

    ticker.advance(REREAD.minus(TICK));
    assertThat(find("team", "secret")).isEmpty();
    ticker.advance(TICK);
    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_credentialsThatAreGoneForLonger_areReadEvery10SecondsOnly() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.delete("team");
    assertThat(find("team", "other")).isEmpty();
    ticker.advance(REREAD);
    assertThat(find("team", "secret")).isEmpty();
    assertReads(3);

    ticker.advance(NEGATIVE.minus(TICK));
    assertThat(find("team", "secret")).isEmpty();
    assertReads(3);
  }

  @Test
  void offer_copy_servesAsOneThatWasReadThen() {
    delegate.store("team", "secret");
    StoredCredentials copy =
        new StoredCredentials("team", List.of(StoredPassword.of(Password.of("secret"))));

    cache.offer(AccountName.parse("team").orElseThrow(), copy, FRESH.minus(TICK));
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(0);
    delegate.fail();
    ticker.advance(STALE.minus(FRESH));
    assertThat(accepts("team", "secret")).as("in an outage").isTrue();
    ticker.advance(TICK);
    assertCannotTell("team", "secret");
  }

  /** As when a password is corrected right after it was changed. */
  @Test
  void find_severalNewPasswordsInARow_eachWorkAtOnce() {
    delegate.store("team", "first");
    assertThat(accepts("team", "first")).isTrue();
    for (String password : List.of("second", "third", "fourth")) {
      delegate.store("team", password);
      assertThat(accepts("team", password)).isTrue();
    }
    assertThat(accepts("team", "first")).isFalse();
  }

  @Test
  void update_namespaceThatIsRemembered_isReplacedIfOlder() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();
    StoredCredentials copy =
        new StoredCredentials("team", List.of(StoredPassword.of(Password.of("new"))));

    cache.update(AccountName.parse("team").orElseThrow(), copy, TICK);
    assertThat(accepts("team", "old")).as("the copy is older").isTrue();
    ticker.advance(TICK.multipliedBy(2));
    cache.update(AccountName.parse("team").orElseThrow(), copy, TICK);

    delegate.fail();
    assertThat(accepts("team", "new")).isTrue();
    assertCannotTell("team", "old");
  }

  @Test
  void update_namespaceThatIsNotRemembered_staysUnknown() {
    StoredCredentials copy =
        new StoredCredentials("team", List.of(StoredPassword.of(Password.of("secret"))));
    cache.update(AccountName.parse("team").orElseThrow(), copy, TICK);

    assertThat(find("team", "secret")).isEmpty();
  }

  @Test
  void offer_olderThanWhatWasRead_isNotTaken() {
    delegate.store("team", "new");
    assertThat(accepts("team", "new")).isTrue();
    assertThat(find("gone", "any")).isEmpty();
    StoredCredentials old =
        new StoredCredentials("team", List.of(StoredPassword.of(Password.of("old"))));

    cache.offer(AccountName.parse("team").orElseThrow(), old, TICK);
    cache.offer(AccountName.parse("gone").orElseThrow(), old, TICK);

    assertThat(accepts("team", "old")).isFalse();
    assertThat(find("gone", "old")).isEmpty();
  }

  @Test
  void invalidate_namespaceWithoutCredentials_isReadAgain() {
    assertThat(find("team", "secret")).isEmpty();
    delegate.store("team", "secret");

    cache.invalidate(AccountName.parse("team").orElseThrow());

    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void invalidateAll_everyNamespace_isReadAgain() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();
    assertThat(find("other", "any")).isEmpty();
    delegate.store("team", "new");
    delegate.store("other", "any");

    cache.invalidateAll();

    assertThat(accepts("team", "old")).isFalse();
    assertThat(accepts("other", "any")).isTrue();
  }

  @Test
  void find_deletedCredentials_areRefusedAfter30Seconds() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();

    delegate.delete("team");

    ticker.advance(FRESH);
    assertThat(find("team", "secret")).isEmpty();
  }

  @Test
  void find_deletedCredentials_areNeverServedInAnOutage() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.delete("team");
    ticker.advance(FRESH);
    assertThat(find("team", "secret")).isEmpty();

    delegate.fail();

    ticker.advance(REREAD.minus(TICK));
    assertThat(find("team", "secret")).isEmpty();
    ticker.advance(TICK);
    assertCannotTell("team", "secret");
  }

  @Test
  void find_attackWithWrongPasswords_readsAtMostOncePer2Seconds() {
    delegate.store("team", "secret");
    for (int i = 0; i < 200; i++) {
      assertThat(accepts("team", "wrong" + i)).isFalse();
      ticker.advance(REREAD.dividedBy(201));
    }
    // One that found no copy, and one for the copy that did not satisfy.
    assertReads(2);

    ticker.advance(REREAD);
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);
  }

  @Test
  void find_wrongPasswordsForLong_readOncePer2Seconds() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    for (int second = 0; second < 60; second++) {
      assertThat(accepts("team", "wrong")).isFalse();
      ticker.advance(Duration.ofSeconds(1));
    }

    assertReads(1 + 30);
  }

  @Test
  void find_goodPasswordAmidWrongOnes_needsNoRead() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "wrong")).isFalse();
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(2);

    assertThat(accepts("team", "secret")).isTrue();
    assertReads(2);
  }

  @Test
  void find_newPasswordWithin2SecondsOfAReread_worksAfterThem() {
    delegate.store("team", "old");
    assertThat(accepts("team", "wrong")).isFalse();
    assertThat(accepts("team", "wrong")).isFalse();
    delegate.store("team", "new");

    ticker.advance(REREAD.minus(TICK));
    assertThat(accepts("team", "new")).isFalse();
    ticker.advance(TICK);
    assertThat(accepts("team", "new")).isTrue();
  }

  @Test
  void find_newPasswordJustAfterACopyExpired_worksAtOnce() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();
    ticker.advance(FRESH);
    assertThat(accepts("team", "old")).isTrue();

    delegate.store("team", "new");

    assertThat(accepts("team", "new")).isTrue();
  }

  @Test
  void find_rereadJustBeforeTheCopyExpires_stillHoldsAfterIt() {
    cache = CachingCredentialStore.builder(delegate).ticker(ticker).freshFor(TICK).build();
    delegate.store("team", "secret");
    assertThat(accepts("team", "wrong")).isFalse();
    assertThat(accepts("team", "wrong")).isFalse();
    ticker.advance(TICK);
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);

    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);
  }

  @Test
  void find_outage_servesGoodCredentialsFor5Minutes() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.fail();

    ticker.advance(FRESH);
    assertThat(accepts("team", "secret")).isTrue();
    ticker.advance(STALE.minus(FRESH).minus(TICK));
    assertThat(accepts("team", "secret")).isTrue();
    ticker.advance(TICK);
    assertCannotTell("team", "secret");
  }

  @Test
  void find_outageWithoutCopy_saysThatItCannotTell() {
    delegate.fail();

    assertCannotTell("team", "secret");
  }

  @Test
  void find_mismatchInAnOutage_saysThatItCannotTellAndNeverWrong() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.fail();

    assertCannotTell("team", "new");
    assertCannotTell("team", "new");
    ticker.advance(FRESH);
    assertCannotTell("team", "new");
    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_failedRead_isNotTriedAgainFor2Seconds() {
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    delegate.fail();
    ticker.advance(FRESH);
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(2);

    ticker.advance(REREAD.minus(TICK));
    assertThat(accepts("team", "secret")).isTrue();
    assertCannotTell("team", "wrong");
    assertReads(2);

    ticker.advance(TICK);
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(3);
  }

  @Test
  void find_failedReadOfAnUnknownName_isNotTriedAgainFor2Seconds() {
    delegate.fail();
    assertCannotTell("team", "secret");
    assertReads(1);

    ticker.advance(REREAD.minus(TICK));
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("team", "secret"))
        .withMessage("The credentials of team could not be read a moment ago");
    assertReads(1);

    delegate.store("team", "secret");
    delegate.recover();
    ticker.advance(TICK);
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(2);
  }

  @Test
  void find_afterAnOutage_isReadAgain() {
    delegate.store("team", "old");
    assertThat(accepts("team", "old")).isTrue();
    delegate.fail();
    ticker.advance(FRESH);
    assertThat(accepts("team", "old")).isTrue();

    delegate.store("team", "new");
    delegate.recover();
    ticker.advance(REREAD);

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void find_unknownNamespace_isRememberedFor10Seconds() {
    assertThat(find("team", "secret")).isEmpty();
    delegate.store("team", "secret");

    ticker.advance(NEGATIVE.minus(TICK));
    assertThat(find("team", "secret")).isEmpty();
    assertReads(1);
    ticker.advance(TICK);
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(2);
  }

  @Test
  void find_attackWithRandomNamespaces_pushesNoTenantOut() {
    cache =
        CachingCredentialStore.builder(delegate)
            .ticker(ticker)
            .maxAccounts(5000, 10)
            .maxReadsPerSecond(1_000_000)
            .build();
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();

    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 1000; i++) {
        assertThat(find("random-" + i, "secret")).isEmpty();
      }
    }
    // So few are remembered that nearly each is read in each round.
    assertThat(delegate.reads().size()).isBetween(1980, 2001);

    assertThat(accepts("team", "secret")).isTrue();
    assertThat(Collections.frequency(delegate.reads(), AccountName.parse("team").orElseThrow()))
        .isEqualTo(1);
  }

  @Test
  void find_moreTenantsThanRemembered_areReadAgain() {
    cache =
        CachingCredentialStore.builder(delegate)
            .ticker(ticker)
            .maxAccounts(10, 5000)
            .maxReadsPerSecond(1_000_000)
            .build();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 1000; i++) {
        delegate.store("team-" + i, "secret");
        assertThat(accepts("team-" + i, "secret")).isTrue();
      }
    }

    assertThat(delegate.reads().size()).isBetween(1980, 2000);
  }

  @Test
  void find_zeroStaleTime_stillUsesFreshCopiesAndNoOthers() {
    cache = CachingCredentialStore.builder(delegate).ticker(ticker).staleFor(Duration.ZERO).build();
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(1);

    delegate.fail();
    ticker.advance(FRESH);
    assertCannotTell("team", "secret");
  }

  @Test
  void find_zeroFreshTime_readsEachTimeAndServesInAnOutage() {
    cache = CachingCredentialStore.builder(delegate).ticker(ticker).freshFor(Duration.ZERO).build();
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(2);

    delegate.fail();
    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_otherTimes_areKept() {
    cache =
        CachingCredentialStore.builder(delegate)
            .ticker(ticker)
            .negativeFor(Duration.ofSeconds(3))
            .rereadInterval(Duration.ofSeconds(7))
            .build();
    assertThat(find("team", "secret")).isEmpty();
    ticker.advance(Duration.ofSeconds(3));
    delegate.store("team", "secret");
    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);

    ticker.advance(Duration.ofSeconds(7).minus(TICK));
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(3);
    ticker.advance(TICK);
    assertThat(accepts("team", "wrong")).isFalse();
    assertReads(4);
  }

  @Test
  void find_exceptionOfTheStore_isPassedOn() {
    delegate.fail();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("team", "secret"))
        .withMessage("The store is down");
  }

  @Test
  void find_anyOtherException_becomesCannotTell() {
    RuntimeException cause = new IllegalStateException("broken");
    delegate.failWith(
        () -> {
          throw cause;
        });

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("team", "secret"))
        .withMessage("Reading the credentials of team")
        .withCause(cause);
  }

  @Test
  void find_errorOfTheStore_isPassedOnAndTheNextRequestReads() {
    delegate.failWith(
        () -> {
          throw new LinkageError("broken");
        });
    assertThatExceptionOfType(LinkageError.class).isThrownBy(() -> find("team", "secret"));

    delegate.store("team", "secret");
    delegate.recover();
    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_withoutTicker_usesElapsedTime() {
    cache = CachingCredentialStore.builder(delegate).build();
    delegate.store("team", "secret");

    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "secret")).isTrue();
    assertReads(1);
  }

  @Test
  void builder_negativeTime_isRefused() {
    Duration negative = TICK.negated();
    CachingCredentialStore.Builder builder = CachingCredentialStore.builder(delegate);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.freshFor(negative))
        .withMessage("freshFor is PT-0.000000001S; it must not be negative");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.staleFor(negative));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.negativeFor(negative));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.rereadInterval(negative));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxWait(negative));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1})
  void builder_noRoomForNamespaces_isRefused(long none) {
    CachingCredentialStore.Builder builder = CachingCredentialStore.builder(delegate);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxAccounts(none, 1))
        .withMessage("maxAccounts takes positive numbers");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxAccounts(1, none));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxWaiting((int) none, 1))
        .withMessage("maxWaiting takes positive numbers");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxWaiting(1, (int) none));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxReadsPerSecond((double) none))
        .withMessage("maxReadsPerSecond takes a positive number");
  }

  private Optional<StoredCredentials> find(String namespace, String password) {
    Credentials presented = new Credentials(namespace, Password.of(password));
    return cache.find(
        new CredentialLookup(
            AccountName.parse(namespace).orElseThrow(),
            stored -> stored.accept(presented, Instant.EPOCH)));
  }

  private boolean accepts(String namespace, String password) {
    Credentials presented = new Credentials(namespace, Password.of(password));
    return find(namespace, password).orElseThrow().accept(presented, Instant.EPOCH);
  }

  private void assertCannotTell(String namespace, String password) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find(namespace, password));
  }

  private void assertReads(int count) {
    assertThat(delegate.reads())
        .isEqualTo(Collections.nCopies(count, AccountName.parse("team").orElseThrow()));
  }
}
