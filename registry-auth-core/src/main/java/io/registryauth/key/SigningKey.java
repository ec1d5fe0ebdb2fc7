// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.ImmutableList;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.List;

/**
 * The private key that signs tokens, with the public key, the key id and the certificates that go
 * with it. {@link #toString} shows the key id alone. Immutable.
 */
public final class SigningKey {
  private static final String PROBE_ALGORITHM = "SHA256withRSA";

  private static final String MISMATCH =
      "The private key does not match the certificate: what it signs, the certificate's public key"
          + " does not verify";

  private final PrivateKey privateKey;
  private final VerificationKey verificationKey;
  private final ImmutableList<X509Certificate> certificates;

  private SigningKey(
      PrivateKey privateKey,
      VerificationKey verificationKey,
      ImmutableList<X509Certificate> certificates) {
    this.privateKey = privateKey;
    this.verificationKey = verificationKey;
    this.certificates = certificates;
    checkExponent(verificationKey.publicKey().getPublicExponent());
    checkPair(privateKey, verificationKey.publicKey());
  }

  /**
   * Takes a key without a certificate.
   *
   * @param privateKey an RSA private key
   * @param publicKey the RSA public key of the same pair
   * @param style how the key gets its id
   * @throws IllegalArgumentException if they are no pair, have under 2048 bits, or a public
   *     exponent over 2147483647, which registries do not take
   */
  public static SigningKey of(PrivateKey privateKey, RSAPublicKey publicKey, KeyIdStyle style) {
    VerificationKey verificationKey = new VerificationKey(style.keyIdOf(publicKey), publicKey);
    return new SigningKey(privateKey, verificationKey, ImmutableList.of());
  }

  /**
   * Reads a key and its certificate, such as the {@code tls.key} and {@code tls.crt} of a
   * Kubernetes TLS Secret.
   *
   * @param keyPem the text of a PEM file with an RSA private key, PKCS#1 or PKCS#8, not encrypted
   * @param certificatePem the text of a PEM file with the key's certificate, and then those of the
   *     authorities that issued it, if any
   * @param style how the key gets its id
   * @throws IllegalArgumentException if a text is not that, if the certificate is not the key's, or
   *     if the key has under 2048 bits; the message says which, and shows no part of the key
   */
  public static SigningKey fromPem(String keyPem, String certificatePem, KeyIdStyle style) {
    PrivateKey privateKey = PemFile.parse(keyPem).privateKey();
    ImmutableList<X509Certificate> certificates = PemFile.parse(certificatePem).certificates();
    VerificationKey verificationKey = VerificationKey.fromPem(certificatePem, style);
    return new SigningKey(privateKey, verificationKey, certificates);
  }

  /** What is beyond 31 bits, registries read from a JWK Set and then refuse each token. */
  private static void checkExponent(BigInteger exponent) {
    if (exponent.bitLength() >= Integer.SIZE) {
      throw new IllegalArgumentException(
          "The public exponent of the RSA key is "
              + exponent
              + "; registries take at most "
              + Integer.MAX_VALUE);
    }
  }

  private static void checkPair(PrivateKey privateKey, RSAPublicKey publicKey) {
    byte[] probe = {1};
    try {
      Signature signature = Signature.getInstance(PROBE_ALGORITHM);
      signature.initSign(privateKey);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      if (signature.verify(signed)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      // A signature of another length, or a broken key: no pair either.
      throw new IllegalArgumentException(MISMATCH, e);
    }
    throw new IllegalArgumentException(MISMATCH);
  }

  /** Returns the private key. */
  public PrivateKey privateKey() {
    return privateKey;
  }

  /** Returns the key's id, the {@code kid} header of the tokens that it signs. */
  public String keyId() {
    return verificationKey.keyId();
  }

  /** Returns the public part, for a JWK Set. */
  public VerificationKey verificationKey() {
    return verificationKey;
  }

  /** Returns the certificate of the key and its issuers, the key's own first; may be empty. */
  public List<X509Certificate> certificates() {
    return certificates;
  }

  /** Returns the key id, and nothing of the key. */
  @Override
  public String toString() {
    return "SigningKey[" + keyId() + "]";
  }
}
