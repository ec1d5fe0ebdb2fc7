// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * A certificate, its issuers' and its private key, which match, and a TLS context of them. {@link
 * #toString} shows nothing of the key. Immutable.
 */
final class TlsCertificate {
  private static final char[] NO_PASSWORD = {};
  private static final String MISMATCH = "The private key is not the certificate's";

  private final X509Certificate certificate;
  private final SSLContext context;

  private TlsCertificate(X509Certificate certificate, SSLContext context) {
    this.certificate = certificate;
    this.context = context;
  }

  /**
   * Reads PEM texts: a certificate and then those of its issuers, and a key of PKCS#1, PKCS#8 or
   * SEC1.
   *
   * @throws IllegalArgumentException if a text is not that, or if they do not match; the message
   *     says which, and shows no part of the key
   */
  static TlsCertificate fromPem(String certificatePem, String keyPem) {
    ImmutableList<X509Certificate> chain = chain(certificatePem);
    PrivateKeyInfo info = privateKeyInfo(keyPem);
    KeyKind kind = KeyKind.of(info);
    PrivateKey key = kind.privateKey(info);
    checkPair(key, chain.get(0).getPublicKey(), kind);
    return new TlsCertificate(chain.get(0), context(key, chain));
  }

  private static ImmutableList<X509Certificate> chain(String pem) {
    ImmutableList.Builder<X509Certificate> chain = ImmutableList.builder();
    JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
    for (Object block : blocks(pem, "certificate")) {
      if (block instanceof X509CertificateHolder holder) {
        try {
          chain.add(converter.getCertificate(holder));
        } catch (CertificateException e) {
          throw new IllegalArgumentException("The certificate is damaged", e);
        }
      }
    }
    ImmutableList<X509Certificate> all = chain.build();
    if (all.isEmpty()) {
      throw new IllegalArgumentException("There is no certificate in PEM format");
    }
    return all;
  }

  private static PrivateKeyInfo privateKeyInfo(String pem) {
    for (Object block : blocks(pem, "private key")) {
      if (block instanceof PEMKeyPair pair) {
        return pair.getPrivateKeyInfo();
      }
      if (block instanceof PrivateKeyInfo key) {
        return key;
      }
      if (block instanceof PKCS8EncryptedPrivateKeyInfo || block instanceof PEMEncryptedKeyPair) {
        throw new IllegalArgumentException(
            "The private key is encrypted; store it decrypted, in a file that only the server"
                + " reads");
      }
    }
    throw new IllegalArgumentException(
        "There is no private key in PEM format (PKCS#1, PKCS#8 or SEC1)");
  }

  private static ImmutableList<Object> blocks(String pem, String what) {
    ImmutableList.Builder<Object> blocks = ImmutableList.builder();
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        blocks.add(block);
      }
    } catch (IOException | RuntimeException e) {
      // Without the cause, whose text may show parts of the key.
      throw new IllegalArgumentException("The " + what + " is damaged or cut short");
    }
    return blocks.build();
  }

  private static void checkPair(PrivateKey key, PublicKey publicKey, KeyKind kind) {
    byte[] probe = {1};
    try {
      Signature signature = Signature.getInstance(kind.signature);
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      if (signature.verify(signed)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      // Keys of two kinds or sizes: no pair either.
      throw new IllegalArgumentException(MISMATCH, e);
    }
    throw new IllegalArgumentException(MISMATCH);
  }

  private static SSLContext context(PrivateKey key, List<X509Certificate> chain) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, NO_PASSWORD);
      store.setKeyEntry("tls", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
      keys.init(store, NO_PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "The certificates are no chain: each must be followed by its issuer's", e);
    }
  }

  X509Certificate certificate() {
    return certificate;
  }

  SSLContext context() {
    return context;
  }

  /** Returns the subject and the last day, for a log. */
  @Override
  public String toString() {
    return certificate.getSubjectX500Principal()
        + ", valid until "
        + certificate.getNotAfter().toInstant();
  }

  /** What a key may be: what certificate authorities sign, and clients take. */
  private enum KeyKind {
    RSA("1.2.840.113549.1.1.1", "SHA256withRSA"),
    EC("1.2.840.10045.2.1", "SHA256withECDSA"),
    ED25519("1.3.101.112", "Ed25519");

    private final String identifier;
    private final String signature;

    KeyKind(String identifier, String signature) {
      this.identifier = identifier;
      this.signature = signature;
    }

    static KeyKind of(PrivateKeyInfo key) {
      String identifier = key.getPrivateKeyAlgorithm().getAlgorithm().getId();
      return Stream.of(values())
          .filter(kind -> kind.identifier.equals(identifier))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "The private key is of the kind "
                          + identifier
                          + "; valid are RSA, EC and Ed25519"));
    }

    PrivateKey privateKey(PrivateKeyInfo key) {
      try {
        return KeyFactory.getInstance(name())
            .generatePrivate(new PKCS8EncodedKeySpec(key.getEncoded()));
      } catch (IOException | GeneralSecurityException e) {
        // Without the cause, as above.
        throw new IllegalArgumentException("The " + name() + " key is damaged, or not for TLS");
      }
    }
  }
}
