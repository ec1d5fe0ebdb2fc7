// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.base.Splitter;
import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.function.Function;

/**
 * How a key gets its identifier, the {@code kid} of <a
 * href="https://www.rfc-editor.org/rfc/rfc7515#section-4.1.4">RFC 7515</a>: the token's and the JWK
 * Set's must be the same text, or the registry finds no key. Immutable.
 */
public final class KeyIdStyle {
  /** The fixed key id that is used when none is chosen. */
  public static final String DEFAULT_KEY_ID = "registry-auth-jwt-signer";

  private static final int LIBTRUST_BYTES = 30;

  private final Function<PublicKey, String> keyIds;

  private KeyIdStyle(Function<PublicKey, String> keyIds) {
    this.keyIds = keyIds;
  }

  /**
   * The same name for whatever key.
   *
   * @param keyId the name, of printable ASCII without spaces, {@code "} and {@code \\}
   * @throws IllegalArgumentException if the name holds anything else or is over 255 characters
   */
  public static KeyIdStyle fixed(String keyId) {
    VerificationKey.checkKeyId(keyId);
    return new KeyIdStyle(key -> keyId);
  }

  /**
   * The thumbprint of <a href="https://www.rfc-editor.org/rfc/rfc7638">RFC 7638</a> with SHA-256
   * (for Ed25519 see <a href="https://www.rfc-editor.org/rfc/rfc8037#section-2">RFC 8037</a>): the
   * id that Docker Distribution v3 itself gives to a certificate in {@code rootcertbundle}.
   */
  public static KeyIdStyle rfc7638() {
    return new KeyIdStyle(VerificationKey::thumbprint);
  }

  /**
   * The id that Docker Distribution 2 gives to a certificate in {@code rootcertbundle}: the first
   * 30 bytes of the SHA-256 of the public key's DER form, in Base32, in twelve groups of four.
   */
  public static KeyIdStyle libtrust() {
    return new KeyIdStyle(
        key -> {
          byte[] hash = Hashing.sha256().hashBytes(key.getEncoded()).asBytes();
          String base32 = BaseEncoding.base32().encode(Arrays.copyOf(hash, LIBTRUST_BYTES));
          return String.join(":", Splitter.fixedLength(4).split(base32));
        });
  }

  /**
   * Reads a setting.
   *
   * @param text {@code rfc7638}, {@code libtrust}, or else a fixed key id
   * @throws IllegalArgumentException if it is no valid key id
   */
  public static KeyIdStyle parse(String text) {
    return switch (text) {
      case "rfc7638" -> rfc7638();
      case "libtrust" -> libtrust();
      default -> fixed(text);
    };
  }

  String keyIdOf(PublicKey key) {
    return keyIds.apply(key);
  }
}
