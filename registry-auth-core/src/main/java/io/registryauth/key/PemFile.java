// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Bytes;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The blocks of a PEM file, <a href="https://www.rfc-editor.org/rfc/rfc7468">RFC 7468</a>. Text
 * around them is skipped. No message shows what a block holds.
 */
final class PemFile {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final String DAMAGED = "The private key is damaged or no RSA key";
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PKCS8 = "PRIVATE KEY";
  private static final String PKCS1 = "RSA PRIVATE KEY";

  /** The start of a PKCS#8 PrivateKeyInfo: version 0, algorithm rsaEncryption with NULL. */
  private static final byte[] PKCS8_RSA_START = {
    0x02,
    0x01,
    0x00,
    0x30,
    0x0d,
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  private static final int DER_SEQUENCE = 0x30;
  private static final int DER_OCTET_STRING = 0x04;

  private record Block(String label, String body) {}

  private final ImmutableList<Block> blocks;

  private PemFile(ImmutableList<Block> blocks) {
    this.blocks = blocks;
  }

  static PemFile parse(String pem) {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(pem);
    while (matcher.find()) {
      blocks.add(new Block(matcher.group(1), matcher.group(2)));
    }
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no whole PEM block (-----BEGIN …----- to -----END …-----)");
    }
    return new PemFile(ImmutableList.copyOf(blocks));
  }

  /** Returns the key of the first certificate or private key. */
  RSAPublicKey publicKey() {
    if (blocks.stream().anyMatch(block -> block.label().equals(CERTIFICATE))) {
      return rsa(certificates().get(0).getPublicKey());
    }
    if (!(privateKey() instanceof RSAPrivateCrtKey key)) {
      throw new IllegalArgumentException("The private key does not hold its public exponent");
    }
    try {
      RSAPublicKeySpec spec = new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent());
      return rsa(KeyFactory.getInstance("RSA").generatePublic(spec));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("The private key is no usable RSA key", e);
    }
  }

  private static RSAPublicKey rsa(PublicKey key) {
    if (key instanceof RSAPublicKey rsaKey) {
      return rsaKey;
    }
    throw new IllegalArgumentException(
        "The certificate's key is " + key.getAlgorithm() + "; an RSA key is needed");
  }

  ImmutableList<X509Certificate> certificates() {
    ImmutableList.Builder<X509Certificate> certificates = ImmutableList.builder();
    for (Block block : blocks) {
      if (block.label().equals(CERTIFICATE)) {
        certificates.add(certificate(decode(block)));
      }
    }
    ImmutableList<X509Certificate> all = certificates.build();
    if (all.isEmpty()) {
      throw new IllegalArgumentException("There is no certificate in it, but " + labels());
    }
    return all;
  }

  private static X509Certificate certificate(byte[] der) {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalArgumentException("The certificate cannot be read", e);
    }
  }

  PrivateKey privateKey() {
    for (Block block : blocks) {
      if (block.label().equals("ENCRYPTED PRIVATE KEY") || block.body().contains("ENCRYPTED")) {
        throw new IllegalArgumentException(
            "The private key is encrypted; store it decrypted, in a file that only the server reads");
      }
      if (block.label().equals(PKCS8)) {
        return rsaPrivateKey(decode(block));
      }
      if (block.label().equals(PKCS1)) {
        return rsaPrivateKey(pkcs1ToPkcs8(decode(block)));
      }
    }
    throw new IllegalArgumentException(
        "There is no RSA private key (PKCS#1 or PKCS#8) in it, but " + labels());
  }

  private static PrivateKey rsaPrivateKey(byte[] pkcs8) {
    try {
      return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      // Without the cause, whose text may show parts of the key.
      throw new IllegalArgumentException(DAMAGED);
    }
  }

  /** Wraps an RSAPrivateKey of RFC 8017 into a PrivateKeyInfo of RFC 5208. */
  private static byte[] pkcs1ToPkcs8(byte[] pkcs1) {
    byte[] octets = der(DER_OCTET_STRING, pkcs1);
    return der(DER_SEQUENCE, Bytes.concat(PKCS8_RSA_START, octets));
  }

  /** Encodes with a length of two bytes, which is the DER form for the sizes that RSA keys have. */
  private static byte[] der(int tag, byte[] content) {
    if (content.length < 256 || content.length > 65_535) {
      throw new IllegalArgumentException(DAMAGED);
    }
    byte[] start = {(byte) tag, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length};
    return Bytes.concat(start, content);
  }

  private static byte[] decode(Block block) {
    try {
      return Base64.getMimeDecoder().decode(block.body().strip().getBytes(US_ASCII));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("The " + block.label() + " block is not Base64", e);
    }
  }

  private String labels() {
    return blocks.stream().map(Block::label).distinct().toList().toString();
  }
}
