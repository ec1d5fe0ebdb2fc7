// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * HMAC-SHA-256 (RFC 2104) under a key that this process made and nobody else has: it stands for a
 * secret in memory, and says nothing of it outside. Immutable.
 */
final class KeyedDigest {
  private static final String ALGORITHM = "HmacSHA256";
  private static final SecretKeySpec KEY = new SecretKeySpec(randomBytes(), ALGORITHM);

  private final byte[] value;

  private KeyedDigest(byte[] value) {
    this.value = value;
  }

  /** Digests byte strings; where one ends and the next begins counts. */
  static KeyedDigest of(byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(KEY);
      for (byte[] part : parts) {
        mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
        mac.update(part);
      }
      return new KeyedDigest(mac.doFinal());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has " + ALGORITHM, e);
    }
  }

  private static byte[] randomBytes() {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return key;
  }

  /** Compares in a time that does not depend on the values. */
  @Override
  public boolean equals(Object other) {
    return other instanceof KeyedDigest digest && MessageDigest.isEqual(value, digest.value);
  }

  @Override
  public int hashCode() {
    return ByteBuffer.wrap(value).getInt();
  }

  @Override
  public String toString() {
    return "KeyedDigest[redacted]";
  }
}
