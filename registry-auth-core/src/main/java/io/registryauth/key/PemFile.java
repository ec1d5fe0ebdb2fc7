// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.common.collect.ImmutableList;
import java.io.ByteArrayInputStream;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
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

  /** What is said of a key that cannot be read, whose kind is hence not known either. */
  static final String DAMAGED = "The private key is damaged or of another kind; " + KeyKind.VALID;

  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PKCS8 = "PRIVATE KEY";
  private static final String PKCS1 = "RSA PRIVATE KEY";
  private static final String SEC1 = "EC PRIVATE KEY";
  private static final String EC_PARAMETERS = "EC PARAMETERS";

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
  PublicKey publicKey() {
    return blocks.stream().anyMatch(block -> block.label().equals(CERTIFICATE))
        ? certificates().get(0).getPublicKey()
        : PublicPart.of(privateKey());
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
      // Of a curve that it does not know, the JDK does not even read the certificate.
      throw new IllegalArgumentException(
          "The certificate is damaged or its key is of another kind; " + KeyKind.VALID, e);
    }
  }

  PrivateKey privateKey() {
    for (Block block : blocks) {
      if (block.label().equals("ENCRYPTED PRIVATE KEY") || block.body().contains("ENCRYPTED")) {
        throw new IllegalArgumentException(
            "The private key is encrypted; store it decrypted, in a file that only the server reads");
      }
      if (block.label().equals(PKCS8)) {
        return Pkcs8.read(decode(block));
      }
      if (block.label().equals(PKCS1)) {
        return Pkcs8.read(Pkcs8.ofPkcs1(decode(block)));
      }
      if (block.label().equals(SEC1)) {
        return Pkcs8.read(Pkcs8.ofSec1(decode(block), ecParameters()));
      }
    }
    throw new IllegalArgumentException(
        "There is no private key (PKCS#8, PKCS#1 or SEC1) in it, but " + labels());
  }

  /** Returns what openssl writes before a key of SEC1. */
  private byte[] ecParameters() {
    return blocks.stream()
        .filter(block -> block.label().equals(EC_PARAMETERS))
        .findFirst()
        .map(PemFile::decode)
        .orElse(new byte[0]);
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
