// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.scope.Access;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Signs tokens: a JWT as the <a
 * href="https://distribution.github.io/distribution/spec/auth/jwt/">token authentication
 * implementation</a> has it, such as
 *
 * <pre>{@code
 * {"alg": "RS256", "typ": "JWT", "kid": "registry-auth-jwt-signer"}
 * {"iss": "registry-token-issuer", "sub": "test-build", "aud": ["docker-registry"],
 *  "exp": 1759252997, "nbf": 1759252637, "iat": 1759252697,
 *  "jti": "34e4b99f-7d48-436d-943b-198f1565d458",
 *  "access": [{"type": "repository", "name": "test-build/myapp", "actions": ["push", "pull"]}]}
 * }</pre>
 *
 * <p>{@code nbf} lies a minute before {@code iat}, for registries whose clocks are behind.
 * Algorithm and key id are the key's, never the caller's. Thread-safe.
 */
public final class TokenIssuer {
  /** How far a registry's clock may be behind; its own leeway of 60 s comes on top. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(1);

  private static final int TYPICAL_CLAIMS_LENGTH = 512;

  private static final ImmutableSet<String> PULL = ImmutableSet.of("pull");

  private final Supplier<KeySet> keys;
  private final String issuer;
  private final Duration lifetime;
  private final Duration pushLifetime;
  private final TokenProfile profile;
  private final Clock clock;
  private final Optional<TokenReuse> reuse;

  /** Of the key that was current last; not of another for longer than a token takes. */
  private volatile @Nullable JwsSigner signer;

  private TokenIssuer(Builder builder) {
    keys = builder.keys;
    issuer = builder.issuer;
    lifetime = builder.lifetime;
    pushLifetime = builder.pushLifetime.orElse(lifetime);
    profile = builder.profile;
    clock = builder.clock;
    Duration shortest = pushLifetime.compareTo(lifetime) < 0 ? pushLifetime : lifetime;
    reuse = TokenReuse.of(builder.reuse, shortest);
    profile.check(keys.get().current());
  }

  /** Starts to build an issuer that signs with a key. */
  public static Builder builder(SigningKey key) {
    KeySet alone = KeySet.of(key);
    return new Builder(() -> alone);
  }

  /**
   * Starts to build an issuer that signs with whichever key is current.
   *
   * @param keys asked for each token, by many threads at once; must not block, and have no current
   *     key that {@link TokenProfile#check} refuses
   */
  public static Builder builder(Supplier<KeySet> keys) {
    return new Builder(keys);
  }

  /**
   * Signs a token for a grant, with a {@code jti} of its own. It is valid as long as is set, but
   * not beyond the grant's end; for a second at least, for credentials that ended just now. If
   * {@link Builder#reuse} says so, it may be one that was signed for an equal grant before.
   */
  public IssuedToken issue(Grant grant) {
    SigningKey key = keys.get().current();
    return reuse
        .map(before -> before.get(key, grant, this::now, () -> issue(key, grant)))
        .orElseGet(() -> issue(key, grant));
  }

  /** Returns how many tokens were handed out that had been before, by {@link Builder#reuse}. */
  public long reusedTokens() {
    return reuse.map(TokenReuse::reused).orElse(0L);
  }

  private IssuedToken issue(SigningKey key, Grant grant) {
    Instant now = now();
    String tokenId = UUID.randomUUID().toString();
    Duration valid = lifetime(grant, now);
    String value = signer(key).sign(claims(grant, now, valid, tokenId));
    return new IssuedToken(value, tokenId, key.keyId(), now, valid);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }

  private JwsSigner signer(SigningKey key) {
    JwsSigner held = signer;
    if (held == null || held.key() != key) {
      held =
          new JwsSigner(key, "JWT", profile.sendsCertificates() ? key.certificates() : List.of());
      signer = held;
    }
    return held;
  }

  private Duration lifetime(Grant grant, Instant now) {
    Duration longest = isPullOnly(grant) ? lifetime : pushLifetime;
    return grant
        .end()
        .map(end -> Duration.ofSeconds(Math.max(1, now.until(end, ChronoUnit.SECONDS))))
        .filter(left -> left.compareTo(longest) < 0)
        .orElse(longest);
  }

  private static boolean isPullOnly(Grant grant) {
    return grant.access().stream().allMatch(access -> PULL.containsAll(access.actions()));
  }

  private String claims(Grant grant, Instant now, Duration valid, String tokenId) {
    StringBuilder json = new StringBuilder(TYPICAL_CLAIMS_LENGTH).append("{\"iss\":");
    JsonText.append(json, issuer);
    JsonText.append(json.append(",\"sub\":"), grant.subject());
    boolean audienceIsText = profile == TokenProfile.DISTRIBUTION_2_8;
    JsonText.append(json.append(audienceIsText ? ",\"aud\":" : ",\"aud\":["), grant.audience());
    json.append(audienceIsText ? ",\"exp\":" : "],\"exp\":")
        .append(now.plus(valid).getEpochSecond())
        .append(",\"nbf\":")
        .append(now.minus(CLOCK_SKEW).getEpochSecond())
        .append(",\"iat\":")
        .append(now.getEpochSecond());
    JsonText.append(json.append(",\"jti\":"), tokenId);
    json.append(",\"access\":[");
    String separator = "{\"type\":";
    for (Access access : grant.access()) {
      JsonText.append(json.append(separator), access.type());
      JsonText.append(json.append(",\"name\":"), access.name());
      JsonText.append(json.append(",\"actions\":"), access.actions());
      json.append('}');
      separator = ",{\"type\":";
    }
    return json.append("]}").toString();
  }

  /** Builds a {@link TokenIssuer}. Not thread-safe. */
  public static final class Builder {
    private final Supplier<KeySet> keys;
    private String issuer = "registry-token-issuer";
    private Duration lifetime = Duration.ofMinutes(5);
    private Optional<Duration> pushLifetime = Optional.empty();
    private TokenProfile profile = TokenProfile.DISTRIBUTION_3;
    private Clock clock = Clock.systemUTC();
    private Duration reuse = Duration.ZERO;

    private Builder(Supplier<KeySet> keys) {
      this.keys = keys;
    }

    /**
     * Sets the {@code iss} claim, which must equal the registry's {@code issuer}; by default {@code
     * registry-token-issuer}.
     */
    @CanIgnoreReturnValue
    public Builder issuer(String name) {
      checkArgument(!name.isBlank(), "The issuer is blank; it must be the registry's issuer");
      issuer = name;
      return this;
    }

    /**
     * Sets how long a token is valid; by default 300 s.
     *
     * @throws IllegalArgumentException if it is not of whole seconds from 60 (what clients reckon
     *     with at least) to 86,400
     */
    @CanIgnoreReturnValue
    public Builder lifetime(Duration time) {
      lifetime = checkLifetime("lifetime", time);
      return this;
    }

    /**
     * Sets how long a token is valid that allows more than to pull; by default as long as the
     * others. A client pushes all layers of an image by one token, and not every client asks for
     * another when that has expired.
     *
     * @throws IllegalArgumentException as {@link #lifetime} does
     */
    @CanIgnoreReturnValue
    public Builder pushLifetime(Duration time) {
      pushLifetime = Optional.of(checkLifetime("lifetime of push tokens", time));
      return this;
    }

    private static Duration checkLifetime(String what, Duration time) {
      boolean valid =
          time.equals(time.truncatedTo(ChronoUnit.SECONDS))
              && time.compareTo(Duration.ofMinutes(1)) >= 0
              && time.compareTo(Duration.ofDays(1)) <= 0;
      checkArgument(
          valid, "The %s is %s; valid are whole seconds from 60 s to 86400 s", what, time);
      return time;
    }

    /** Sets the shape of tokens; by default {@link TokenProfile#DISTRIBUTION_3}. */
    @CanIgnoreReturnValue
    public Builder profile(TokenProfile tokenProfile) {
      profile = tokenProfile;
      return this;
    }

    /**
     * Sets for how long a token is handed out again for an equal grant under the same key, instead
     * of signing another; by default zero: never. Then a {@code jti} is not unique any more: those
     * who were given a token in this time share it. A token that is handed out again is valid for
     * so much less, which its {@link IssuedToken#lifetime} says. Refresh tokens are each their own.
     *
     * <p>{@link #build} refuses what is not of whole seconds, and more than 60 s, a fifth of the
     * lifetime, or what would leave less than the 60 s that clients reckon with at least.
     */
    @CanIgnoreReturnValue
    public Builder reuse(Duration time) {
      reuse = time;
      return this;
    }

    /** Sets the clock; by default the system's. */
    @CanIgnoreReturnValue
    public Builder clock(Clock tokenClock) {
      clock = tokenClock;
      return this;
    }

    /**
     * Makes the issuer.
     *
     * @throws IllegalArgumentException if the profile sends certificates and the key has none, or
     *     if its registry does not take the kind of key; or if tokens are reused for too long
     */
    public TokenIssuer build() {
      return new TokenIssuer(this);
    }
  }
}
