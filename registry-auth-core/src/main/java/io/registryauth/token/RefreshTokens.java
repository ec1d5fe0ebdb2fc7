// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static com.google.common.base.Preconditions.checkArgument;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.CharMatcher;
import com.google.common.hash.Hashing;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.Identity;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.tenant.AccountName;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;

/**
 * Gives and takes refresh tokens, with which a client gets new tokens and need not keep a password.
 * Nothing of them is stored here: a refresh token is a JWT that is signed with the key of the other
 * tokens, and says by itself what it is good for:
 *
 * <pre>{@code
 * {"alg": "RS256", "typ": "refresh+jwt", "kid": "registry-auth-jwt-signer"}
 * {"iss": "registry-token-issuer", "sub": "test-build", "aud": ["registry-token-issuer/refresh"],
 *  "exp": 1761844697, "iat": 1759252697, "jti": "0c7d2f0e-6d0f-4b7e-a7bb-5b5a9f2f6a11",
 *  "service": "docker-registry", "credential": "9f0c…"}
 * }</pre>
 *
 * <p>It can be used again and again until it expires, or until the password that it was given for
 * is no longer among those that the store has: {@code credential} is that password's fingerprint,
 * under a key that is derived from the signing key. Each process with the same key and store takes
 * it, as long as that key is current, next or retired. A registry refuses it, since {@code aud} is
 * no registry's service.
 *
 * <p>Thread-safe; blocks as long as its store does.
 */
public final class RefreshTokens {
  private static final String TYPE = "refresh+jwt";
  private static final String FINGERPRINT_LABEL = "registry-auth refresh token fingerprint 1";
  private static final Duration MAX_LIFETIME = Duration.ofDays(366);

  /** The decoder would skip any other, so that many texts were the same token. */
  private static final CharMatcher JWT_CHARACTERS =
      CharMatcher.inRange('a', 'z')
          .or(CharMatcher.inRange('A', 'Z'))
          .or(CharMatcher.inRange('0', '9'))
          .or(CharMatcher.anyOf("-_."));

  private final Supplier<KeySet> keys;
  private final CredentialStore store;
  private final String issuer;
  private final Duration lifetime;
  private final Clock clock;

  private RefreshTokens(Builder builder) {
    keys = builder.keys;
    store = builder.store;
    issuer = builder.issuer;
    lifetime = builder.lifetime;
    clock = builder.clock;
    // Fails now, not at the first request.
    byte[] unused = keys.get().current().deriveSecret(FINGERPRINT_LABEL);
  }

  /**
   * Starts to build.
   *
   * @param key what signs the tokens
   * @param store where the stored password must still be when a refresh token comes back
   */
  public static Builder builder(SigningKey key, CredentialStore store) {
    KeySet alone = KeySet.of(key);
    return new Builder(() -> alone, store);
  }

  /**
   * Starts to build what signs with whichever key is current.
   *
   * @param keys asked for each token, by many threads at once; must not block. A token is taken as
   *     long as the key that signed it is among them.
   * @param store where the stored password must still be when a refresh token comes back
   */
  public static Builder builder(Supplier<KeySet> keys, CredentialStore store) {
    return new Builder(keys, store);
  }

  /** Returns the audience of refresh tokens, which must be no registry's service. */
  public String audience() {
    return issuer + "/refresh";
  }

  /**
   * Gives a refresh token.
   *
   * @param tenant who has proved itself
   * @param password the stored password that proved it
   * @param service the service whose tokens it will get
   * @return the refresh token, or empty if none are given
   */
  public Optional<RefreshToken> issue(
      Identity.Tenant tenant, StoredPassword password, String service) {
    if (lifetime.isZero()) {
      return Optional.empty();
    }
    SigningKey key = keys.get().current();
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    String tokenId = UUID.randomUUID().toString();
    String fingerprint = fingerprint(key, tenant.account(), password);
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("iss", issuer);
    claims.put("sub", tenant.subject());
    claims.put("aud", List.of(audience()));
    claims.put("exp", now.plus(lifetime).getEpochSecond());
    claims.put("iat", now.getEpochSecond());
    claims.put("jti", tokenId);
    claims.put("service", service);
    claims.put("credential", fingerprint);
    String value = new JwsSigner(key, TYPE, List.of()).sign(JsonUtil.toJson(claims));
    return Optional.of(
        new RefreshToken(value, tokenId, key.keyId(), tenant.account(), fingerprint));
  }

  /** Two accounts with the same password have different fingerprints: clients can read them. */
  private static String fingerprint(SigningKey key, AccountName account, StoredPassword password) {
    byte[] own =
        Hashing.hmacSha256(key.deriveSecret(FINGERPRINT_LABEL))
            .hashString(account.username(), UTF_8)
            .asBytes();
    return password.fingerprint(own);
  }

  /**
   * Reads what a client presents. Never fails, whatever it is given.
   *
   * @return the refresh token, or empty if the text is none that was signed with the key for this
   *     service, or one that has expired
   */
  public Optional<RefreshToken> parse(String value, String service) {
    if (lifetime.isZero() || !JWT_CHARACTERS.matchesAllOf(value)) {
      return Optional.empty();
    }
    // Each key in turn, whatever the header says of its id: a signature tells by itself.
    return keys.get().all().stream()
        .flatMap(key -> parse(value, service, key).stream())
        .findFirst();
  }

  private Optional<RefreshToken> parse(String value, String service, SigningKey key) {
    try {
      JwtClaims claims = verifiedClaims(value, key);
      boolean forService = service.equals(claims.getClaimValue("service", String.class));
      Optional<AccountName> account = AccountName.parse(claims.getSubject());
      String fingerprint = claims.getClaimValueAsString("credential");
      return forService && fingerprint != null
          ? account.map(
              name -> new RefreshToken(value, jwtId(claims), key.keyId(), name, fingerprint))
          : Optional.empty();
    } catch (InvalidJwtException | MalformedClaimException e) {
      return Optional.empty();
    }
  }

  private JwtClaims verifiedClaims(String value, SigningKey key) throws InvalidJwtException {
    return new JwtConsumerBuilder()
        .setVerificationKey(key.verificationKey().publicKey())
        // Not what the header says, or the public key would do as a secret for HS256.
        .setJwsAlgorithmConstraints(AlgorithmConstraints.ConstraintType.PERMIT, key.algorithm())
        .setExpectedType(true, TYPE)
        .setExpectedIssuer(issuer)
        .setExpectedAudience(audience())
        .setRequireSubject()
        .setRequireExpirationTime()
        .setRequireJwtId()
        .setEvaluationTime(NumericDate.fromMilliseconds(clock.millis()))
        .build()
        .processToClaims(value);
  }

  private static String jwtId(JwtClaims claims) {
    return String.valueOf(claims.getClaimValue("jti"));
  }

  /**
   * Verifies that the password which a refresh token was given for is still stored, and valid.
   *
   * @throws io.registryauth.credential.CredentialStoreException if it cannot be told now
   */
  public AuthenticationResult authenticate(RefreshToken token) {
    Instant now = clock.instant();
    AccountName account = token.account();
    Optional<StoredCredentials> found =
        store.find(
            new CredentialLookup(account, stored -> password(token, stored, now).isPresent()));
    if (found.isEmpty()) {
      return new AuthenticationResult.Refused("unknown-namespace", Optional.empty());
    }
    Optional<StoredPassword> password = password(token, found.get(), now);
    return password.isPresent()
        ? new AuthenticationResult.Authenticated(
            new Identity.Tenant(account, found.get().restriction()), password)
        : new AuthenticationResult.Refused(reason(found.get(), now), Optional.of(account));
  }

  private static String reason(StoredCredentials found, Instant now) {
    return found
        .problem(now)
        .map(problem -> "stored-" + problem)
        .orElse("refresh-token-of-another-password");
  }

  private Optional<StoredPassword> password(
      RefreshToken token, StoredCredentials stored, Instant now) {
    Optional<SigningKey> key = keys.get().find(token.keyId());
    return stored.passwords().stream()
        .filter(password -> stored.username().equals(token.account().username()))
        .filter(password -> password.isValid(now))
        .filter(password -> key.isPresent() && isOf(token, key.get(), password))
        .findFirst();
  }

  private static boolean isOf(RefreshToken token, SigningKey key, StoredPassword password) {
    String fingerprint = fingerprint(key, token.account(), password);
    return MessageDigest.isEqual(fingerprint.getBytes(UTF_8), token.fingerprint().getBytes(UTF_8));
  }

  /** Builds {@link RefreshTokens}. Not thread-safe. */
  public static final class Builder {
    private final Supplier<KeySet> keys;
    private final CredentialStore store;
    private String issuer = "registry-token-issuer";
    private Duration lifetime = Duration.ofDays(30);
    private Clock clock = Clock.systemUTC();

    private Builder(Supplier<KeySet> keys, CredentialStore store) {
      this.keys = keys;
      this.store = store;
    }

    /** Sets the {@code iss} claim, by default {@code registry-token-issuer}. */
    @CanIgnoreReturnValue
    public Builder issuer(String name) {
      checkArgument(!name.isBlank(), "The issuer is blank; it must be that of the other tokens");
      issuer = name;
      return this;
    }

    /**
     * Sets how long a refresh token is valid; by default 30 days. Zero is for never: none are
     * given, and none that were given are taken any more.
     *
     * @throws IllegalArgumentException if it is neither zero nor of whole seconds from 60 to
     *     31,622,400 (366 days)
     */
    @CanIgnoreReturnValue
    public Builder lifetime(Duration time) {
      boolean valid =
          time.isZero()
              || (time.equals(time.truncatedTo(ChronoUnit.SECONDS))
                  && time.compareTo(Duration.ofMinutes(1)) >= 0
                  && time.compareTo(MAX_LIFETIME) <= 0);
      checkArgument(
          valid,
          "The lifetime of refresh tokens is %s; valid are whole seconds from 60 s to %s s, and 0"
              + " for none",
          time,
          MAX_LIFETIME.toSeconds());
      lifetime = time;
      return this;
    }

    /** Sets the clock; by default the system's. */
    @CanIgnoreReturnValue
    public Builder clock(Clock tokenClock) {
      clock = tokenClock;
      return this;
    }

    /**
     * Makes it.
     *
     * @throws IllegalArgumentException if the private key does not show its number, as one that
     *     never leaves its device
     */
    public RefreshTokens build() {
      return new RefreshTokens(this);
    }
  }
}
