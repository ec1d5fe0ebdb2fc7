// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.List;
import java.util.Optional;

/**
 * The private key that signs tokens, with the public key, the key id and the certificates that go
 * with it. Its kind decides how it signs, see {@link #algorithm}. {@link #toString} shows the key
 * id alone. Immutable.
 */
public final class SigningKey {
  private static final String MISMATCH =
      "The private key does not match the certificate: what it signs, the certificate's public key"
          + " does not verify";

  /** As it was given, which may show its number where a provider's own does not. */
  private final PrivateKey source;

  private final PrivateKey privateKey;
  private final VerificationKey verificationKey;
  private final KeyKind kind;
  private final ImmutableList<X509Certificate> certificates;
  private final Optional<Provider> provider;

  private SigningKey(
      PrivateKey source,
      PrivateKey privateKey,
      VerificationKey verificationKey,
      ImmutableList<X509Certificate> certificates,
      Optional<Provider> provider) {
    this.source = source;
    this.privateKey = privateKey;
    this.verificationKey = verificationKey;
    this.certificates = certificates;
    this.provider = provider;
    kind = KeyKind.of(verificationKey.publicKey());
  }

  private static SigningKey of(
      PrivateKey privateKey,
      VerificationKey verificationKey,
      ImmutableList<X509Certificate> certificates) {
    SigningKey key =
        new SigningKey(privateKey, privateKey, verificationKey, certificates, Optional.empty());
    if (!key.kind.isPair(privateKey, verificationKey.publicKey())) {
      throw new IllegalArgumentException(MISMATCH);
    }
    return key;
  }

  /**
   * Takes a key without a certificate.
   *
   * @param privateKey an RSA, EC or Ed25519 private key
   * @param publicKey the public key of the same pair
   * @param style how the key gets its id
   * @throws IllegalArgumentException if they are no pair, or not what registries take: an RSA key
   *     of at least 2048 bits whose public exponent is at most 2147483647, an EC key on the curve
   *     P-256, or an Ed25519 key
   */
  public static SigningKey of(PrivateKey privateKey, PublicKey publicKey, KeyIdStyle style) {
    return of(privateKey, VerificationKey.of(publicKey, style), ImmutableList.of());
  }

  /**
   * Reads a key and its certificate, such as the {@code tls.key} and {@code tls.crt} of a
   * Kubernetes TLS Secret.
   *
   * @param keyPem the text of a PEM file with an RSA, EC or Ed25519 private key: PKCS#8, PKCS#1 or
   *     SEC1, not encrypted
   * @param certificatePem the text of a PEM file with the key's certificate, and then those of the
   *     authorities that issued it, if any
   * @param style how the key gets its id
   * @throws IllegalArgumentException if a text is not that, if the certificate is not the key's, or
   *     if the key is of another kind or too weak; the message says which, and shows no part of the
   *     key
   */
  public static SigningKey fromPem(String keyPem, String certificatePem, KeyIdStyle style) {
    PrivateKey privateKey = PemFile.parse(keyPem).privateKey();
    ImmutableList<X509Certificate> certificates = PemFile.parse(certificatePem).certificates();
    VerificationKey verificationKey = VerificationKey.fromPem(certificatePem, style);
    return of(privateKey, verificationKey, certificates);
  }

  /**
   * Returns the same key, which a security provider signs with; without one, that is the first that
   * can.
   *
   * @param name the name of an installed provider, see {@link Security#getProvider}
   * @throws IllegalArgumentException if there is none of that name, if it cannot sign with the key,
   *     or if it signs what the public key does not verify
   */
  public SigningKey withProvider(String name) {
    Provider installed = Security.getProvider(name);
    if (installed == null) {
      throw new IllegalArgumentException(
          "There is no security provider " + name + "; valid is one that is installed");
    }
    try {
      PrivateKey translated = kind.translate(source, verificationKey.publicKey(), installed);
      return new SigningKey(
          source, translated, verificationKey, certificates, Optional.of(installed));
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IllegalArgumentException(
          "The security provider " + name + " cannot sign " + algorithm() + ": " + e.getMessage(),
          e);
    }
  }

  /** Returns the name of the security provider that is to sign, if it is to be one by its name. */
  public Optional<String> provider() {
    return provider.map(Provider::getName);
  }

  /**
   * Signs a text by {@link #algorithm}.
   *
   * @param input what to sign: the header and the payload of a JWS
   * @return the signature, in the form that <a href="https://www.rfc-editor.org/rfc/rfc7515">RFC
   *     7515</a> has it
   * @throws IllegalStateException if the key cannot sign any more, as one that is in a device may
   */
  public byte[] sign(byte[] input) {
    try {
      return kind.sign(input, privateKey, provider);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("The key " + keyId() + " cannot sign any more", e);
    }
  }

  /** Returns the private key that signs: the provider's own, where there is one. */
  public PrivateKey privateKey() {
    return privateKey;
  }

  /**
   * Derives a secret that nobody without the private key can tell, and that tells nothing of it:
   * the HMAC-SHA-256 of the label under the SHA-256 of the key's secret number. It is the same
   * wherever the key is, however its file is written and whichever provider read it or signs.
   *
   * @param label what the secret is for
   * @return 32 bytes
   * @throws IllegalArgumentException if the private key does not show its number, as one that never
   *     leaves its device
   */
  public byte[] deriveSecret(String label) {
    byte[] own = Hashing.sha256().hashBytes(secretNumber()).asBytes();
    return Hashing.hmacSha256(own).hashString(label, UTF_8).asBytes();
  }

  private byte[] secretNumber() {
    if (source instanceof RSAPrivateKey rsa) {
      return rsa.getPrivateExponent().toByteArray();
    }
    if (source instanceof ECPrivateKey ec) {
      return ec.getS().toByteArray();
    }
    return Optional.of(source)
        .filter(EdECPrivateKey.class::isInstance)
        .flatMap(key -> ((EdECPrivateKey) key).getBytes())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "The private key " + keyId() + " shows no number to derive a secret from"));
  }

  /** Returns the key's id, the {@code kid} header of the tokens that it signs. */
  public String keyId() {
    return verificationKey.keyId();
  }

  /**
   * Returns the algorithm that the key signs with, as {@link VerificationKey#algorithm} has it; the
   * {@code alg} header of its tokens.
   */
  public String algorithm() {
    return kind.algorithm();
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
