// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import java.util.Optional;
import org.jose4j.jws.JsonWebSignature;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class NativeSigningTest {
  private static KeyPair pair(String algorithm) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    if (algorithm.equals("RSA")) {
      generator.initialize(2048);
    } else if (algorithm.equals("EC")) {
      generator.initialize(new ECGenParameterSpec("secp256r1"));
    }
    return generator.generateKeyPair();
  }

  /** The JDK verifies what native code signs. */
  @ParameterizedTest
  @CsvSource({
    "RSA, AmazonCorrettoCryptoProvider",
    "EC, AmazonCorrettoCryptoProvider",
    "Ed25519, " // which it does not have: the JDK signs
  })
  void apply_keyOfEachKind_signsWhatItsPublicKeyVerifies(
      String algorithm, @Nullable String provider) throws Exception {
    KeyPair pair = pair(algorithm);
    SigningKey key =
        NativeSigning.install()
            .apply(SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.rfc7638()));

    assertThat(key.provider()).isEqualTo(Optional.ofNullable(provider));
    String token =
        TokenIssuer.builder(key)
            .build()
            .issue(new Grant("team", "docker-registry", List.of()))
            .value();
    JsonWebSignature signed = new JsonWebSignature();
    signed.setCompactSerialization(token);
    signed.setKey(pair.getPublic());
    assertThat(signed.verifySignature()).isTrue();
  }
}
