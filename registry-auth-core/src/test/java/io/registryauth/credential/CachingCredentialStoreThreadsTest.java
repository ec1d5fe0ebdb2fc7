// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.collect.ConcurrentHashMultiset;
import com.google.common.collect.Multiset;
import io.registryauth.tenant.AccountName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many requests at once: one reads, the others wait for it. */
@Timeout(30)
class CachingCredentialStoreThreadsTest {
  private static final AccountName TEAM = AccountName.parse("team").orElseThrow();
  private static final Duration FRESH = Duration.ofSeconds(30);

  private final FakeTicker ticker = new FakeTicker(0);
  private final FakeCredentialStore stored = new FakeCredentialStore();
  private final CountDownLatch firstReadBegan = new CountDownLatch(1);
  private final CountDownLatch firstReadMayEnd = new CountDownLatch(1);

  /** Finds what is stored when the read begins, and lets the first read end when it may. */
  private final CredentialStore slow =
      lookup -> {
        Optional<StoredCredentials> found = stored.find(lookup);
        if (stored.reads().size() == 1) {
          firstReadBegan.countDown();
          await(firstReadMayEnd);
        }
        return found;
      };

  private final CachingCredentialStore cache =
      CachingCredentialStore.builder(slow).ticker(ticker).build();

  @Test
  void find_manyAtOnce_readOnce() throws InterruptedException {
    stored.store("team", "secret");
    Request first = begin(cache, "secret");
    firstReadBegan.await();
    List<Request> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(begin(cache, "secret"));
    }
    others.forEach(Request::awaitWaiting);

    firstReadMayEnd.countDown();

    assertThat(first.accepted()).isTrue();
    assertThat(others).allMatch(Request::accepted);
    assertThat(stored.reads()).hasSize(1);
  }

  @Test
  void find_otherNamespace_doesNotWait() throws InterruptedException {
    stored.store("team", "secret");
    Request first = begin(cache, "secret");
    firstReadBegan.await();

    assertThat(cache.find(CredentialLookup.of(AccountName.parse("other").orElseThrow()))).isEmpty();

    firstReadMayEnd.countDown();
    assertThat(first.accepted()).isTrue();
  }

  /** The password was stored after the read began: that read cannot know it. */
  @Test
  void find_waitedForAnOlderRead_asksAgain() throws InterruptedException {
    stored.store("team", "old");
    Request first = begin(cache, "old");
    firstReadBegan.await();
    stored.store("team", "new");
    Request second = begin(cache, "new");
    second.awaitWaiting();

    firstReadMayEnd.countDown();

    assertThat(second.accepted()).isTrue();
    assertThat(first.accepted()).isTrue();
    assertThat(stored.reads()).hasSize(2);
  }

  @Test
  void find_severalWaitedForAnOlderRead_askAgainTogether() throws InterruptedException {
    stored.store("team", "old");
    Request first = begin(cache, "old");
    firstReadBegan.await();
    ticker.advance(Duration.ofSeconds(1));
    stored.store("team", "new");
    List<Request> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(begin(cache, "new"));
    }
    others.forEach(Request::awaitWaiting);

    ticker.advance(Duration.ofSeconds(1));
    firstReadMayEnd.countDown();

    assertThat(first.accepted()).isTrue();
    assertThat(others).allMatch(Request::accepted);
    assertThat(stored.reads()).hasSize(2);
  }

  /** Without fresh copies, it is the read alone that can answer those who waited for it. */
  @Test
  void find_waitedForAYoungerRead_takesWhatItBrings() throws InterruptedException {
    stored.store("team", "secret");
    ConcurrentHashMultiset<Thread> looks = ConcurrentHashMultiset.create();
    CountDownLatch secondReadMayEnd = new CountDownLatch(1);
    CachingCredentialStore unfresh =
        CachingCredentialStore.builder(
                lookup -> {
                  Optional<StoredCredentials> found = slow.find(lookup);
                  if (stored.reads().size() == 2) {
                    await(secondReadMayEnd);
                  }
                  return found;
                })
            .ticker(
                () -> {
                  looks.add(Thread.currentThread());
                  return ticker.getAsLong();
                })
            .freshFor(Duration.ZERO)
            .staleFor(Duration.ZERO)
            .maxReadsPerSecond(1_000_000) // nobody waits for a turn, only for the read
            .build();
    Request first = begin(unfresh, "secret");
    firstReadBegan.await();
    ticker.advance(Duration.ofSeconds(1));
    List<Request> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(begin(unfresh, "secret"));
    }
    others.forEach(Request::awaitWaiting);

    ticker.advance(Duration.ofSeconds(1));
    firstReadMayEnd.countDown();
    // Each looked at the time on arrival, and twice for the first read and for the second.
    others.forEach(request -> request.awaitLooks(looks, 5));
    secondReadMayEnd.countDown();

    assertThat(first.accepted()).isTrue();
    assertThat(others).allMatch(Request::accepted);
    assertThat(stored.reads()).hasSize(2);
  }

  @Test
  void find_wrongPasswordsThatWaited_askAgainOnlyOnce() throws InterruptedException {
    stored.store("team", "secret");
    Request first = begin(cache, "wrong");
    firstReadBegan.await();
    ticker.advance(Duration.ofSeconds(1));
    List<Request> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(begin(cache, "wrong"));
    }
    others.forEach(Request::awaitWaiting);

    ticker.advance(Duration.ofSeconds(1));
    firstReadMayEnd.countDown();

    assertThat(first.accepted()).isFalse();
    assertThat(others).noneMatch(Request::accepted);
    assertThat(stored.reads()).hasSize(2);
  }

  @Test
  void find_failedRead_failsThoseWhoWaited() throws InterruptedException {
    CachingCredentialStore failing =
        CachingCredentialStore.builder(
                lookup -> {
                  firstReadBegan.countDown();
                  await(firstReadMayEnd);
                  throw new IllegalStateException("broken");
                })
            .ticker(ticker)
            .build();
    Request first = begin(failing, "secret");
    firstReadBegan.await();
    Request second = begin(failing, "secret");
    second.awaitWaiting();

    firstReadMayEnd.countDown();

    assertThat(first.failure())
        .isInstanceOf(CredentialStoreException.class)
        .hasMessage("Reading the credentials of team");
    assertThat(second.failure())
        .isInstanceOf(CredentialStoreException.class)
        .hasMessage("Waiting for the credentials of team")
        .hasRootCauseMessage("broken");
  }

  @Test
  void find_errorInTheRead_leavesNobodyWaiting() throws InterruptedException {
    CachingCredentialStore failing =
        CachingCredentialStore.builder(
                lookup -> {
                  firstReadBegan.countDown();
                  await(firstReadMayEnd);
                  throw new LinkageError("broken");
                })
            .ticker(ticker)
            .build();
    Request first = begin(failing, "secret");
    firstReadBegan.await();
    Request second = begin(failing, "secret");
    second.awaitWaiting();

    firstReadMayEnd.countDown();

    assertThat(first.failure()).isInstanceOf(LinkageError.class);
    assertThat(second.failure()).isInstanceOf(CredentialStoreException.class);
  }

  @Test
  void find_readThatTakesTooLong_isNotWaitedFor() throws InterruptedException {
    stored.store("team", "secret");
    CachingCredentialStore impatient =
        CachingCredentialStore.builder(slow).ticker(ticker).maxWait(Duration.ofMillis(1)).build();
    Request first = begin(impatient, "secret");
    firstReadBegan.await();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> impatient.find(CredentialLookup.of(TEAM)))
        .withMessage("Waiting for the credentials of team")
        .withCauseInstanceOf(TimeoutException.class);
    assertThatExceptionOfType(CredentialStoreException.class)
        .as("a store that hangs is not waited for again")
        .isThrownBy(() -> impatient.find(CredentialLookup.of(TEAM)))
        .withMessage("The credentials of team could not be read a moment ago");

    firstReadMayEnd.countDown();
    assertThat(first.accepted()).isTrue();
  }

  @Test
  void find_slowRereadOfAnOldCopy_servesTheCopyToThoseWhoWaited() throws InterruptedException {
    stored.store("team", "secret");
    CountDownLatch secondReadBegan = new CountDownLatch(1);
    CountDownLatch secondReadMayEnd = new CountDownLatch(1);
    CachingCredentialStore impatient =
        CachingCredentialStore.builder(
                lookup -> {
                  Optional<StoredCredentials> found = stored.find(lookup);
                  if (stored.reads().size() == 2) {
                    secondReadBegan.countDown();
                    await(secondReadMayEnd);
                  }
                  return found;
                })
            .ticker(ticker)
            .maxWait(Duration.ofMillis(1))
            .build();
    assertThat(impatient.find(CredentialLookup.of(TEAM))).isPresent();
    ticker.advance(FRESH);
    Request reader = begin(impatient, "secret");
    secondReadBegan.await();

    assertThat(impatient.find(CredentialLookup.of(TEAM))).isPresent();
    assertThat(stored.reads()).hasSize(2);

    secondReadMayEnd.countDown();
    assertThat(reader.accepted()).isTrue();
  }

  @Test
  void attack_manyWrongPasswordsWhileTheStoreHangs_areTurnedAwayAtOnce() throws Exception {
    stored.store("team", "secret");
    CachingCredentialStore narrow =
        CachingCredentialStore.builder(slow).ticker(ticker).maxWaiting(2, 3).build();
    Request reader = begin(narrow, "wrong");
    firstReadBegan.await();
    Request waiter = begin(narrow, "wrong");
    waiter.awaitWaiting();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> narrow.find(CredentialLookup.of(TEAM)))
        .withMessage("Too many requests wait for the same credentials");
    assertThat(narrow.find(CredentialLookup.of(AccountName.parse("other").orElseThrow())))
        .as("another namespace goes on")
        .isEmpty();

    firstReadMayEnd.countDown();
    assertThat(reader.accepted()).isFalse();
    assertThat(waiter.accepted()).isFalse();
  }

  @Test
  void attack_wrongPasswordsThatWait_holdUpNobodyWithAnOldCopy() throws Exception {
    stored.store("team", "secret");
    CountDownLatch rereadBegan = new CountDownLatch(1);
    CountDownLatch rereadMayEnd = new CountDownLatch(1);
    CachingCredentialStore narrow =
        CachingCredentialStore.builder(
                lookup -> {
                  if (stored.reads().size() == 1) {
                    rereadBegan.countDown();
                    await(rereadMayEnd);
                  }
                  return stored.find(lookup);
                })
            .ticker(ticker)
            .maxWaiting(1, 1)
            .build();
    assertThat(narrow.find(CredentialLookup.of(TEAM))).isPresent();
    ticker.advance(FRESH);
    Request attacker = begin(narrow, "wrong");
    rereadBegan.await();

    assertThat(narrow.find(CredentialLookup.of(TEAM))).as("after a second of waiting").isPresent();

    rereadMayEnd.countDown();
    assertThat(attacker.accepted()).isFalse();
  }

  /** Names that nobody has are without end; a tenant with a new password needs a read, too. */
  @Test
  void attack_newNamesThatWait_holdUpNoNewPassword() throws Exception {
    stored.store("team", "old");
    CountDownLatch readBegan = new CountDownLatch(1);
    CountDownLatch readMayEnd = new CountDownLatch(1);
    AccountName unknown = AccountName.parse("nobody").orElseThrow();
    CachingCredentialStore narrow =
        CachingCredentialStore.builder(
                lookup -> {
                  if (lookup.account().equals(unknown)) {
                    readBegan.countDown();
                    await(readMayEnd);
                  }
                  return stored.find(lookup);
                })
            .ticker(ticker)
            .maxWaiting(1, 1)
            .build();
    assertThat(begin(narrow, "old").accepted()).isTrue();
    stored.store("team", "new");
    Thread attacker =
        new Thread(() -> assertThat(narrow.find(CredentialLookup.of(unknown))).isEmpty());
    attacker.start();
    readBegan.await();

    assertThat(begin(narrow, "new").accepted()).isTrue();

    readMayEnd.countDown();
    attacker.join();
  }

  @Test
  void attack_moreNewNamesThanMayBeRead_areTurnedAwayAndKnownOnesAreNot() {
    stored.store("team", "secret");
    CachingCredentialStore slowly = withOneReadInVain();
    assertThat(slowly.find(CredentialLookup.of(TEAM))).isPresent();
    assertThat(slowly.find(CredentialLookup.of(account("nobody")))).isEmpty();

    assertTurnedAway(slowly, CredentialLookup.of(account("new")));
    ticker.advance(FRESH);
    assertThat(slowly.find(CredentialLookup.of(TEAM))).as("a refresh").isPresent();
    assertThat(stored.reads()).hasSize(3);
  }

  /** As after a start, or in a cluster where each namespace builds once an hour. */
  @Test
  void find_manyTenantsForTheFirstTime_areNotHeldBack() {
    CachingCredentialStore slowly = withOneReadInVain();
    for (int i = 0; i < 1000; i++) {
      stored.store("team-" + i, "secret");
      assertThat(slowly.find(lookup("team-" + i, "secret"))).isPresent();
    }
    assertThat(stored.reads()).hasSize(1000);
  }

  @Test
  void find_manyNewPasswords_areNotHeldBack() {
    CachingCredentialStore slowly = withOneReadInVain();
    for (int i = 0; i < 1000; i++) {
      stored.store("team-" + i, "old");
      assertThat(slowly.find(lookup("team-" + i, "old"))).isPresent();
    }
    for (int i = 0; i < 1000; i++) {
      stored.store("team-" + i, "new");
      assertThat(slowly.find(lookup("team-" + i, "new"))).isPresent();
    }
    assertThat(stored.reads()).hasSize(2000);
  }

  /** What is there and is not what was asked for is in vain as well: names can be guessed. */
  @Test
  void attack_wrongPasswordsForManyTenants_areTurnedAway() {
    CachingCredentialStore slowly = withOneReadInVain();
    stored.store("first", "secret");
    stored.store("second", "secret");
    assertThat(slowly.find(lookup("first", "wrong"))).isPresent();

    assertTurnedAway(slowly, lookup("second", "wrong"));
    assertThat(stored.reads()).hasSize(1);
  }

  /** Each turn that was given back is good for one read. */
  @Test
  void attack_newNamesAfterManyGoodReads_areTurnedAway() {
    CachingCredentialStore slowly = withOneReadInVain();
    for (int i = 0; i < 1000; i++) {
      stored.store("team-" + i, "secret");
      assertThat(slowly.find(lookup("team-" + i, "secret"))).isPresent();
    }
    assertThat(slowly.find(lookup("nobody", "any"))).isEmpty();

    assertTurnedAway(slowly, lookup("new", "any"));
  }

  /** Makes one that lets a read in vain begin at once, and the next after more than a minute. */
  private CachingCredentialStore withOneReadInVain() {
    return CachingCredentialStore.builder(stored).ticker(ticker).maxReadsPerSecond(0.01).build();
  }

  private static void assertTurnedAway(CachingCredentialStore store, CredentialLookup lookup) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> store.find(lookup))
        .withMessage("Too many credentials are being read");
  }

  private static AccountName account(String username) {
    return AccountName.parse(username).orElseThrow();
  }

  private static CredentialLookup lookup(String username, String password) {
    Credentials presented = new Credentials(username, Password.of(password));
    return new CredentialLookup(account(username), found -> found.accept(presented, Instant.EPOCH));
  }

  @Test
  void invalidate_whileAReadIsUnderWay_keepsItFromBeingRemembered() throws Exception {
    stored.store("team", "old");
    Request first = begin(cache, "old");
    firstReadBegan.await();

    stored.store("team", "new");
    cache.invalidate(TEAM);
    firstReadMayEnd.countDown();

    assertThat(first.accepted()).as("it was asked before").isTrue();
    assertThat(begin(cache, "old").accepted()).isFalse();
    assertThat(begin(cache, "new").accepted()).isTrue();
  }

  @Test
  void invalidateAll_whileAReadIsUnderWay_keepsItFromBeingRemembered() throws Exception {
    stored.store("team", "old");
    Request first = begin(cache, "old");
    firstReadBegan.await();

    stored.store("team", "new");
    cache.invalidateAll();
    firstReadMayEnd.countDown();

    assertThat(first.accepted()).isTrue();
    assertThat(begin(cache, "old").accepted()).isFalse();
  }

  @Test
  void find_interruptedWhileWaiting_saysThatItCannotTellAndStaysInterrupted()
      throws InterruptedException {
    stored.store("team", "secret");
    Request first = begin(cache, "secret");
    firstReadBegan.await();

    Thread.currentThread().interrupt();
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> cache.find(CredentialLookup.of(TEAM)))
        .withMessage("Waiting for the credentials of team")
        .withCauseInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();

    firstReadMayEnd.countDown();
    assertThat(first.accepted()).isTrue();
  }

  /** One request on a thread of its own. */
  private record Request(Thread thread, CompletableFuture<Boolean> outcome) {
    boolean accepted() {
      return outcome.join();
    }

    Throwable failure() {
      return outcome.handle((accepted, failure) -> failure).join();
    }

    /** Returns once the request waits for another's read. */
    void awaitWaiting() {
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        assertThat(outcome).isNotDone();
        Thread.onSpinWait();
      }
    }

    /** Returns once the request looked at the time so often, and then reads or waits. */
    void awaitLooks(Multiset<Thread> looks, int count) {
      Set<Thread.State> atRest = EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
      while (looks.count(thread) < count || !atRest.contains(thread.getState())) {
        assertThat(outcome).isNotDone();
        Thread.onSpinWait();
      }
    }
  }

  private static Request begin(CachingCredentialStore store, String password) {
    Credentials presented = new Credentials("team", Password.of(password));
    CompletableFuture<Boolean> outcome = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                CredentialLookup lookup =
                    new CredentialLookup(TEAM, s -> s.accept(presented, Instant.EPOCH));
                outcome.complete(store.find(lookup).orElseThrow().accept(presented, Instant.EPOCH));
              } catch (Throwable e) {
                outcome.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return new Request(thread, outcome);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
