// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.key.KeySet;
import io.registryauth.token.Grant;
import io.registryauth.token.IssuedToken;
import io.registryauth.token.TokenIssuer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server may get requests: once a token that it has signed verifies by its own JWK Set,
 * and the credentials' store has answered. From then on it stays so: an outage of the store would
 * else take all replicas away at once, which serve what they remember.
 */
final class Readiness implements Supplier<Optional<String>>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Readiness.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration CLOSE = Duration.ofSeconds(6);

  private final Runnable check;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "readiness");
  private volatile boolean ready;

  private Readiness(Runnable check) {
    this.check = check;
    thread.setDaemon(true);
  }

  /**
   * Verifies a token.
   *
   * @param check asks the store, and throws if that does not answer
   * @throws IllegalStateException if the token does not verify
   */
  static Readiness verified(TokenIssuer issuer, Supplier<KeySet> keys, Runnable check) {
    verify(issuer, keys.get());
    return new Readiness(check);
  }

  /** Starts to ask the store until it answers. */
  Readiness start() {
    thread.start();
    return this;
  }

  private static void verify(TokenIssuer issuer, KeySet keys) {
    IssuedToken token = issuer.issue(new Grant("registry-auth", "registry-auth", List.of()));
    try {
      var unused =
          new JwtConsumerBuilder()
              .setJwsAlgorithmConstraints(
                  AlgorithmConstraints.ConstraintType.PERMIT, keys.current().algorithm())
              .setVerificationKeyResolver(
                  new JwksVerificationKeyResolver(new JsonWebKeySet(keys.jwks()).getJsonWebKeys()))
              .setExpectedAudience("registry-auth")
              // The key is in question, not the clock, which may be set in between.
              .setEvaluationTime(NumericDate.fromSeconds(token.issuedAt().getEpochSecond()))
              .build()
              .process(token.value());
    } catch (JoseException | InvalidJwtException e) {
      throw new IllegalStateException(
          "A token of the key " + keys.current().keyId() + " does not verify by its JWK Set", e);
    }
  }

  private void run() {
    boolean warned = false;
    while (!ready && closed.getCount() > 0) {
      try {
        check.run();
        ready = true;
        log.info("Ready: the credentials' store answers");
      } catch (RuntimeException e) {
        if (!warned) {
          log.warn("Not ready, until the credentials' store answers: {}", e.getMessage());
          warned = true;
        }
        pause();
      }
    }
  }

  private void pause() {
    try {
      boolean unused = closed.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      closed.countDown(); // only close() interrupts
    }
  }

  /** Returns why not; nothing once it is ready. The key is no reason: start fails for it. */
  @Override
  public Optional<String> get() {
    return ready ? Optional.empty() : Optional.of("the credentials' store has not answered yet");
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    try {
      thread.join(CLOSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
