// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerificationKeyTest {
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");

  @ParameterizedTest
  @CsvSource({
    "rsa-2048.crt, 2048",
    "rsa-2048.chain.crt, 2048",
    "rsa-2048.pkcs1.key, 2048",
    "rsa-2048.pkcs8.key, 2048",
    "rsa-4096.crt, 4096",
    "rsa-exponent-3.crt, 2048",
  })
  void fromPem_certificateOrPrivateKey_isItsPublicKey(String file, int bits) {
    VerificationKey key = VerificationKey.fromPem(pem(file), STYLE);

    assertThat(key.keyId()).isEqualTo("signer");
    assertThat(((RSAPublicKey) key.publicKey()).getModulus().bitLength()).isEqualTo(bits);
    assertThat(key.algorithm()).isEqualTo("RS256");
  }

  @ParameterizedTest
  @CsvSource({
    "ec-256.crt, ES256",
    "ec-256.pkcs8.key, ES256",
    "ec-256.sec1.key, ES256",
    "ed25519.crt, EdDSA",
    "ed25519.key, EdDSA",
  })
  void fromPem_keyOnACurve_decidesItsAlgorithm(String file, String algorithm) {
    VerificationKey key = VerificationKey.fromPem(pem(file), STYLE);

    assertThat(key.algorithm()).isEqualTo(algorithm);
    assertThat(key)
        .isEqualTo(VerificationKey.fromPem(pem(file.replaceAll("\\..*", ".crt")), STYLE));
  }

  /** A registry reads such an entry of a JWK Set, and then refuses each token. */
  @Test
  void fromPem_exponentThatRegistriesRefuse_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VerificationKey.fromPem(pem("rsa-exponent-4294967297.crt"), STYLE))
        .withMessageContainingAll("public exponent", "4294967297", "at most 2147483647");
  }

  /** One such entry of a JWK Set stops a registry from starting. */
  @Test
  void constructor_noPointOfTheCurve_isRefused() throws GeneralSecurityException {
    ECPublicKey key = (ECPublicKey) PemFile.parse(pem("ec-256.crt")).publicKey();
    ECPoint point = key.getW();
    ECPoint beside = new ECPoint(point.getAffineX(), point.getAffineY().add(BigInteger.ONE));
    PublicKey other =
        KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(beside, key.getParams()));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VerificationKey("signer", other))
        .withMessageStartingWith("The EC key is no point of its curve; valid are");
  }

  @Test
  void fromPem_keyAndItsCertificate_areEqual() {
    assertThat(VerificationKey.fromPem(pem("rsa-2048.pkcs1.key"), STYLE))
        .isEqualTo(VerificationKey.fromPem(pem("rsa-2048.crt"), STYLE))
        .isNotEqualTo(VerificationKey.fromPem(pem("rsa-2048-other.crt"), STYLE));
  }

  @ParameterizedTest
  @CsvSource({
    "rsa-1024.crt, The RSA key has 1024 bits; at least 2048 are needed",
    "rsa-1024.key, The RSA key has 1024 bits; at least 2048 are needed",
    "rsa-pss.crt, The key is RSASSA-PSS; $VALID",
    "rsa-pss.key, The private key is damaged or of another kind; $VALID",
    "ec-384.crt, The EC key is on another curve than P-256; $VALID",
    "ec-384.key, The EC key is on another curve than P-256; $VALID",
    "ec-384.sec1.key, The EC key is on another curve than P-256; $VALID",
    "ec-256k1.crt, The EC key is on another curve than P-256; $VALID",
    "ec-sm2.crt, The certificate is damaged or its key is of another kind; $VALID",
    "ec-sm2.key, The private key is damaged or of another kind; $VALID",
    "ed448.crt, The key is Ed448; $VALID",
    "ed448.key, The private key is damaged or of another kind; $VALID",
  })
  void fromPem_unusableKey_isRefused(String file, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VerificationKey.fromPem(pem(file), STYLE))
        .withMessage(
            message.replace(
                "$VALID",
                "valid are RSA keys of at least 2048 bits, EC keys on the curve P-256, and Ed25519"
                    + " keys"));
  }

  @Test
  void constructor_invalidKeyId_isRefused() {
    VerificationKey key = VerificationKey.fromPem(pem("rsa-2048.crt"), STYLE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VerificationKey("a\"b", key.publicKey()))
        .withMessageContaining("The key id is \"a\"b\"");
  }
}
