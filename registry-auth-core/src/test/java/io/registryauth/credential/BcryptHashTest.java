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

  private final BcryptHash hash =
      new BcryptHash(BCrypt.withDefaults().hashToString(COST, "secret".toCharArray()));

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

  @Test
  void attack_manyWrongPasswordsAtOnce_areTurnedAwayAndLeaveOthersAlone() throws Exception {
    BcryptHash slow = new BcryptHash(BCrypt.withDefaults().hashToString(13, "s".toCharArray()));
    assertThat(hash.verifies(Password.of("secret"))).isTrue();
    ExecutorService clients = Executors.newFixedThreadPool(100);
    try {
      List<Future<Object>> attempts =
          IntStream.range(0, 100)
              .mapToObj(i -> clients.submit(attempt(slow, "wrong" + i)))
              .toList();

      assertThat(hash.verifies(Password.of("secret"))).as("another, known password").isTrue();
      int turnedAway = 0;
      for (Future<Object> attempt : attempts) {
        if (attempt.get() instanceof CredentialStoreException) {
          turnedAway++;
        } else {
          assertThat(attempt.get()).isEqualTo(false);
        }
      }
      // 32 may wait; with few processors some of those do not get their turn either.
      assertThat(turnedAway).isGreaterThanOrEqualTo(100 - 32 - 32);
    } finally {
      clients.shutdownNow();
    }
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
