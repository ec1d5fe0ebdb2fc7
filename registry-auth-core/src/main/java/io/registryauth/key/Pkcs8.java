// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.primitives.Bytes;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;

/**
 * Private keys in DER: a PrivateKeyInfo of <a href="https://www.rfc-editor.org/rfc/rfc5208">RFC
 * 5208</a>, which the JDK reads, and the older forms, which are wrapped into one. No message shows
 * what a key holds.
 */
final class Pkcs8 {
  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int OCTET_STRING = 0x04;

  /** The tag that an ECPrivateKey's parameters have. */
  private static final int PARAMETERS = 0xa0;

  private static final int MAX_LENGTH = 65_535;

  private static final byte[] VERSION_0 = HexFormat.of().parseHex("020100");

  /** The algorithm rsaEncryption, with NULL. */
  private static final byte[] RSA_ENCRYPTION =
      HexFormat.of().parseHex("300d06092a864886f70d0101010500");

  /** The identifier id-ecPublicKey. */
  private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

  private Pkcs8() {}

  /** Reads a PrivateKeyInfo of whichever kind. */
  static PrivateKey read(byte[] der) {
    for (KeyKind kind : KeyKind.values()) {
      try {
        return KeyFactory.getInstance(kind.name()).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (GeneralSecurityException e) {
        // Of another kind, or of none.
      }
    }
    // Without a cause, whose text may show parts of the key.
    throw new IllegalArgumentException(PemFile.DAMAGED);
  }

  /** Wraps an RSAPrivateKey of RFC 8017, which is PKCS#1. */
  static byte[] ofPkcs1(byte[] key) {
    return privateKeyInfo(RSA_ENCRYPTION, key);
  }

  /**
   * Wraps an ECPrivateKey of RFC 5915, which is SEC1.
   *
   * @param parameters the curve, for a key that does not name its own; may be empty
   */
  static byte[] ofSec1(byte[] key, byte[] parameters) {
    byte[] own = parametersOf(key);
    byte[] curve = own.length == 0 ? parameters : own;
    return privateKeyInfo(encode(SEQUENCE, Bytes.concat(EC_PUBLIC_KEY, curve)), key);
  }

  private static byte[] parametersOf(byte[] sec1) {
    try {
      ByteBuffer fields = ByteBuffer.wrap(read(SEQUENCE, ByteBuffer.wrap(sec1)));
      read(INTEGER, fields);
      read(OCTET_STRING, fields);
      boolean there =
          fields.hasRemaining() && Byte.toUnsignedInt(fields.get(fields.position())) == PARAMETERS;
      return there ? read(PARAMETERS, fields) : new byte[0];
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException(PemFile.DAMAGED);
    }
  }

  /** Reads a value of under 64 KiB, which no key exceeds. */
  @CanIgnoreReturnValue
  private static byte[] read(int tag, ByteBuffer der) {
    int found = Byte.toUnsignedInt(der.get());
    int first = Byte.toUnsignedInt(der.get());
    int length =
        switch (first) {
          case 0x81 -> Byte.toUnsignedInt(der.get());
          case 0x82 -> Short.toUnsignedInt(der.getShort());
          default -> first;
        };
    if (found != tag || first > 0x82 || first == 0x80 || length > der.remaining()) {
      throw new IllegalArgumentException(PemFile.DAMAGED);
    }
    byte[] content = new byte[length];
    der.get(content);
    return content;
  }

  private static byte[] privateKeyInfo(byte[] algorithm, byte[] key) {
    return encode(SEQUENCE, Bytes.concat(VERSION_0, algorithm, encode(OCTET_STRING, key)));
  }

  private static byte[] encode(int tag, byte[] content) {
    int length = content.length;
    if (length > MAX_LENGTH) {
      throw new IllegalArgumentException(PemFile.DAMAGED);
    }
    byte[] start;
    if (length < 0x80) {
      start = new byte[] {(byte) tag, (byte) length};
    } else if (length < 0x100) {
      start = new byte[] {(byte) tag, (byte) 0x81, (byte) length};
    } else {
      start = new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    }
    return Bytes.concat(start, content);
  }
}
