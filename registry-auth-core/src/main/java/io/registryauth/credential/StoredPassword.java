// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.HashCode;
import com.google.common.hash.HashFunction;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A password as a store keeps it: something that a client's password can be checked against, and
 * nothing more. A password that is stored in the clear is kept as digests; what is stored as a hash
 * is never a password itself. Immutable.
 */
public final class StoredPassword {
  /** A password in the clear that nobody knows. */
  static final StoredPassword NOBODYS =
      of(Password.of(new BigInteger(256, new SecureRandom()).toString(36)));

  private final Predicate<Password> verifier;
  private final HashCode digest;
  private final Optional<Instant> expires;

  private StoredPassword(Predicate<Password> verifier, HashCode digest, Optional<Instant> expires) {
    this.verifier = verifier;
    this.digest = digest;
    this.expires = expires;
  }

  /** Stores a password. Checking takes a time that depends on the presented one's length alone. */
  public static StoredPassword of(Password password) {
    HashCode stored = digest("clear", password.utf8()); // HashCode.equals takes a constant time
    return new StoredPassword(
        presented -> digest("clear", presented.utf8()).equals(stored), stored, Optional.empty());
  }

  /**
   * Stores a password that only its bcrypt hash is known of. Checking it may take a third of a
   * second, and waits for others' turn, but once it has been checked the outcome is remembered.
   *
   * @param hash the hash, {@code $2a$}, {@code $2b$} or {@code $2y$}, of a cost from 4 to {@value
   *     BcryptHash#MAX_COST}
   * @throws IllegalArgumentException if it is no such hash; the message does not show it
   */
  public static StoredPassword bcrypt(String hash) {
    return new StoredPassword(
        new BcryptHash(hash)::verifies,
        digest("bcrypt", hash.getBytes(US_ASCII)),
        Optional.empty());
  }

  /**
   * Returns the same password, valid until then and no longer. One that ends sooner stays as it is.
   *
   * @param time the end, or {@link Instant#MAX} for none
   */
  public StoredPassword until(Instant time) {
    return time.equals(Instant.MAX) || !isValid(time)
        ? this
        : new StoredPassword(verifier, digest, Optional.of(time));
  }

  private static HashCode digest(String kind, byte[] stored) {
    Hasher hasher = Hashing.sha256().newHasher();
    return hasher.putString(kind, UTF_8).putByte((byte) 0).putBytes(stored).hash();
  }

  /**
   * Checks a client's password.
   *
   * @param presented what the client sent
   * @param now the time, which decides whether this password is still valid
   * @throws CredentialStoreException if it cannot be told now: too many passwords are being checked
   *     against hashes
   */
  public boolean matches(Password presented, Instant now) {
    return isValid(now) && verifier.test(presented);
  }

  /** Returns when this password ends, if it does: neither it nor a token lives longer. */
  public Optional<Instant> expires() {
    return expires;
  }

  /** Says whether this password has not ended yet. */
  public boolean isValid(Instant now) {
    return expires.filter(end -> !now.isBefore(end)).isEmpty();
  }

  /**
   * Returns a text that changes with what is stored, and says nothing of it to those without the
   * key: the HMAC-SHA-256 of its SHA-256. It is the same in each process.
   *
   * @param key a secret key
   */
  public String fingerprint(byte[] key) {
    HashFunction hmac = Hashing.hmacSha256(key);
    return hmac.hashBytes(digest.asBytes()).toString();
  }

  /** Returns a fixed text. */
  @Override
  public String toString() {
    return "StoredPassword[redacted]";
  }
}
