// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/** A key and its certificate for localhost, made on the spot. */
record TestCertificate(KeyPair keys, X509Certificate certificate) {
  private static final Duration YEAR = Duration.ofDays(365);

  static KeyPair rsa() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  static KeyPair ec(String curve) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  static KeyPair ed25519() throws GeneralSecurityException {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  static TestCertificate selfSigned(KeyPair keys) throws Exception {
    return new TestCertificate(keys, sign("CN=localhost", keys, "CN=localhost", keys, YEAR));
  }

  static TestCertificate expired(KeyPair keys) throws Exception {
    Duration past = YEAR.negated();
    return new TestCertificate(keys, sign("CN=localhost", keys, "CN=localhost", keys, past));
  }

  /** Returns one that this one's key has signed. */
  TestCertificate issue(String subject) throws Exception {
    return issue(subject, YEAR);
  }

  /** Returns one that this one's key has signed, and whose time is over. */
  TestCertificate issueExpired(String subject) throws Exception {
    return issue(subject, YEAR.negated());
  }

  private TestCertificate issue(String subject, Duration valid) throws Exception {
    KeyPair issued = ec("secp256r1");
    String issuer = certificate.getSubjectX500Principal().getName();
    return new TestCertificate(issued, sign(subject, issued, issuer, keys, valid));
  }

  private static X509Certificate sign(
      String subject, KeyPair keys, String issuer, KeyPair issuerKeys, Duration valid)
      throws GeneralSecurityException, IOException, OperatorCreationException {
    Instant end = Instant.now().plus(valid);
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            new X500Principal(issuer),
            BigInteger.valueOf(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE)),
            Date.from(end.minus(YEAR.multipliedBy(2))),
            Date.from(end),
            new X500Principal(subject),
            keys.getPublic());
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")));
    String algorithm =
        switch (issuerKeys.getPrivate().getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> "Ed25519";
        };
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder(algorithm).build(issuerKeys.getPrivate())));
  }

  /** Returns what makes connections to servers with this certificate. */
  SSLSocketFactory trusting() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("trusted", certificate);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context.getSocketFactory();
  }

  String certificatePem() throws IOException {
    return pem(certificate);
  }

  String pkcs8() throws IOException {
    return pem(new JcaPKCS8Generator(keys.getPrivate(), null));
  }

  /** Returns PKCS#1 for an RSA key, SEC1 for an EC key. */
  String traditional() throws IOException {
    if (!(keys.getPrivate() instanceof java.security.interfaces.ECPrivateKey key)) {
      return pem(keys.getPrivate());
    }
    // With the curve and the public key, as openssl writes it.
    ECPrivateKey sec1 =
        new ECPrivateKey(
            key.getParams().getOrder().bitLength(),
            key.getS(),
            SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()).getPublicKeyData(),
            PrivateKeyInfo.getInstance(key.getEncoded()).getPrivateKeyAlgorithm().getParameters());
    return pem(new PemObject("EC PRIVATE KEY", sec1.getEncoded()));
  }

  private static String pem(Object object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }
}
