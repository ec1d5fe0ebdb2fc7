// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Throwables;
import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.util.concurrent.ExecutionError;
import com.google.common.util.concurrent.UncheckedExecutionException;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import io.registryauth.scope.Access;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Hands a token out again for an equal grant, for a short time: a build asks for the same thirty
 * times in a second, and each signature costs. Only the signature is spared: the caller has
 * verified credentials and decided on access before. A token of another key, or of the same with
 * other certificates, is never handed out. Who asks while an equal token is being signed waits for
 * that one. Thread-safe; bounded to some {@value #MAX_BYTES} bytes.
 */
final class TokenReuse {
  private static final int MAX_BYTES = 8 * 1024 * 1024;

  /** What an entry takes beside the token's text and the grant, which is shorter than that. */
  private static final int ENTRY_BYTES = 1000;

  /** What clients take an answer to be valid for at least, whatever it says. */
  private static final Duration SHORTEST_REST = Duration.ofMinutes(1);

  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final Duration time;
  private final Cache<Key, IssuedToken> tokens;
  private final LongAdder reused = new LongAdder();

  /**
   * What must be the same, to the order of actions, which {@link Access} does not compare.
   *
   * @param key the key that signs, by its id and its public part
   * @param certificates those that a token may show, which are renewed for the same key
   */
  private record Key(
      VerificationKey key, List<X509Certificate> certificates, Grant grant, String access) {
    static Key of(SigningKey key, Grant grant) {
      String access =
          grant.access().stream().map(Access::toString).collect(Collectors.joining(" "));
      return new Key(key.verificationKey(), key.certificates(), grant, access);
    }
  }

  private TokenReuse(Duration time, Ticker ticker) {
    this.time = time;
    tokens =
        CacheBuilder.newBuilder()
            .maximumWeight(MAX_BYTES)
            .weigher((Key key, IssuedToken token) -> ENTRY_BYTES + 2 * token.value().length())
            // By elapsed time too, so that a clock that is set back brings none back.
            .expireAfterWrite(time)
            .ticker(ticker)
            .build();
  }

  /**
   * Makes what hands tokens out again for some time, or nothing if that is zero.
   *
   * @param shortestLifetime of the tokens: a fifth of it, at most 60 s, and with 60 s left
   * @throws IllegalArgumentException if it is longer, or not of whole seconds
   */
  static Optional<TokenReuse> of(Duration time, Duration shortestLifetime) {
    return of(time, shortestLifetime, Ticker.systemTicker());
  }

  static Optional<TokenReuse> of(Duration time, Duration shortestLifetime, Ticker ticker) {
    Duration longest =
        min(
            LONGEST,
            min(shortestLifetime.dividedBy(5), shortestLifetime.minus(SHORTEST_REST))
                .truncatedTo(ChronoUnit.SECONDS));
    boolean valid =
        !time.isNegative()
            && time.compareTo(longest) <= 0
            && time.equals(time.truncatedTo(ChronoUnit.SECONDS));
    checkArgument(
        valid,
        "The time in which a token is reused is %s s; with tokens that are valid for %s s, valid"
            + " are whole seconds from 0 (never) to %s s",
        time.toMillis() / 1e3,
        shortestLifetime.toSeconds(),
        longest.toSeconds());
    return time.isZero() ? Optional.empty() : Optional.of(new TokenReuse(time, ticker));
  }

  private static Duration min(Duration one, Duration two) {
    return one.compareTo(two) < 0 ? one : two;
  }

  /** Returns how many tokens were handed out again. */
  long reused() {
    return reused.sum();
  }

  /**
   * Returns a token for a grant: one that this key signed lately, or another.
   *
   * @param clock tells the time, in whole seconds
   * @param sign signs another, by this key
   */
  IssuedToken get(
      SigningKey key, Grant grant, Supplier<Instant> clock, Supplier<IssuedToken> sign) {
    Key wanted = Key.of(key, grant);
    AtomicBoolean signedNow = new AtomicBoolean();
    IssuedToken token =
        load(
            wanted,
            () -> {
              signedNow.set(true);
              return sign.get();
            });
    if (signedNow.get()) {
      return token;
    }
    Instant now = clock.get();
    if (isGood(token, now)) {
      reused.increment();
      return asOf(token, now);
    }
    // By a clock that was set, or since the grant ends.
    IssuedToken another = sign.get();
    tokens.put(wanted, another);
    return another;
  }

  private IssuedToken load(Key wanted, Supplier<IssuedToken> sign) {
    try {
      return tokens.get(wanted, sign::get);
    } catch (ExecutionException | UncheckedExecutionException | ExecutionError e) {
      // The signature failed, here or for whom this waited.
      Throwable cause = e.getCause();
      if (cause != null) {
        Throwables.throwIfUnchecked(cause);
      }
      throw new IllegalStateException("No token was signed", cause);
    }
  }

  private boolean isGood(IssuedToken token, Instant now) {
    Duration age = Duration.between(token.issuedAt(), now);
    return !age.isNegative() && age.compareTo(time) <= 0 && age.compareTo(token.lifetime()) < 0;
  }

  /** So that it is true whether clients reckon its end from {@code issued_at} or from now. */
  private static IssuedToken asOf(IssuedToken token, Instant now) {
    Instant end = token.issuedAt().plus(token.lifetime());
    return new IssuedToken(
        token.value(), token.tokenId(), token.keyId(), now, Duration.between(now, end));
  }
}
