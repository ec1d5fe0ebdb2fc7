// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.primitives.Bytes;

/**
 * A password in the clear. It never shows itself: {@link #toString} has no part of it, and it can
 * only be compared, with a {@link StoredPassword} or another. Immutable.
 */
public final class Password {
  private final byte[] utf8;

  private Password(byte[] utf8) {
    this.utf8 = utf8;
  }

  /**
   * Wraps a password.
   *
   * @param text the password, of any characters
   * @throws IllegalArgumentException if it is empty: an empty password is never valid
   */
  public static Password of(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("A password is empty; it needs at least one character");
    }
    return new Password(text.getBytes(UTF_8));
  }

  /** Returns the password that is made of this one and a user name. */
  Password with(String username) {
    return new Password(Bytes.concat(username.getBytes(UTF_8), new byte[] {':'}, utf8));
  }

  /** Returns what stands for it in memory. */
  KeyedDigest digest() {
    return KeyedDigest.of(utf8);
  }

  /** Returns its bytes, for computing a hash of them; they must not be changed or kept. */
  byte[] utf8() {
    return utf8;
  }

  /** Compares in a time that does not depend on how much is equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Password password && digest().equals(password.digest());
  }

  @Override
  public int hashCode() {
    return digest().hashCode();
  }

  /** Returns a fixed text, without the password. */
  @Override
  public String toString() {
    return "Password[redacted]";
  }
}
