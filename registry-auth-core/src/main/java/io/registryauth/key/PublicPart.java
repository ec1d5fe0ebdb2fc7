// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.Lists;
import com.google.common.primitives.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.KeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import java.util.List;
import javax.crypto.KeyAgreement;

/**
 * Computes the public key of a private one, whose file need not hold it.
 *
 * <p>The JDK has no method for that on a curve, but multiplies a point by a private key for key
 * agreement; with the curve's base point the result is the public key, but for the sign of one
 * coordinate. Which of the two keys it is, a signature tells.
 */
final class PublicPart {
  private static final BigInteger X25519_BASE = BigInteger.valueOf(9);
  private static final BigInteger X25519_PRIME =
      BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

  private PublicPart() {}

  /**
   * Returns the public key.
   *
   * @throws IllegalArgumentException if the key is of no kind that signs tokens, or broken
   */
  static PublicKey of(PrivateKey key) {
    try {
      if (key instanceof RSAPrivateCrtKey rsa) {
        return publicKey("RSA", new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent()));
      }
      if (key instanceof ECPrivateKey ec) {
        return ec(ec);
      }
      if (key instanceof EdECPrivateKey edwards) {
        return ed25519(edwards);
      }
    } catch (GeneralSecurityException | IllegalStateException | ArithmeticException e) {
      // The JDK throws the second kind for numbers that a private key must not be.
      // Without the cause, whose text may show parts of the key.
      throw new IllegalArgumentException(PemFile.DAMAGED);
    }
    throw new IllegalArgumentException("The private key does not hold its public exponent");
  }

  private static PublicKey publicKey(String name, KeySpec spec) throws GeneralSecurityException {
    return KeyFactory.getInstance(name).generatePublic(spec);
  }

  private static PublicKey ec(ECPrivateKey key) throws GeneralSecurityException {
    ECParameterSpec curve = key.getParams();
    KeyKind.checkCurve(curve);
    PublicKey base = publicKey("EC", new ECPublicKeySpec(curve.getGenerator(), curve));
    BigInteger x = new BigInteger(1, agree("ECDH", key, base));
    BigInteger prime = KeyKind.prime();
    // A square root, since the prime is 3 modulo 4.
    BigInteger y = KeyKind.ySquared(x).modPow(prime.add(BigInteger.ONE).shiftRight(2), prime);
    PublicKey positive = publicKey("EC", new ECPublicKeySpec(new ECPoint(x, y), curve));
    ECPoint negative = new ECPoint(x, prime.subtract(y));
    return pairOf(key, KeyKind.EC, positive, publicKey("EC", new ECPublicKeySpec(negative, curve)));
  }

  /** RFC 8032, section 5.1.5, and the map from curve25519 of RFC 7748, section 4.1. */
  private static PublicKey ed25519(EdECPrivateKey key) throws GeneralSecurityException {
    byte[] seed = key.getBytes().orElseThrow(() -> new IllegalArgumentException(PemFile.DAMAGED));
    byte[] scalar = Arrays.copyOf(MessageDigest.getInstance("SHA-512").digest(seed), 32);
    PrivateKey private25519 =
        KeyFactory.getInstance("X25519")
            .generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, scalar));
    PublicKey base =
        publicKey("X25519", new XECPublicKeySpec(NamedParameterSpec.X25519, X25519_BASE));
    BigInteger u = littleEndian(agree("X25519", private25519, base));
    BigInteger y =
        u.subtract(BigInteger.ONE)
            .multiply(u.add(BigInteger.ONE).modInverse(X25519_PRIME))
            .mod(X25519_PRIME);
    return pairOf(key, KeyKind.ED25519, ed25519(false, y), ed25519(true, y));
  }

  private static PublicKey ed25519(boolean odd, BigInteger y) throws GeneralSecurityException {
    return publicKey(
        "Ed25519", new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(odd, y)));
  }

  private static byte[] agree(String algorithm, PrivateKey key, PublicKey base)
      throws GeneralSecurityException {
    KeyAgreement agreement = KeyAgreement.getInstance(algorithm);
    agreement.init(key);
    agreement.doPhase(base, true);
    return agreement.generateSecret();
  }

  private static BigInteger littleEndian(byte[] bytes) {
    return new BigInteger(1, Bytes.toArray(Lists.reverse(Bytes.asList(bytes))));
  }

  private static PublicKey pairOf(
      PrivateKey key, KeyKind kind, PublicKey candidate, PublicKey other) {
    return List.of(candidate, other).stream()
        .filter(publicKey -> kind.isPair(key, publicKey))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(PemFile.DAMAGED));
  }
}
