// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;

/**
 * A password. It never shows itself: {@link #toString} has no part of it, and it can only be
 * compared. Immutable.
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

  /**
   * Compares with a stored password. The time depends on the length of this one alone, so call it
   * on the password that the client sent: who measures then learns nothing of the stored one.
   *
   * @param stored the stored password
   */
  public boolean matches(Password stored) {
    return MessageDigest.isEqual(utf8, stored.utf8);
  }

  /** Returns a fixed text, without the password. */
  @Override
  public String toString() {
    return "Password[redacted]";
  }
}
