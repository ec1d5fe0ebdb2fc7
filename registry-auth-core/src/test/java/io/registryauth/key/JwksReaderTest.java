// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JwksReaderTest {
  @ParameterizedTest
  @ValueSource(strings = {"rsa-2048.crt", "ec-256.crt", "ed25519.crt"})
  void read_whatWasBuilt_isTheKey(String file) {
    VerificationKey key = VerificationKey.fromPem(pem(file), KeyIdStyle.fixed("signer"));
    VerificationKey read = JwksReader.read(new JwksBuilder().add(key).build()).get(0);
    assertThat(read.keyId()).isEqualTo("signer");
    assertThat(read.thumbprint()).isEqualTo(key.thumbprint());
  }

  @Test
  void read_keysThatSignNoTokens_areLeftOut() {
    VerificationKey key = VerificationKey.fromPem(pem("ec-256.crt"), KeyIdStyle.fixed("signer"));
    String own = new JwksBuilder().add(key).build();
    String more =
        own.replace(
            "\"keys\": [",
            "\"keys\": [{\"kty\": \"oct\", \"kid\": \"secret\", \"k\": \"AAAA\"},"
                + " {\"kty\": \"RSA\", \"kid\": \"weak\", \"n\": \"AQAB\", \"e\": \"AQAB\"},"
                + " {\"kty\": \"of tomorrow\"}, {\"kid\": \"nothing\"},");
    assertThat(JwksReader.read(more)).extracting(VerificationKey::keyId).containsExactly("signer");
    assertThat(JwksReader.read(own.replace("\"kid\"", "\"name\""))).isEmpty();
    assertThat(JwksReader.read("{\"keys\": []}")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no JSON", "{}", "[]", "{\"keys\": 1}", "{\"keys\": [1]}"})
  void read_whatIsNoJwkSet_isRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JwksReader.read(text))
        .withMessageContaining("no JWK Set");
  }
}
