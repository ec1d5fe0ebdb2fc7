// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.security.Key;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys that a provider of its own name signs with. */
class SigningKeyProviderTest {
  private static final String OURS = "SigningKeyProviderTest";
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");

  private static SigningKey key(String name) {
    return SigningKey.fromPem(pem(name + ".key"), pem(name + ".crt"), STYLE);
  }

  private static SigningKey rsa() {
    return SigningKey.fromPem(pem("rsa-2048.pkcs8.key"), pem("rsa-2048.crt"), STYLE);
  }

  @AfterEach
  void remove() {
    Security.removeProvider(OURS);
  }

  @Test
  void withProvider_installed_isTheSameKey() {
    SigningKey key = rsa();
    SigningKey changed = key.withProvider("SunRsaSign");

    assertThat(key.provider()).isEmpty();
    assertThat(changed.provider()).contains("SunRsaSign");
    assertThat(changed.keyId()).isEqualTo(key.keyId());
    assertThat(changed.verificationKey()).isEqualTo(key.verificationKey());
    assertThat(changed.certificates()).isEqualTo(key.certificates());
    assertThat(changed.deriveSecret("label")).isEqualTo(key.deriveSecret("label"));
  }

  @Test
  void withProvider_notInstalled_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rsa().withProvider("Nowhere"))
        .withMessageContaining("There is no security provider Nowhere");
  }

  @ParameterizedTest
  @CsvSource({"ed25519, SunRsaSign, EdDSA", "ed25519, SunJCE, EdDSA"})
  void withProvider_thatCannotSignWithTheKey_isRefused(
      String file, String provider, String algorithm) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> key(file).withProvider(provider))
        .withMessageContaining(
            "The security provider " + provider + " cannot sign " + algorithm + ": ");
  }

  /** Its keys are another's: the signatures are well-formed, and verify with another public key. */
  @Test
  void withProvider_thatSignsWrongly_isRefused() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    Security.addProvider(new Wrong(generator.generateKeyPair().getPrivate()));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> rsa().withProvider(OURS))
        .withMessage(
            "The security provider "
                + OURS
                + " cannot sign RS256: what it signs, the public key does not verify");
  }

  /** Signs as the JDK does, with a key of its own. */
  private static final class Wrong extends Provider {
    private static final long serialVersionUID = 1;

    Wrong(PrivateKey other) {
      super(OURS, "1", "signs with another key");
      putService(service(this, "Signature", "SHA256withRSA", Wrong::signature));
      putService(service(this, "KeyFactory", "RSA", () -> new OtherKeys(other)));
    }

    private static Object signature() throws NoSuchAlgorithmException {
      return Security.getProvider("SunRsaSign")
          .getService("Signature", "SHA256withRSA")
          .newInstance(null);
    }

    private static Service service(
        Provider provider, String type, String algorithm, Callable<Object> instance) {
      return new Service(provider, type, algorithm, OURS, List.of(), Map.of()) {
        @Override
        public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
          try {
            return instance.call();
          } catch (Exception e) {
            throw new NoSuchAlgorithmException(e);
          }
        }
      };
    }
  }

  private static final class OtherKeys extends TranslatingKeyFactory {
    private final PrivateKey other;

    OtherKeys(PrivateKey other) {
      this.other = other;
    }

    @Override
    protected Key engineTranslateKey(Key key) {
      return other;
    }
  }
}
