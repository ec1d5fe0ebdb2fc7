// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameStartingWith;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.bucket4j.TimeMeter;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResult;
import io.registryauth.TokenResult.Issued;
import io.registryauth.TokenResult.Rejected;
import io.registryauth.TokenService;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.token.IssuedToken;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The server's parts with one clock that is set, an hour forward or back, while elapsed time goes
 * on as it does: what is remembered and counted must not care, and what is signed or stored with a
 * time must.
 */
class ClockTest {
  private static final Instant START = Instant.parse("2026-11-25T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration REGISTRY_LEEWAY = Duration.ofSeconds(60);
  private static final int ATTEMPTS = 3;
  private static final String GOOD = "test-password-123";

  private Instant now = START;
  private long elapsed;
  private final InstantSource time = () -> now;
  private final Clock clock = time.withZone(ZoneOffset.UTC);

  /** What is stored of the tenant, and how often the store was read. */
  private final Map<String, String> stored =
      new HashMap<>(Map.of("username", "test-build", "password", GOOD));

  private int reads;
  private boolean down;

  @TempDir private Path directory;
  private SigningKeys keys;
  private CredentialStore cache;
  private TokenService service;

  @BeforeEach
  void start() throws Exception {
    TestCertificate pair = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    Files.writeString(directory.resolve("tls.key"), pair.pkcs8());
    Files.writeString(directory.resolve("tls.crt"), pair.certificatePem());
    keys =
        new SigningKeys(
            directory.resolve("tls.key").toString(),
            directory.resolve("tls.crt").toString(),
            KeyIdStyle.fixed("signer"),
            TokenProfile.DISTRIBUTION_3,
            UnaryOperator.identity(),
            time);
    cache = CachingCredentialStore.builder(this::find).ticker(() -> elapsed).build();
    service = service(Duration.ofDays(30));
  }

  @AfterEach
  void stop() {
    keys.close();
  }

  private TokenService service(Duration refreshLifetime) {
    return TokenService.builder(
            TokenIssuer.builder(keys).clock(clock).build(),
            new ThrottlingAuthenticator(
                new CredentialStoreAuthenticator(cache, clock), ATTEMPTS, ticker()))
        .refreshTokens(
            RefreshTokens.builder(keys, cache).clock(clock).lifetime(refreshLifetime).build())
        .build();
  }

  private TimeMeter ticker() {
    return new TimeMeter() {
      @Override
      public long currentTimeNanos() {
        return elapsed;
      }

      @Override
      public boolean isWallClockBased() {
        return false;
      }
    };
  }

  private Optional<StoredCredentials> find(CredentialLookup lookup) {
    reads++;
    if (down) {
      throw new CredentialStoreException("down");
    }
    return lookup.account().username().equals("test-build")
        ? CredentialEntries.read(
            name -> Optional.ofNullable(stored.get(name)).map(text -> text.getBytes(UTF_8)))
        : Optional.empty();
  }

  /** Sets the clock; no time passes. */
  private void set(Duration jump) {
    now = now.plus(jump);
  }

  /** Lets time pass, which the clock shows, too. */
  private void pass(Duration duration) {
    now = now.plus(duration);
    elapsed += duration.toNanos();
  }

  private TokenResult ask(String username, String password, String more) {
    String pair = username + ":" + password;
    return service.issue(
        TokenRequest.builder()
            .query("service=docker-registry" + more)
            .authorization("Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8)))
            .clientAddress("192.0.2.7")
            .build());
  }

  private int status(String password) {
    return status(ask("test-build", password, ""));
  }

  private static int status(TokenResult result) {
    return result instanceof Rejected rejected ? rejected.status() : 200;
  }

  private IssuedToken token() {
    return ((Issued) ask("test-build", GOOD, "")).token();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void cachedCredentials_clockIsSet_neitherExpireNorLiveOn(Duration jump) {
    assertThat(status(GOOD)).isEqualTo(200);
    assertThat(reads).isEqualTo(1);

    set(jump);
    assertThat(status(GOOD)).isEqualTo(200);
    pass(Duration.ofSeconds(30).minusNanos(1));
    assertThat(status(GOOD)).isEqualTo(200);
    assertThat(reads).as("from the copy").isEqualTo(1);

    pass(Duration.ofNanos(1));
    stored.put("password", "rotated");
    assertThat(status(GOOD)).as("after 30 s").isEqualTo(401);
    assertThat(reads).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void cachedCredentials_clockIsSetInAnOutage_serveForFiveMinutes(Duration jump) {
    assertThat(status(GOOD)).isEqualTo(200);
    down = true;

    set(jump);
    pass(Duration.ofMinutes(5).minusNanos(1));
    assertThat(status(GOOD)).isEqualTo(200);
    pass(Duration.ofSeconds(2)); // or the failed read would count, and not the age
    assertThat(status(GOOD)).isEqualTo(503);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void unknownNamespace_clockIsSet_isReadAgainAfterTenSeconds(Duration jump) {
    assertThat(status(ask("nobody", GOOD, ""))).isEqualTo(401);
    set(jump);
    pass(Duration.ofSeconds(10).minusNanos(1));
    assertThat(status(ask("nobody", GOOD, ""))).isEqualTo(401);
    assertThat(reads).isEqualTo(1);
    pass(Duration.ofNanos(1));
    assertThat(status(ask("nobody", GOOD, ""))).isEqualTo(401);
    assertThat(reads).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void failedAttempts_clockIsSet_areNeitherForgivenNorAdded(Duration jump) {
    set(jump);
    for (int i = 0; i < ATTEMPTS; i++) {
      assertThat(status("wrong-" + i)).as("all are there").isEqualTo(401);
    }
    set(jump);
    Rejected throttled = (Rejected) ask("test-build", GOOD, "");
    assertThat(throttled.status()).isEqualTo(429);
    assertThat(throttled.retryAfter()).contains(Duration.ofSeconds(20));

    pass(Duration.ofSeconds(20));
    assertThat(status("wrong")).as("one is given back").isEqualTo(401);
    assertThat(status("wrong")).isEqualTo(429);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void token_clockIsSet_hasTheTimesOfTheNewClock(Duration jump) throws Exception {
    IssuedToken before = token();
    set(jump);
    pass(Duration.ofMillis(500));
    IssuedToken after = token();

    JwtClaims claims = verify(after);
    assertThat(after.issuedAt()).isEqualTo(START.plus(jump));
    assertThat(claims.getIssuedAt().getValue()).isEqualTo(START.plus(jump).getEpochSecond());
    assertThat(claims.getNotBefore().getValue()).isEqualTo(claims.getIssuedAt().getValue() - 60);
    assertThat(claims.getExpirationTime().getValue())
        .isEqualTo(claims.getIssuedAt().getValue() + 300);
    // As JWT has it: a registry whose clock is set, too, goes by what the token says.
    assertThat(problem(before))
        .isEqualTo(jump.isNegative() ? ErrorCodes.NOT_YET_VALID : ErrorCodes.EXPIRED);
    set(jump.negated());
    assertThat(verify(before)).as("set right again").isNotNull();
    assertThat(problem(after))
        .isEqualTo(jump.isNegative() ? ErrorCodes.EXPIRED : ErrorCodes.NOT_YET_VALID);
  }

  /** Verifies a token as a registry does, now. */
  private JwtClaims verify(IssuedToken token) throws Exception {
    return new JwtConsumerBuilder()
        .setVerificationKeyResolver(
            new JwksVerificationKeyResolver(new JsonWebKeySet(keys.jwks()).getJsonWebKeys()))
        .setExpectedAudience("docker-registry")
        .setRequireExpirationTime()
        .setAllowedClockSkewInSeconds((int) REGISTRY_LEEWAY.toSeconds())
        .setEvaluationTime(NumericDate.fromSeconds(now.getEpochSecond()))
        .build()
        .processToClaims(token.value());
  }

  private int problem(IssuedToken token) throws Exception {
    try {
      JwtClaims claims = verify(token);
      throw new AssertionError("accepted: " + claims);
    } catch (InvalidJwtException e) {
      assertThat(e.getErrorDetails()).hasSize(1);
      return e.getErrorDetails().get(0).getErrorCode();
    }
  }

  private String refreshToken() {
    Issued issued = (Issued) ask("test-build", GOOD, "&offline_token=true");
    return issued.refreshToken().orElseThrow().value();
  }

  private int refreshed(String refreshToken) {
    String form =
        "grant_type=refresh_token&service=docker-registry&client_id=test&refresh_token="
            + refreshToken;
    return status(
        service.issue(
            TokenRequest.builder()
                .form("application/x-www-form-urlencoded", form.getBytes(UTF_8))
                .build()));
  }

  @Test
  void refreshToken_clockIsSet_livesUntilItsOwnEndByTheClock() {
    service = service(Duration.ofMinutes(90));
    String token = refreshToken();
    set(HOUR);
    assertThat(refreshed(token)).isEqualTo(200);
    set(HOUR);
    assertThat(refreshed(token)).as("90 minutes are over").isEqualTo(401);
    set(HOUR.negated());
    assertThat(refreshed(token)).as("and are not").isEqualTo(200);
    set(HOUR.multipliedBy(-2));
    assertThat(refreshed(token)).as("of a later time").isEqualTo(200);
    pass(Duration.ofMinutes(149).plusSeconds(59));
    assertThat(refreshed(token)).isEqualTo(200);
    pass(Duration.ofSeconds(1));
    assertThat(refreshed(token)).isEqualTo(401);
  }

  @Test
  void accountThatExpires_clockIsSet_goesByTheClockThoughItIsCached() {
    stored.put("expires", START.plus(Duration.ofMinutes(30)).toString());
    assertThat(status(GOOD)).isEqualTo(200);
    set(HOUR);
    Rejected refused = (Rejected) ask("test-build", GOOD, "");
    assertThat(refused.reason()).isEqualTo("stored-credentials-have-expired");
    set(HOUR.negated());
    assertThat(status(GOOD)).isEqualTo(200);
  }

  @Test
  void previousPassword_clockIsSet_goesByTheClockThoughItIsCached() {
    stored.put("password-previous", "previous");
    stored.put("password-previous-expires", START.plus(Duration.ofMinutes(30)).toString());
    assertThat(status("previous")).isEqualTo(200);
    set(HOUR);
    assertThat(status("previous")).isEqualTo(401);
    assertThat(status(GOOD)).isEqualTo(200);
    set(HOUR.negated());
    assertThat(status("previous")).isEqualTo(200);
  }

  /** By the clock that its tokens go by, it is taken out no sooner than they have expired. */
  @Test
  void retiredKey_clockIsSet_staysUntilItsTokensHaveExpiredByTheClock() throws Exception {
    IssuedToken last = token();
    TestCertificate next = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    KeyIdStyle style = KeyIdStyle.fixed("signer");
    KeyEntries promoted =
        new KeyEntries(
                Map.of(
                    "tls.key", Files.readString(directory.resolve("tls.key")),
                    "tls.crt", Files.readString(directory.resolve("tls.crt"))))
            .stage(next.pkcs8(), next.certificatePem(), style, KeyIdStyle.fixed("next"))
            .promote(time.instant(), style);
    Duration longest = last.lifetime().plus(REGISTRY_LEEWAY);

    set(HOUR.negated());
    assertThatIllegalStateException().isThrownBy(() -> promoted.retire(time.instant(), longest));
    set(HOUR.plus(longest).minusSeconds(1));
    assertThatIllegalStateException().isThrownBy(() -> promoted.retire(time.instant(), longest));
    assertThat(verify(last)).isNotNull();
    set(Duration.ofSeconds(1));
    assertThat(promoted.retire(time.instant(), longest).keySet(style).retired()).isEmpty();
    assertThat(problem(last)).isEqualTo(ErrorCodes.EXPIRED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void keys_clockIsSet_stayInUse(Duration jump) {
    KeySet before = keys.get();
    set(jump);
    keys.poll();
    assertThat(keys.get()).isSameAs(before);
  }

  /** The token is of a time when the clock was not set yet. */
  @ParameterizedTest
  @ValueSource(strings = {"PT1H", "PT-1H"})
  void readiness_clockIsSetBetweenSigningAndVerifying_comes(Duration jump) throws Exception {
    now = Clock.systemUTC().instant().plus(jump);
    TokenIssuer issuer = TokenIssuer.builder(keys).clock(clock).build();
    try (Readiness readiness = Readiness.verified(issuer, keys, () -> {}).start()) {
      while (readiness.get().isPresent()) {
        Thread.sleep(10);
      }
    }
  }

  /**
   * Whoever is to go by elapsed time reads no clock, neither as an object nor otherwise; this is of
   * all modules, and all that are not named here.
   */
  @Test
  void clock_isReadByThoseAloneWhoSignOrStoreTimes() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(
            TokenIssuer.class,
            RefreshTokens.class,
            CredentialStoreAuthenticator.class,
            SigningKeys.class,
            ValidityWarning.class,
            io.registryauth.kubernetes.TenantProvisioner.class,
            KeysStageCommand.class,
            KeysPromoteCommand.class,
            KeysRetireCommand.class,
            io.registryauth.server.doctor.Doctor.class)
        .should()
        .callMethodWhere(
            target(owner(assignableTo(InstantSource.class)))
                .and(target(nameStartingWith("instant")).or(target(nameStartingWith("millis")))))
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(NumericDate.class, "now")
        .orShould()
        .accessField(TimeMeter.class, "SYSTEM_MILLISECONDS")
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.registryauth"));
  }
}
