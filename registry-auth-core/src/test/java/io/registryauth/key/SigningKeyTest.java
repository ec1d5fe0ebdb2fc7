// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SigningKeyTest {
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");
  private static final String MISMATCH =
      "The private key does not match the certificate: what it signs, the certificate's public key"
          + " does not verify";

  @ParameterizedTest
  @ValueSource(strings = {"rsa-2048.pkcs1.key", "rsa-2048.pkcs8.key"})
  void fromPem_keyAndItsCertificate_belongTogether(String keyFile) {
    SigningKey key = SigningKey.fromPem(pem(keyFile), pem("rsa-2048.crt"), STYLE);

    assertThat(key.keyId()).isEqualTo("signer");
    assertThat(key.privateKey()).isEqualTo(PemFile.parse(pem("rsa-2048.pkcs8.key")).privateKey());
    assertThat(key.verificationKey())
        .isEqualTo(VerificationKey.fromPem(pem("rsa-2048.crt"), STYLE));
    assertThat(key.certificates()).isEqualTo(PemFile.parse(pem("rsa-2048.crt")).certificates());
    assertThat(key).hasToString("SigningKey[signer]");
  }

  @Test
  void fromPem_chain_hasAllCertificates() {
    SigningKey key =
        SigningKey.fromPem(pem("rsa-2048.pkcs8.key"), pem("rsa-2048.chain.crt"), STYLE);

    assertThat(key.certificates()).hasSize(2);
    assertThat(key.certificates().get(0).getPublicKey())
        .isEqualTo(key.verificationKey().publicKey());
  }

  @ParameterizedTest
  @CsvSource({
    "rsa-2048.pkcs8.key, rsa-2048.crt, RS256",
    "ec-256.pkcs8.key, ec-256.crt, ES256",
    "ec-256.sec1.key, ec-256.crt, ES256",
    "ed25519.key, ed25519.crt, EdDSA"
  })
  void fromPem_keyOfEachKind_decidesItsAlgorithm(
      String keyFile, String certificateFile, String algorithm) {
    SigningKey key = SigningKey.fromPem(pem(keyFile), pem(certificateFile), STYLE);

    assertThat(key.algorithm()).isEqualTo(algorithm).isEqualTo(key.verificationKey().algorithm());
    assertThat(key).hasToString("SigningKey[signer]");
  }

  @ParameterizedTest
  @CsvSource({
    "ec-256-other.key, ec-256.crt",
    "ec-256.sec1.key, ec-256-other.crt",
    "ec-384.key, ec-256.crt",
    "ed25519.key, ec-256.crt",
    "rsa-2048.pkcs8.key, ed25519.crt",
    "ec-256.pkcs8.key, ed25519.crt",
    "ec-256.pkcs8.key, rsa-2048.crt"
  })
  void fromPem_certificateOfAnotherKeyOfAnyKind_isRefused(String keyFile, String certificateFile) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.fromPem(pem(keyFile), pem(certificateFile), STYLE))
        .withMessage(MISMATCH);
  }

  @ParameterizedTest
  @CsvSource({"rsa-2048-other.crt", "rsa-4096.crt", "rsa-exponent-3.crt"})
  void fromPem_certificateOfAnotherKey_isRefused(String certificateFile) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> SigningKey.fromPem(pem("rsa-2048.pkcs8.key"), pem(certificateFile), STYLE))
        .withMessage(MISMATCH);
  }

  @Test
  void fromPem_chainWithTheIssuerFirst_isRefused() {
    String chain = pem("rsa-2048.chain.crt");
    int second = chain.lastIndexOf("-----BEGIN");
    String reversed = chain.substring(second) + chain.substring(0, second);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.fromPem(pem("rsa-2048.pkcs8.key"), reversed, STYLE))
        .withMessage(MISMATCH);
  }

  @Test
  void fromPem_shortKey_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.fromPem(pem("rsa-1024.key"), pem("rsa-1024.crt"), STYLE))
        .withMessage("The RSA key has 1024 bits; at least 2048 are needed");
  }

  @Test
  void fromPem_filesInterchanged_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.fromPem(pem("rsa-2048.crt"), pem("rsa-2048.pkcs8.key"), STYLE))
        .withMessageContaining("no private key (PKCS#8, PKCS#1 or SEC1)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> SigningKey.fromPem(pem("rsa-2048.pkcs8.key"), pem("rsa-2048.pkcs8.key"), STYLE))
        .withMessageContaining("no certificate");
  }

  @Test
  void of_keyPair_hasNoCertificate() {
    PrivateKey privateKey = PemFile.parse(pem("rsa-2048.pkcs8.key")).privateKey();
    PublicKey publicKey = PemFile.parse(pem("rsa-2048.crt")).publicKey();

    SigningKey key = SigningKey.of(privateKey, publicKey, STYLE);

    assertThat(key.certificates()).isEmpty();
    assertThat(key.keyId()).isEqualTo("signer");
    assertThat(key.privateKey()).isSameAs(privateKey);
    assertThat(key.verificationKey().publicKey()).isSameAs(publicKey);
  }

  @Test
  void of_keysOfDifferentPairs_areRefused() throws GeneralSecurityException {
    PublicKey publicKey = PemFile.parse(pem("rsa-2048.crt")).publicKey();
    PrivateKey other = PemFile.parse(pem("rsa-2048-other.key")).privateKey();
    PrivateKey ellipticCurve = KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.of(other, publicKey, STYLE))
        .withMessage(MISMATCH);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.of(ellipticCurve, publicKey, STYLE))
        .withMessage(MISMATCH);
  }

  @Test
  void of_numberThatNoKeyIs_isRefused() throws GeneralSecurityException {
    ECPublicKey publicKey = (ECPublicKey) PemFile.parse(pem("ec-256.crt")).publicKey();
    ECParameterSpec curve = publicKey.getParams();
    for (BigInteger number : List.of(BigInteger.ZERO, curve.getOrder())) {
      PrivateKey key =
          KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(number, curve));

      assertThatIllegalArgumentException()
          .isThrownBy(() -> SigningKey.of(key, publicKey, STYLE))
          .withMessage(MISMATCH);
    }
  }

  @Test
  void of_exponentThatRegistriesRefuse_isRefused() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(new RSAKeyGenParameterSpec(2048, BigInteger.valueOf(4_294_967_297L)));
    KeyPair pair = generator.generateKeyPair();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.rfc7638()))
        .withMessage(
            "The public exponent of the RSA key is 4294967297; registries take at most 2147483647");
  }

  /** Replicas may have the key in files of different form. */
  @ParameterizedTest
  @CsvSource({
    "rsa-2048.pkcs1.key, rsa-2048.pkcs8.key, rsa-2048.crt",
    "ec-256.sec1.key, ec-256.pkcs8.key, ec-256.crt"
  })
  void deriveSecret_sameKeyInFilesOfTwoForms_isTheSame(String one, String other, String crt) {
    byte[] secret = SigningKey.fromPem(pem(one), pem(crt), STYLE).deriveSecret("label");

    assertThat(secret)
        .hasSize(32)
        .isEqualTo(SigningKey.fromPem(pem(other), pem(crt), STYLE).deriveSecret("label"));
  }

  @Test
  void deriveSecret_privateKeyWithAnotherEncoding_isTheSame() throws GeneralSecurityException {
    SigningKey key = SigningKey.fromPem(pem("ec-256.pkcs8.key"), pem("ec-256.crt"), STYLE);
    ECPrivateKey ec = (ECPrivateKey) key.privateKey();
    PrivateKey bare =
        KeyFactory.getInstance("EC")
            .generatePrivate(new ECPrivateKeySpec(ec.getS(), ec.getParams()));

    assertThat(SigningKey.of(bare, key.verificationKey().publicKey(), STYLE).deriveSecret("label"))
        .isEqualTo(key.deriveSecret("label"));
  }

  @Test
  void deriveSecret_anotherKeyOrLabel_isAnother() {
    List<byte[]> secrets =
        List.of(
            derived("rsa-2048.pkcs8.key", "rsa-2048.crt", "label"),
            derived("rsa-2048.pkcs8.key", "rsa-2048.crt", "other"),
            derived("ec-256.pkcs8.key", "ec-256.crt", "label"),
            derived("ed25519.key", "ed25519.crt", "label"),
            derived("ed25519.key", "ed25519.crt", "other"));

    assertThat(secrets.stream().map(HexFormat.of()::formatHex)).doesNotHaveDuplicates();
  }

  private static byte[] derived(String key, String certificate, String label) {
    return SigningKey.fromPem(pem(key), pem(certificate), STYLE).deriveSecret(label);
  }
}
