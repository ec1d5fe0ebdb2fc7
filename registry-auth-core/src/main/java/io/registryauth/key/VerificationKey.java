// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import java.security.PublicKey;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * A public key that verifies tokens: an entry of a JWK Set. Immutable.
 *
 * @param keyId the {@code kid}
 * @param publicKey an RSA key of at least 2048 bits whose public exponent is at most 2147483647, an
 *     EC key on the curve P-256, or an Ed25519 key
 */
public record VerificationKey(String keyId, PublicKey publicKey) {
  private static final int MAX_KEY_ID_LENGTH = 255;

  /** What a message says of key ids. */
  static final String VALID_KEY_ID =
      "valid are 1 to "
          + MAX_KEY_ID_LENGTH
          + " printable ASCII characters without space, quote and backslash";

  /**
   * Checks the key.
   *
   * @throws IllegalArgumentException if the key is of another kind or too weak, or the key id is
   *     not as {@link KeyIdStyle#fixed} has it; the message says what is valid
   */
  public VerificationKey {
    checkKeyId(keyId);
    KeyKind.of(publicKey);
  }

  static void checkKeyId(String keyId) {
    if (!isKeyId(keyId)) {
      // What is too long is not shown: it may be the text of a key.
      throw new IllegalArgumentException(
          "The key id "
              + (keyId.length() > MAX_KEY_ID_LENGTH
                  ? "has " + keyId.length() + " characters"
                  : "is \"" + keyId + "\"")
              + "; "
              + VALID_KEY_ID);
    }
  }

  static boolean isKeyId(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_KEY_ID_LENGTH
        && text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
  }

  /**
   * Reads the key of a certificate, or the public part of a private key.
   *
   * @param pem the text of a PEM file with a certificate (the first counts) or a private key
   *     (PKCS#8, PKCS#1 or SEC1)
   * @param style how the key gets its id
   * @throws IllegalArgumentException if it holds neither, or a key that is of another kind, too
   *     weak or encrypted; the message says which, and shows no part of the key
   */
  public static VerificationKey fromPem(String pem, KeyIdStyle style) {
    return of(PemFile.parse(pem).publicKey(), style);
  }

  /**
   * Gives a key its id.
   *
   * @param style how the key gets its id
   * @throws IllegalArgumentException if the key is of another kind or too weak
   */
  public static VerificationKey of(PublicKey key, KeyIdStyle style) {
    KeyKind.of(key); // before its id is computed, so that a message is about the key
    return new VerificationKey(style.keyIdOf(key), key);
  }

  /**
   * Returns the algorithm that the key verifies, which it alone decides: {@code RS256} or {@code
   * ES256} of <a href="https://www.rfc-editor.org/rfc/rfc7518#section-3.1">RFC 7518</a>, or {@code
   * EdDSA} of <a href="https://www.rfc-editor.org/rfc/rfc8037#section-3.1">RFC 8037</a>.
   */
  public String algorithm() {
    return KeyKind.of(publicKey).algorithm();
  }

  /**
   * Returns the key's thumbprint with SHA-256, by <a
   * href="https://www.rfc-editor.org/rfc/rfc7638">RFC 7638</a>: which key it is, whatever its id.
   */
  public String thumbprint() {
    return thumbprint(publicKey);
  }

  static String thumbprint(PublicKey key) {
    return jwk(key).calculateBase64urlEncodedThumbprint("SHA-256");
  }

  /** Returns the key as a JWK without any member that is optional. */
  static JsonWebKey jwk(PublicKey key) {
    try {
      return JsonWebKey.Factory.newJwk(key);
    } catch (JoseException e) {
      throw new IllegalArgumentException("The key cannot be shown as a JWK", e);
    }
  }
}
