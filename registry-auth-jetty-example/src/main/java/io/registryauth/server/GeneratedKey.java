// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.key.SigningKey;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A new key with a certificate that it has signed itself, as PEM. {@link #toString} shows nothing.
 */
record GeneratedKey(String keyPem, String certificatePem) {
  private static final Duration VALID = Duration.ofDays(3650);
  private static final int SERIAL_BITS = 127;

  /**
   * Makes one of the kind and size of another.
   *
   * @param now the time at which the certificate starts, but for a day for clocks that are behind
   */
  static GeneratedKey like(SigningKey other, Instant now) throws IOException {
    PublicKey model = other.verificationKey().publicKey();
    X500Principal name = new X500Principal("CN=registry-auth-jwt-signer");
    try {
      KeyPair pair = generator(model).generateKeyPair();
      JcaX509v3CertificateBuilder certificate =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(SERIAL_BITS, new SecureRandom()),
              Date.from(now.minus(Duration.ofDays(1))),
              Date.from(now.plus(VALID)),
              name,
              pair.getPublic());
      X509CertificateHolder signed =
          certificate.build(
              new JcaContentSignerBuilder(signature(other.algorithm())).build(pair.getPrivate()));
      return new GeneratedKey(pem(new JcaPKCS8Generator(pair.getPrivate(), null)), pem(signed));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IOException("A key cannot be made: " + e.getMessage(), e);
    }
  }

  private static KeyPairGenerator generator(PublicKey model) throws GeneralSecurityException {
    if (model instanceof RSAPublicKey rsa) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(rsa.getModulus().bitLength());
      return generator;
    }
    if (model.getAlgorithm().equals("EC")) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator;
    }
    return KeyPairGenerator.getInstance("Ed25519");
  }

  private static String signature(String algorithm) {
    return switch (algorithm) {
      case "RS256" -> "SHA256withRSA";
      case "ES256" -> "SHA256withECDSA";
      default -> "Ed25519";
    };
  }

  private static String pem(Object object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return "GeneratedKey";
  }
}
