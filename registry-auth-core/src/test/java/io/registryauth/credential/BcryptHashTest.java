// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a check costs; {@link StoredPasswordTest} has what it finds. */
@Timeout(120)
class BcryptHashTest {
  private static final int COST = 10;

  private final BcryptHash hash = hashOf("secret", COST);

  @Test
  void verifies_samePasswordAgain_costsNothing() {
    long first = nanos(() -> hash.verifies(Password.of("secret")));
    long again = 0;
    for (int i = 0; i < 100; i++) {
      again += nanos(() -> hash.verifies(Password.of("secret")));
    }

    // A hundred computations would take a hundred times as long, on a machine of any speed.
    assertThat(again).isLessThan(10 * first);
  }

  @Test
  void verifies_sameWrongPasswordAgain_costsNothing() {
    long first = nanos(() -> hash.verifies(Password.of("wrong")));
    long again = 0;
    for (int i = 0; i < 100; i++) {
      again += nanos(() -> hash.verifies(Password.of("wrong")));
    }

    assertThat(again).isLessThan(10 * first);
  }

  /** The other one's password has not been checked before: it has to wait for its turn. */
  @Test
  void attack_manyWrongPasswordsAtOnce_areTurnedAwayAndHoldUpNoOther() throws Exception {
    BcryptHash attacked = hashOf("s", BcryptHash.MAX_COST);
    ExecutorService clients = Executors.newFixedThreadPool(100);
    try {
      List<Future<Object>> attempts =
          IntStream.range(0, 100)
              .mapToObj(i -> clients.submit(attempt(attacked, "wrong" + i)))
              .toList();

      for (int i = 0; i < 5; i++) {
        assertThat(hashOf("secret", 4).verifies(Password.of("secret"))).isTrue();
      }
      int turnedAway = 0;
      for (Future<Object> attempt : attempts) {
        assertThat(attempt.get()).isNotEqualTo(true);
        turnedAway += attempt.get() instanceof CredentialStoreException ? 1 : 0;
      }
      assertThat(turnedAway).isPositive();
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void verifies_samePasswordFromManyAtOnce_isComputedForAllOfThem() throws Exception {
    BcryptHash slow = hashOf("secret", BcryptHash.MAX_COST);
    ExecutorService clients = Executors.newFixedThreadPool(10);
    try {
      List<Future<Object>> attempts =
          IntStream.range(0, 10).mapToObj(i -> clients.submit(attempt(slow, "secret"))).toList();
      for (Future<Object> attempt : attempts) {
        assertThat(attempt.get()).isEqualTo(true);
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void attack_moreWrongPasswordsThanAreRemembered_doNotPushOutTheRightOne() {
    assertThat(hash.verifies(Password.of("secret"))).isTrue();
    BcryptHash cheap = hashOf("s", 4);
    for (int i = 0; i < 2000; i++) {
      assertThat(cheap.verifies(Password.of("wrong" + i))).isFalse();
    }
    long computed = nanos(() -> hash.verifies(Password.of("never tried")));

    assertThat(nanos(() -> hash.verifies(Password.of("secret")))).isLessThan(computed / 2);
  }

  private static BcryptHash hashOf(String password, int cost) {
    return new BcryptHash(BCrypt.withDefaults().hashToString(cost, password.toCharArray()));
  }

  private static Callable<Object> attempt(BcryptHash hash, String password) {
    return () -> {
      try {
        return hash.verifies(Password.of(password));
      } catch (CredentialStoreException e) {
        return e;
      }
    };
  }

  private static long nanos(Callable<Boolean> work) {
    long began = System.nanoTime();
    try {
      assertThat(work.call()).isNotNull();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return Duration.ofNanos(System.nanoTime() - began).toNanos();
  }
}
