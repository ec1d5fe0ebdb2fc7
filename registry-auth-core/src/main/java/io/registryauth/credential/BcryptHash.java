// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.US_ASCII;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.util.concurrent.UncheckedExecutionException;
import com.google.common.util.concurrent.Uninterruptibles;
import java.security.SecureRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bcrypt hash. Whether a password fits is computed once and then remembered, under a digest that
 * only this process can make. At most half of the processors compute at a time, and at most two
 * passwords of one hash are in line for it, so that who tries many does not hold up others.
 * Requests do not wait longer than {@value #MAX_WAIT_SECONDS} s; beyond the bounds it cannot be
 * told. Thread-safe.
 */
final class BcryptHash {
  /** A check takes about a third of a second at this cost, and twice as long at the next. */
  static final int MAX_COST = 12;

  static final int MIN_COST = 4;
  private static final String ALPHABET =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int MAX_WAIT_SECONDS = 5;

  // The format is Unix's modular crypt format: version, cost, 22 characters of salt, 31 of hash.
  private static final Pattern FORMAT = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$[./A-Za-z0-9]{53}");

  // Passwords of more than 72 bytes count by their first 72, as with every other bcrypt.
  private static final BCrypt.Verifyer VERIFIER =
      BCrypt.verifyer(
          BCrypt.Version.VERSION_2A, LongPasswordStrategies.truncate(BCrypt.Version.VERSION_2A));

  private static final Semaphore TURNS =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
  private static final Bulkhead<String> WAITING = new Bulkhead<>(16, 24);
  private static final Bulkhead<String> COMPUTING = new Bulkhead<>(2, 24);

  // Apart, so that wrong passwords, of which there is no end, cannot push out the right ones.
  private static final Cache<KeyedDigest, Boolean> RIGHT =
      CacheBuilder.newBuilder().maximumSize(20_000).build();
  private static final Cache<KeyedDigest, Boolean> WRONG =
      CacheBuilder.newBuilder().maximumSize(1_000).build();

  private final byte[] hash;

  BcryptHash(String text) {
    Matcher matcher = FORMAT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("This is no bcrypt hash; valid are $2a$, $2b$ and $2y$");
    }
    int cost = Integer.parseInt(matcher.group(1));
    if (cost < MIN_COST || cost > MAX_COST) {
      throw new IllegalArgumentException(
          "A bcrypt hash has the cost %d; valid are %d to %d".formatted(cost, MIN_COST, MAX_COST));
    }
    hash = text.getBytes(US_ASCII);
  }

  /** Makes a text that looks as a hash of this cost does, and is that of no known password. */
  static String random(int cost) {
    StringBuilder text = new StringBuilder("$2b$%02d$".formatted(cost));
    new SecureRandom()
        .ints(53, 0, ALPHABET.length())
        .mapToObj(ALPHABET::charAt)
        .forEach(text::append);
    return text.toString();
  }

  /** Returns the cost: the binary logarithm of the rounds. */
  static int cost(String hash) {
    return Integer.parseInt(hash.substring(4, 6));
  }

  /** Whether a text is a hash, of any cost. */
  static boolean isOne(String text) {
    return FORMAT.matcher(text).matches();
  }

  /** Whether this is the hash of a password. */
  boolean verifies(Password presented) {
    KeyedDigest key = KeyedDigest.of(hash, presented.utf8());
    if (RIGHT.getIfPresent(key) != null) {
      return true;
    }
    Boolean outcome = WRONG.getIfPresent(key);
    return outcome == null ? WAITING.call(text(), () -> computeOnce(key, presented)) : outcome;
  }

  /** Requests with the same password wait for the first of them. */
  private boolean computeOnce(KeyedDigest key, Password presented) {
    try {
      boolean right = WRONG.get(key, () -> COMPUTING.call(text(), () -> compute(presented)));
      if (right) {
        RIGHT.put(key, true);
        WRONG.invalidate(key);
      }
      return right;
    } catch (ExecutionException | UncheckedExecutionException e) {
      throw new CredentialStoreException("Checking a password against its bcrypt hash", e);
    }
  }

  private boolean compute(Password presented) {
    if (!Uninterruptibles.tryAcquireUninterruptibly(TURNS, MAX_WAIT_SECONDS, TimeUnit.SECONDS)) {
      throw new CredentialStoreException("Too many passwords are being checked against hashes");
    }
    try {
      return VERIFIER.verify(presented.utf8(), hash).verified;
    } finally {
      TURNS.release();
    }
  }

  private String text() {
    return new String(hash, US_ASCII);
  }
}
