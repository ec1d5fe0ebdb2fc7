// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static io.registryauth.key.TestKeys.pem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.common.base.Ticker;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResult;
import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import io.registryauth.scope.ResourceScope;
import io.registryauth.tenant.NamespaceName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class TokenReuseTest {
  private static final Instant START = Instant.parse("2025-09-30T17:18:17.900Z");
  private static final SigningKey OLD = TestKeys.signingKey();
  private static final SigningKey OF_THE_SAME_ID =
      SigningKey.fromPem(pem("ec-256.sec1.key"), pem("ec-256.crt"), KeyIdStyle.fixed(OLD.keyId()));
  private static final Grant GRANT = grant("team", "pull", "push");

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final AtomicReference<KeySet> keys = new AtomicReference<>(KeySet.of(OLD));
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return now.get();
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          throw new UnsupportedOperationException();
        }
      };
  private final TokenIssuer issuer = reusing(Duration.ofMinutes(1));

  private static Grant grant(String subject, String... actions) {
    Set<String> asked = new LinkedHashSet<>(List.of(actions));
    Access access =
        new ResourceScope("repository", "team/app", asked).narrowTo(asked).orElseThrow();
    return new Grant(subject, "docker-registry", List.of(access));
  }

  private TokenIssuer reusing(Duration time) {
    return TokenIssuer.builder(keys::get).clock(clock).reuse(time).build();
  }

  private void pass(long seconds) {
    now.set(now.get().plusSeconds(seconds));
  }

  @Test
  void issue_byDefault_makesEachTokenItsOwn() {
    TokenIssuer byDefault = TokenIssuer.builder(keys::get).clock(clock).build();

    assertThat(byDefault.issue(GRANT).tokenId()).isNotEqualTo(byDefault.issue(GRANT).tokenId());
    assertThat(byDefault.reusedTokens()).isZero();
  }

  @Test
  void issue_equalGrantSoonAfter_isTheSameToken_withTheTimeThatIsLeft() {
    IssuedToken first = issuer.issue(GRANT);
    pass(60);
    IssuedToken second = issuer.issue(grant("team", "pull", "push"));

    assertThat(second.value()).isEqualTo(first.value());
    assertThat(second.tokenId()).isEqualTo(first.tokenId());
    assertThat(second.keyId()).isEqualTo(first.keyId());
    assertThat(second.lifetime()).isEqualTo(Duration.ofMinutes(4));
    assertThat(second.issuedAt()).isEqualTo(first.issuedAt().plusSeconds(60));
    assertThat(issuer.reusedTokens()).isEqualTo(1);
  }

  @Test
  void issue_equalGrantLater_isAnotherToken_whichIsReusedInTurn() {
    IssuedToken first = issuer.issue(GRANT);
    pass(61);
    IssuedToken second = issuer.issue(GRANT);
    pass(30);
    IssuedToken third = issuer.issue(GRANT);

    assertThat(second.tokenId()).isNotEqualTo(first.tokenId());
    assertThat(second.lifetime()).isEqualTo(Duration.ofMinutes(5));
    assertThat(third.tokenId()).isEqualTo(second.tokenId());
  }

  @Test
  void attack_clockSetBack_bringsNoTokenBack() {
    IssuedToken first = issuer.issue(GRANT);
    pass(-1);
    IssuedToken second = issuer.issue(GRANT);
    pass(-3600);

    assertThat(second.tokenId()).isNotEqualTo(first.tokenId());
    assertThat(issuer.issue(GRANT).tokenId()).isNotIn(first.tokenId(), second.tokenId());
    assertThat(issuer.reusedTokens()).isZero();
  }

  @Test
  void issue_anyOtherGrant_isAnotherToken() {
    Instant end = START.plusSeconds(200);
    List<Grant> grants =
        List.of(
            GRANT,
            grant("team", "push", "pull"),
            grant("team", "pull"),
            grant("team+ci", "pull", "push"),
            new Grant("team", "another-service", GRANT.access()),
            new Grant("team", "docker-registry", List.of()),
            new Grant("team", "docker-registry", GRANT.access(), Optional.of(end)),
            new Grant("team", "docker-registry", GRANT.access(), Optional.of(end.plusSeconds(1))));

    assertThat(grants.stream().map(issuer::issue).map(IssuedToken::tokenId))
        .doesNotHaveDuplicates();
  }

  @Test
  void attack_tokenOfAKeyThatSignsNoMore_isNotGivenOut_thoughTheNextHasItsId() {
    IssuedToken first = issuer.issue(GRANT);
    keys.set(KeySet.of(OF_THE_SAME_ID));
    IssuedToken second = issuer.issue(GRANT);

    assertThat(second.keyId()).isEqualTo(first.keyId());
    assertThat(second.tokenId()).isNotEqualTo(first.tokenId());
    assertThat(issuer.issue(GRANT).value()).isEqualTo(second.value());
  }

  @Test
  void issue_sameKeyReadAgain_isTheSameToken() {
    keys.set(KeySet.of(key()));
    IssuedToken first = issuer.issue(GRANT);
    keys.set(KeySet.of(key()));

    assertThat(issuer.issue(GRANT).value()).isEqualTo(first.value());
  }

  @Test
  void issue_certificateThatIsRenewedForTheSameKey_isInTheNextToken() {
    keys.set(KeySet.of(rsaKey("rsa-2048.crt")));
    TokenIssuer sendsCertificates =
        TokenIssuer.builder(keys::get)
            .profile(TokenProfile.DISTRIBUTION_2_8)
            .clock(clock)
            .reuse(Duration.ofMinutes(1))
            .build();
    IssuedToken first = sendsCertificates.issue(GRANT);
    keys.set(KeySet.of(rsaKey("rsa-2048.chain.crt")));
    IssuedToken second = sendsCertificates.issue(GRANT);

    assertThat(keys.get().current().verificationKey()).isEqualTo(OLD.verificationKey());
    assertThat(header(first)).contains("\"x5c\":").isNotEqualTo(header(second));
    assertThat(second.tokenId()).isNotEqualTo(first.tokenId());
    assertThat(sendsCertificates.issue(GRANT).value()).isEqualTo(second.value());
  }

  private static SigningKey rsaKey(String certificate) {
    return SigningKey.fromPem(
        pem("rsa-2048.pkcs8.key"), pem(certificate), KeyIdStyle.fixed(OLD.keyId()));
  }

  private static String header(IssuedToken token) {
    String encoded = token.value().substring(0, token.value().indexOf('.'));
    return new String(Base64.getUrlDecoder().decode(encoded), UTF_8);
  }

  /** A client without credentials has no subject: what is public is the same for all of them. */
  @Test
  void issue_differentClientsWithoutCredentials_shareTheTokenOfAPublicNamespace() {
    TokenService service =
        TokenService.builder(
                issuer,
                request -> {
                  throw new AssertionError("There are no credentials to look at");
                })
            .authorizer(
                NamespaceAuthorizer.builder()
                    .publicNamespaces(List.of(new NamespaceName("team")))
                    .build())
            .build();
    TokenResult first = service.issue(anonymous("10.0.0.1", "team/app"));
    TokenResult second = service.issue(anonymous("10.0.0.2", "team/app"));
    TokenResult other = service.issue(anonymous("10.0.0.2", "team/other"));

    assertThat(tokenId(second)).isEqualTo(tokenId(first));
    assertThat(tokenId(other)).isNotEqualTo(tokenId(first));
    assertThat(issuer.issue(grant("team", "pull")).tokenId()).isNotEqualTo(tokenId(first));
  }

  private static TokenRequest anonymous(String address, String name) {
    return TokenRequest.builder()
        .clientAddress(address)
        .query("service=docker-registry&scope=repository:" + name + ":pull")
        .build();
  }

  private static String tokenId(TokenResult result) {
    return ((TokenResult.Issued) result).token().tokenId();
  }

  private static SigningKey key() {
    return SigningKey.fromPem(pem("ec-256.sec1.key"), pem("ec-256.crt"), KeyIdStyle.fixed("k"));
  }

  @Test
  void issue_credentialsThatEnd_isNotReusedBeyondTheirEnd() {
    Grant ending =
        new Grant("team", "docker-registry", GRANT.access(), Optional.of(START.plusSeconds(30)));
    IssuedToken first = issuer.issue(ending);
    pass(20);
    IssuedToken second = issuer.issue(ending);
    pass(10);
    IssuedToken third = issuer.issue(ending);

    assertThat(second.tokenId()).isEqualTo(first.tokenId());
    assertThat(second.lifetime()).isEqualTo(first.lifetime().minusSeconds(20));
    assertThat(third.tokenId()).isNotEqualTo(first.tokenId());
    assertThat(third.lifetime()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void equalGrants_thatComeAtOnce_areSignedOnce() throws Exception {
    TokenReuse reuse = TokenReuse.of(Duration.ofMinutes(1), Duration.ofMinutes(5)).orElseThrow();
    IssuedToken token = issuer.issue(GRANT);
    AtomicInteger signed = new AtomicInteger();
    CountDownLatch maySign = new CountDownLatch(1);
    Queue<IssuedToken> given = new ConcurrentLinkedQueue<>();
    List<Thread> jobs = new ArrayList<>();
    IntStream.range(0, 100)
        .forEach(
            i ->
                jobs.add(
                    new Thread(
                        () ->
                            given.add(
                                reuse.get(
                                    OLD,
                                    GRANT,
                                    this::seconds,
                                    () -> sign(token, signed, maySign))))));
    jobs.forEach(Thread::start);
    awaitWaiting(jobs);
    maySign.countDown();
    for (Thread job : jobs) {
      job.join();
    }

    assertThat(given).hasSize(100).containsOnly(token);
    assertThat(signed).hasValue(1);
    assertThat(reuse.reused()).isEqualTo(99);
  }

  @Test
  void signatureThatFails_whileOthersWaitForIt_failsForAllOfThem_andIsNotKept() throws Exception {
    TokenReuse reuse = TokenReuse.of(Duration.ofMinutes(1), Duration.ofMinutes(5)).orElseThrow();
    IssuedToken token = issuer.issue(GRANT);
    AtomicInteger signed = new AtomicInteger();
    CountDownLatch maySign = new CountDownLatch(1);
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    List<Thread> jobs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Thread job =
          new Thread(
              () -> {
                IssuedToken unused =
                    reuse.get(
                        OLD,
                        GRANT,
                        this::seconds,
                        () -> {
                          IssuedToken unsigned = sign(token, signed, maySign);
                          throw new IllegalStateException("No device for " + unsigned.tokenId());
                        });
              });
      job.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
      job.start();
      jobs.add(job);
    }
    awaitWaiting(jobs);
    maySign.countDown();
    for (Thread job : jobs) {
      job.join();
    }

    assertThat(failures)
        .hasSize(20)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("No device for " + token.tokenId()));
    assertThat(signed).hasValue(1);
    assertThat(reuse.reused()).isZero();
    assertThat(reuse.get(OLD, GRANT, this::seconds, () -> token)).isEqualTo(token);
  }

  /** A clock that stands still, or is set back to just after the signature, proves no age. */
  @Test
  void token_afterTheElapsedTime_isForgotten_whateverTheClockSays() {
    AtomicLong nanoseconds = new AtomicLong();
    Ticker ticker =
        new Ticker() {
          @Override
          public long read() {
            return nanoseconds.get();
          }
        };
    TokenReuse reuse =
        TokenReuse.of(Duration.ofMinutes(1), Duration.ofMinutes(5), ticker).orElseThrow();
    IssuedToken first = issuer.issue(GRANT);
    IssuedToken second = issuer.issue(grant("another", "pull"));
    assertThat(reuse.get(OLD, GRANT, this::seconds, () -> first)).isEqualTo(first);

    nanoseconds.set(Duration.ofSeconds(60).toNanos() - 1);
    assertThat(reuse.get(OLD, GRANT, this::seconds, () -> second)).isEqualTo(first);
    nanoseconds.set(Duration.ofSeconds(60).toNanos());
    assertThat(reuse.get(OLD, GRANT, this::seconds, () -> second)).isEqualTo(second);
  }

  private static void awaitWaiting(List<Thread> jobs) throws InterruptedException {
    for (Thread job : jobs) {
      while (job.getState() != Thread.State.WAITING) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }

  private Instant seconds() {
    return now.get().truncatedTo(ChronoUnit.SECONDS);
  }

  private static IssuedToken sign(IssuedToken token, AtomicInteger signed, CountDownLatch maySign) {
    signed.incrementAndGet();
    try {
      maySign.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return token;
  }

  @Test
  void signature_thatFails_isNotKept_andFailsAsItDid() {
    TokenReuse reuse = TokenReuse.of(Duration.ofMinutes(1), Duration.ofMinutes(5)).orElseThrow();
    IssuedToken token = issuer.issue(GRANT);
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                reuse.get(
                    OLD,
                    GRANT,
                    this::seconds,
                    () -> {
                      throw new IllegalStateException("The device is gone");
                    }))
        .withMessage("The device is gone");

    assertThat(reuse.get(OLD, GRANT, this::seconds, () -> token)).isEqualTo(token);
  }

  @Test
  void tokens_thatAreManyAndLong_areForgotten() {
    TokenReuse reuse = TokenReuse.of(Duration.ofMinutes(1), Duration.ofMinutes(5)).orElseThrow();
    AtomicInteger signed = new AtomicInteger();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 100; i++) {
        String text = "x".repeat(100_000);
        IssuedToken unused =
            reuse.get(
                OLD,
                grant("team" + i, "pull"),
                this::seconds,
                () -> {
                  signed.incrementAndGet();
                  return new IssuedToken(text, "id", "k", START, Duration.ofMinutes(5));
                });
      }
    }

    // 8 MiB are 41 of them, if they fall to the parts of the cache alike.
    assertThat(signed).hasValueBetween(159, 200);
  }

  @ParameterizedTest
  @CsvSource({
    "300, 300, 60",
    "300, 86400, 60",
    "86400, 300, 60",
    "120, 120, 24",
    "75, 75, 15",
    "60, 300, 0"
  })
  void time_beyondWhatTheLifetimesAllow_isRefused(int lifetime, int pushLifetime, int longest) {
    TokenIssuer.Builder builder =
        TokenIssuer.builder(OLD)
            .lifetime(Duration.ofSeconds(lifetime))
            .pushLifetime(Duration.ofSeconds(pushLifetime));
    assertThat(builder.reuse(Duration.ofSeconds(longest)).build()).isNotNull();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.reuse(Duration.ofSeconds(longest + 1)).build())
        .withMessageContaining((longest + 1) + ".0 s;")
        .withMessageEndingWith("valid are whole seconds from 0 (never) to " + longest + " s");
  }

  @ParameterizedTest
  @CsvSource({"-1000", "500", "1001"})
  void time_thatIsNegativeOrNotOfWholeSeconds_isRefused(int millis) {
    TokenIssuer.Builder builder = TokenIssuer.builder(OLD).reuse(Duration.ofMillis(millis));
    assertThatIllegalArgumentException().isThrownBy(builder::build).withMessageContaining("whole");
  }
}
