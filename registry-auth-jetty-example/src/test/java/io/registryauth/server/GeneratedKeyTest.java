// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class GeneratedKeyTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  @Test
  void like_keyOfEachKind_isAnotherOfThatKind_withACertificateForTenYears() throws Exception {
    for (KeyPair pair :
        new KeyPair[] {
          TestCertificate.rsa(), TestCertificate.ec("secp256r1"), TestCertificate.ed25519()
        }) {
      SigningKey model = SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.rfc7638());
      GeneratedKey generated = GeneratedKey.like(model, NOW);
      SigningKey key =
          SigningKey.fromPem(generated.keyPem(), generated.certificatePem(), KeyIdStyle.rfc7638());
      assertThat(key.algorithm()).isEqualTo(model.algorithm());
      assertThat(key.keyId()).isNotEqualTo(model.keyId());
      assertThat(key.certificates().get(0).getNotBefore().toInstant()).isBefore(NOW);
      assertThat(key.certificates().get(0).getNotAfter().toInstant())
          .isEqualTo("2036-11-22T12:00:00Z");
      if (pair.getPublic() instanceof RSAPublicKey rsa) {
        assertThat(((RSAPublicKey) key.verificationKey().publicKey()).getModulus().bitLength())
            .isEqualTo(rsa.getModulus().bitLength());
      }
      assertThat(generated).hasToString("GeneratedKey");
    }
  }
}
