// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import java.security.interfaces.RSAPublicKey;

/**
 * A public key that verifies tokens: an entry of a JWK Set. Immutable.
 *
 * @param keyId the {@code kid}
 * @param publicKey an RSA key of at least 2048 bits
 */
public record VerificationKey(String keyId, RSAPublicKey publicKey) {
  private static final int MIN_BITS = 2048;
  private static final int MAX_KEY_ID_LENGTH = 255;

  /**
   * Checks the key.
   *
   * @throws IllegalArgumentException if the key is too short or the key id is not as {@link
   *     KeyIdStyle#fixed} has it
   */
  public VerificationKey {
    checkKeyId(keyId);
    int bits = publicKey.getModulus().bitLength();
    if (bits < MIN_BITS) {
      throw new IllegalArgumentException(
          "The RSA key has " + bits + " bits; at least " + MIN_BITS + " are needed");
    }
  }

  static void checkKeyId(String keyId) {
    boolean valid =
        !keyId.isEmpty()
            && keyId.length() <= MAX_KEY_ID_LENGTH
            && keyId.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
    if (!valid) {
      throw new IllegalArgumentException(
          "The key id is \""
              + keyId
              + "\"; valid are 1 to "
              + MAX_KEY_ID_LENGTH
              + " printable ASCII characters without space, quote and backslash");
    }
  }

  /**
   * Reads the key of a certificate, or the public part of a private key.
   *
   * @param pem the text of a PEM file with a certificate (the first counts) or an RSA private key
   * @param style how the key gets its id
   * @throws IllegalArgumentException if it holds neither, or a key that is not RSA, too short or
   *     encrypted; the message says which, and shows no part of the key
   */
  public static VerificationKey fromPem(String pem, KeyIdStyle style) {
    RSAPublicKey key = PemFile.parse(pem).publicKey();
    return new VerificationKey(style.keyIdOf(key), key);
  }
}
