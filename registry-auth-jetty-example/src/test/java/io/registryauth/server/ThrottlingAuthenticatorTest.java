// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.util.concurrent.Uninterruptibles;
import io.github.bucket4j.TimeMeter;
import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.credential.AuthenticationResult.Throttled;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThrottlingAuthenticatorTest {
  private static final String HERE = "192.0.2.7";
  private static final int ATTEMPTS = 6;

  private final AtomicLong nanoseconds = new AtomicLong(-5);
  private final AtomicInteger looks = new AtomicInteger();
  private final InMemoryCredentialStore store =
      new InMemoryCredentialStore().put("team", "secret").put("other", "other-secret");
  private final Authenticator authenticator = over(new CredentialStoreAuthenticator(store));

  private Authenticator over(Authenticator delegate) {
    return new ThrottlingAuthenticator(
        request -> {
          looks.incrementAndGet();
          return delegate.authenticate(request);
        },
        ATTEMPTS,
        new TimeMeter() {
          @Override
          public long currentTimeNanos() {
            return nanoseconds.get();
          }

          @Override
          public boolean isWallClockBased() {
            return false;
          }
        });
  }

  private AuthenticationResult authenticate(String address, String username, String password) {
    Credentials credentials = new Credentials(username, Password.of(password));
    return authenticator.authenticate(new AuthenticationRequest(credentials, address));
  }

  private void fail(int times, String address, String username) {
    for (int i = 0; i < times; i++) {
      assertThat(authenticate(address, username, "wrong-" + i)).isInstanceOf(Refused.class);
    }
  }

  @Test
  void wrongPasswords_oneMoreThanThereAre_isNotLookedAt() {
    fail(ATTEMPTS, HERE, "team");

    assertThat(authenticate(HERE, "team", "wrong"))
        .isEqualTo(new Throttled(Duration.ofSeconds(10)));
    assertThat(looks).hasValue(ATTEMPTS);
  }

  @Test
  void time_whileNobodyTries_givesTheAttemptsBackOneByOne() {
    fail(ATTEMPTS, HERE, "team");

    nanoseconds.addAndGet(Duration.ofSeconds(10).toNanos() - 1);
    assertThat(authenticate(HERE, "team", "wrong")).isEqualTo(new Throttled(Duration.ofNanos(1)));
    nanoseconds.incrementAndGet();
    fail(1, HERE, "team");
    assertThat(authenticate(HERE, "team", "wrong")).isInstanceOf(Throttled.class);
    nanoseconds.addAndGet(Duration.ofMinutes(5).toNanos());
    fail(ATTEMPTS, HERE, "team");
    assertThat(authenticate(HERE, "team", "wrong")).isInstanceOf(Throttled.class);
  }

  /** Each was looked at before the first was counted; they are paid for all the same. */
  @Test
  void attack_manyAtOnce_haveToWaitForAllOfThem() throws Exception {
    int many = 4 * ATTEMPTS;
    CountDownLatch inside = new CountDownLatch(many);
    Authenticator slow =
        over(
            request -> {
              inside.countDown();
              boolean unused =
                  Uninterruptibles.awaitUninterruptibly(inside, Duration.ofSeconds(30));
              return new Refused("wrong-password", Optional.empty());
            });
    AuthenticationRequest guess =
        new AuthenticationRequest(new Credentials("team", Password.of("guess")), HERE);
    ExecutorService threads = Executors.newFixedThreadPool(many);
    try {
      List<Future<AuthenticationResult>> results =
          threads.invokeAll(Collections.nCopies(many, () -> slow.authenticate(guess)));
      for (Future<AuthenticationResult> result : results) {
        assertThat(result.get()).isInstanceOf(Refused.class);
      }
    } finally {
      threads.shutdownNow();
    }

    nanoseconds.addAndGet(Duration.ofMinutes(3).toNanos());
    assertThat(slow.authenticate(guess)).isInstanceOf(Throttled.class);
    nanoseconds.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(slow.authenticate(guess)).isInstanceOf(Refused.class);
  }

  /** All tenants of a large cluster may stand behind one address. */
  @Test
  void goodCredentials_ofAHundredThousandTenants_allPass() {
    int many = 100_000;
    for (int i = 0; i < many; i++) {
      store.put("many-" + i, "secret-" + i);
      assertThat(authenticate(HERE, "many-" + i, "secret-" + i)).isInstanceOf(Authenticated.class);
    }
    for (int i = 0; i < 10 * ATTEMPTS; i++) {
      fail(1, HERE, "nobody-" + i);
    }
    assertThat(authenticate(HERE, "another", "any")).isInstanceOf(Throttled.class);

    for (int i = 0; i < many; i++) {
      assertThat(authenticate(HERE, "many-" + i, "secret-" + i)).isInstanceOf(Authenticated.class);
    }
  }

  @Test
  void goodCredentials_knownAtTheAddress_passWhatEverOthersThereTry() {
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    fail(ATTEMPTS, HERE, "team");
    assertThat(authenticate(HERE, "team", "wrong")).isInstanceOf(Throttled.class);

    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    assertThat(authenticate(HERE, "team", "secret ")).isInstanceOf(Throttled.class);
  }

  /** Or who guesses from elsewhere could guess as often as they like. */
  @Test
  void goodCredentials_knownAtAnotherAddress_areNotKnownHere() {
    assertThat(authenticate("192.0.2.8", "team", "secret")).isInstanceOf(Authenticated.class);
    fail(ATTEMPTS, HERE, "team");

    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Throttled.class);
    assertThat(authenticate("192.0.2.8", "team", "secret")).isInstanceOf(Authenticated.class);
  }

  @Test
  void goodCredentials_thatAreGoodNoLonger_areForgotten() {
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    fail(ATTEMPTS, HERE, "team");
    store.put("team", "rotated");

    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Refused.class);
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Throttled.class);
  }

  @Test
  void goodCredentials_everSoMany_countAsNothing() {
    for (int i = 0; i < 100; i++) {
      assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    }

    fail(ATTEMPTS, HERE, "team");
  }

  @Test
  void otherNamespace_atTheSameAddress_hasAttemptsOfItsOwn() {
    fail(ATTEMPTS, HERE, "team");

    assertThat(authenticate(HERE, "other", "other-secret")).isInstanceOf(Authenticated.class);
    fail(ATTEMPTS, HERE, "other");
  }

  @Test
  void otherAddress_forTheSameNamespace_hasAttemptsOfItsOwn() {
    fail(ATTEMPTS, HERE, "team");

    assertThat(authenticate("192.0.2.8", "team", "secret")).isInstanceOf(Authenticated.class);
  }

  /** Accounts can be invented without end. */
  @Test
  void attack_manyAccountsOfANamespace_shareItsAttempts() {
    for (int i = 0; i < ATTEMPTS; i++) {
      fail(1, HERE, "team+account-" + i);
    }

    assertThat(authenticate(HERE, "team+another", "wrong")).isInstanceOf(Throttled.class);
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Throttled.class);
  }

  @Test
  void attack_namesThatAreNone_shareOnePlace() {
    for (int i = 0; i < ATTEMPTS; i++) {
      fail(1, HERE, "No Name " + i);
    }

    assertThat(authenticate(HERE, "Another", "wrong")).isInstanceOf(Throttled.class);
    fail(1, HERE, "team");
  }

  @Test
  void attack_manyNames_useUpTheAttemptsOfTheAddress() {
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    for (int i = 0; i < 10 * ATTEMPTS; i++) {
      fail(1, HERE, "nobody-" + i);
    }

    assertThat(authenticate(HERE, "somebody", "wrong"))
        .isEqualTo(new Throttled(Duration.ofSeconds(10).dividedBy(10 * ATTEMPTS)));
    assertThat(authenticate(HERE, "other", "other-secret"))
        .as("whether it exists makes no difference")
        .isInstanceOf(Throttled.class);
    assertThat(authenticate(HERE, "team", "secret")).isInstanceOf(Authenticated.class);
    assertThat(authenticate("192.0.2.8", "somebody", "wrong")).isInstanceOf(Refused.class);
  }

  @ParameterizedTest
  @CsvSource({
    "2001:db8::1, 2001:db8::ffff:1, true",
    "[2001:db8::1], 2001:db8:0:0:9:9:9:9, true",
    "2001:db8::1, 2001:db8:0:1::1, false",
    "192.0.2.7, 192.0.2.8, false",
    "'', '', true"
  })
  void attack_addressesOfOneIpv6Network_shareItsAttempts(String one, String other, boolean same) {
    fail(ATTEMPTS, one, "team");

    assertThat(authenticate(other, "team", "wrong"))
        .isInstanceOf(same ? Throttled.class : Refused.class);
  }

  @Test
  void failureToTell_countsAsNothing() {
    Authenticator failing =
        over(
            request -> {
              throw new CredentialStoreException("down");
            });
    AuthenticationRequest request =
        new AuthenticationRequest(new Credentials("team", Password.of("secret")), HERE);

    for (int i = 0; i < 2 * ATTEMPTS; i++) {
      assertThatExceptionOfType(CredentialStoreException.class)
          .isThrownBy(() -> failing.authenticate(request));
    }
  }

  @Test
  void attack_moreAddressesThanAreRemembered_pushOutTheOldestAlone() {
    fail(ATTEMPTS, HERE, "team");
    for (int i = 0; i < 20_000; i++) {
      fail(1, "10.1." + (i >> 8) + "." + (i & 255), "team");
    }
    fail(ATTEMPTS, "192.0.2.9", "team");

    assertThat(authenticate("192.0.2.9", "team", "wrong")).isInstanceOf(Throttled.class);
    assertThat(authenticate(HERE, "team", "wrong")).isInstanceOf(Refused.class);
  }
}
