// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.NamedParameterSpec;
import java.util.Optional;
import org.jose4j.jws.EcdsaUsingShaAlgorithm;

/**
 * The kinds of keys that tokens are signed with. Which algorithm a key signs with is decided here,
 * by the key alone.
 */
enum KeyKind {
  RSA("RS256", "SHA256withRSA", "RSA"),
  EC("ES256", "SHA256withECDSA", "EC"),
  ED25519("EdDSA", "Ed25519", "Ed25519");

  /** What a message says of all kinds. */
  static final String VALID =
      "valid are RSA keys of at least 2048 bits, EC keys on the curve P-256, and Ed25519 keys";

  private static final int MIN_RSA_BITS = 2048;

  private static final int P256_SIGNATURE_BYTES = 64;

  private static final ECParameterSpec P256 = p256();

  private final String algorithm;
  private final String signature;
  private final String keys;

  KeyKind(String algorithm, String signature, String keys) {
    this.algorithm = algorithm;
    this.signature = signature;
    this.keys = keys;
  }

  /**
   * Returns the kind of a key.
   *
   * @throws IllegalArgumentException if it is of none, too weak, on another curve, or has a public
   *     exponent that registries do not take
   */
  @CanIgnoreReturnValue
  static KeyKind of(PublicKey key) {
    // By the name too: a key that is bound to RSASSA-PSS is an RSAPublicKey, but never signs RS256.
    if (key instanceof RSAPublicKey rsa && key.getAlgorithm().equals("RSA")) {
      checkModulus(rsa.getModulus());
      checkExponent(rsa.getPublicExponent());
      return RSA;
    }
    if (key instanceof ECPublicKey ec) {
      checkCurve(ec.getParams());
      checkPoint(ec.getW());
      return EC;
    }
    if (key instanceof EdECPublicKey edwards
        && edwards.getParams().getName().equals(NamedParameterSpec.ED25519.getName())) {
      return ED25519;
    }
    String name =
        key instanceof EdECPublicKey other ? other.getParams().getName() : key.getAlgorithm();
    throw new IllegalArgumentException("The key is " + name + "; " + VALID);
  }

  private static void checkModulus(BigInteger modulus) {
    if (modulus.bitLength() < MIN_RSA_BITS) {
      throw new IllegalArgumentException(
          "The RSA key has "
              + modulus.bitLength()
              + " bits; at least "
              + MIN_RSA_BITS
              + " are needed");
    }
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

  /** Refuses a curve other than P-256, the only one that ES256 may have. */
  static void checkCurve(ECParameterSpec curve) {
    boolean same =
        curve.getCurve().equals(P256.getCurve())
            && curve.getGenerator().equals(P256.getGenerator())
            && curve.getOrder().equals(P256.getOrder());
    if (!same) {
      throw new IllegalArgumentException("The EC key is on another curve than P-256; " + VALID);
    }
  }

  /** Refuses what is no point of P-256: one such entry stops a registry from starting. */
  private static void checkPoint(ECPoint point) {
    if (point.equals(ECPoint.POINT_INFINITY)) {
      throw new IllegalArgumentException("The EC key is the point at infinity; " + VALID);
    }
    BigInteger prime = prime();
    BigInteger x = point.getAffineX();
    BigInteger y = point.getAffineY();
    boolean inField =
        x.signum() >= 0 && y.signum() >= 0 && x.compareTo(prime) < 0 && y.compareTo(prime) < 0;
    if (!inField || !y.pow(2).mod(prime).equals(ySquared(x))) {
      throw new IllegalArgumentException("The EC key is no point of its curve; " + VALID);
    }
  }

  private static ECParameterSpec p256() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp256r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no curve P-256", e);
    }
  }

  /** The prime of the field of P-256. */
  static BigInteger prime() {
    return ((ECFieldFp) P256.getCurve().getField()).getP();
  }

  /** The right side of the equation of P-256. */
  static BigInteger ySquared(BigInteger x) {
    BigInteger a = P256.getCurve().getA();
    BigInteger b = P256.getCurve().getB();
    return x.pow(3).add(a.multiply(x)).add(b).mod(prime());
  }

  /** The name of RFC 7518, or RFC 8037, for the header of a token. */
  String algorithm() {
    return algorithm;
  }

  /**
   * Signs as RFC 7515 has it.
   *
   * @param provider the provider that is to sign, or the first that can
   */
  byte[] sign(byte[] input, PrivateKey privateKey, Optional<Provider> provider)
      throws GeneralSecurityException {
    Signature signing =
        provider.isPresent()
            ? Signature.getInstance(signature, provider.get())
            : Signature.getInstance(signature);
    byte[] signed = sign(input, privateKey, signing);
    return this == EC ? concatenated(signed) : signed;
  }

  private static byte[] sign(byte[] input, PrivateKey privateKey, Signature signing)
      throws GeneralSecurityException {
    signing.initSign(privateKey);
    signing.update(input);
    return signing.sign();
  }

  /** Two numbers of a fixed length, where the provider has them in DER. */
  private static byte[] concatenated(byte[] der) throws SignatureException {
    try {
      return EcdsaUsingShaAlgorithm.convertDerToConcatenated(der, P256_SIGNATURE_BYTES);
    } catch (IOException e) {
      throw new SignatureException("no ECDSA signature", e);
    }
  }

  /** Returns whether what the private key signs, the public key verifies. */
  boolean isPair(PrivateKey privateKey, PublicKey publicKey) {
    try {
      return verifies(Signature.getInstance(signature), privateKey, publicKey);
    } catch (GeneralSecurityException e) {
      // Keys of two kinds, a signature of another length, or a broken key: no pair either.
      return false;
    }
  }

  /**
   * Returns a private key as a provider has it.
   *
   * @throws GeneralSecurityException if the provider cannot sign with it, or signs what the public
   *     key does not verify
   */
  PrivateKey translate(PrivateKey privateKey, PublicKey publicKey, Provider provider)
      throws GeneralSecurityException {
    Key translated = KeyFactory.getInstance(keys, provider).translateKey(privateKey);
    Signature signing = Signature.getInstance(signature, provider);
    if (translated instanceof PrivateKey key && verifies(signing, key, publicKey)) {
      return key;
    }
    throw new SignatureException("what it signs, the public key does not verify");
  }

  private boolean verifies(Signature signing, PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    byte[] probe = {1};
    byte[] signed = sign(probe, privateKey, signing);
    Signature verifying = Signature.getInstance(signature);
    verifying.initVerify(publicKey);
    verifying.update(probe);
    return verifying.verify(signed);
  }
}
