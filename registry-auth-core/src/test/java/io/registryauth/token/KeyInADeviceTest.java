// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A private key that signs and shows no encoding, as one of a device that it never leaves. */
class KeyInADeviceTest {
  private final SigningKey key =
      SigningKey.of(
          withoutEncoding(TestKeys.signingKey().privateKey()),
          TestKeys.signingKey().verificationKey().publicKey(),
          KeyIdStyle.fixed("device"));

  private static PrivateKey withoutEncoding(PrivateKey key) {
    InvocationHandler handler =
        (proxy, method, arguments) ->
            method.getName().equals("getEncoded") ? null : method.invoke(key, arguments);
    return (PrivateKey)
        Proxy.newProxyInstance(
            KeyInADeviceTest.class.getClassLoader(),
            new Class<?>[] {RSAPrivateCrtKey.class},
            handler);
  }

  @Test
  void issuer_signsWithIt() {
    List<Access> none = List.of();
    IssuedToken token =
        TokenIssuer.builder(key).build().issue(new Grant("team", "docker-registry", none));

    assertThat(token.keyId()).isEqualTo("device");
  }

  @Test
  void refreshTokens_cannotDeriveAKeyFromIt_andSaySo() {
    RefreshTokens.Builder builder = RefreshTokens.builder(key, new InMemoryCredentialStore());

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("The key device has no encoding to derive a key from");
  }
}
