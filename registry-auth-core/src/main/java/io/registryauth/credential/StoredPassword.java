// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A password as a store keeps it: something that a client's password can be checked against, and
 * nothing more. A password that is stored in the clear is kept as a digest under a key of this
 * process; what is stored as a hash is never a password itself. Immutable.
 */
public final class StoredPassword {
  private final Predicate<Password> verifier;
  private final Optional<Instant> expires;

  private StoredPassword(Predicate<Password> verifier, Optional<Instant> expires) {
    this.verifier = verifier;
    this.expires = expires;
  }

  /** Stores a password. Checking takes a time that depends on the presented one's length alone. */
  public static StoredPassword of(Password password) {
    KeyedDigest stored = password.digest();
    return new StoredPassword(presented -> presented.digest().equals(stored), Optional.empty());
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
    return new StoredPassword(new BcryptHash(hash)::verifies, Optional.empty());
  }

  /** Returns the same password, valid until then and no longer. */
  public StoredPassword until(Instant time) {
    return new StoredPassword(verifier, Optional.of(time));
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
    return expires.filter(end -> !now.isBefore(end)).isEmpty() && verifier.test(presented);
  }

  /** Returns a fixed text. */
  @Override
  public String toString() {
    return "StoredPassword[redacted]";
  }
}
