// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
    assertThat(key.publicKey().getModulus().bitLength()).isEqualTo(bits);
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
    "ec-256.crt, The certificate's key is EC; an RSA key is needed",
    "ec-256.pkcs8.key, The private key is damaged or no RSA key",
  })
  void fromPem_unusableKey_isRefused(String file, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VerificationKey.fromPem(pem(file), STYLE))
        .withMessage(message);
  }

  @Test
  void constructor_invalidKeyId_isRefused() {
    VerificationKey key = VerificationKey.fromPem(pem("rsa-2048.crt"), STYLE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VerificationKey("a\"b", key.publicKey()))
        .withMessageContaining("The key id is \"a\"b\"");
  }
}
