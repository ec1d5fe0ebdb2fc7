// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.net.HostAndPort;
import io.registryauth.TokenService;
import io.registryauth.credential.Authenticator;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.io.IOException;
import java.security.KeyPair;

/** Makes servers on free ports, with a key of their own, that a test closes. */
final class TestServer {
  static final HostAndPort ANY = HostAndPort.fromParts("127.0.0.1", 0);
  static final String JWKS = "{\"keys\":[]}";

  private TestServer() {}

  /** Returns a new key, of a kind that is soon made and signs quickly. */
  static SigningKey key(String keyId) {
    try {
      KeyPair pair = TestCertificate.ec("secp256r1");
      return SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed(keyId));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  static TokenService tokens(Authenticator authenticator, Metrics metrics) {
    return TokenService.builder(TokenIssuer.builder(key("signer")).build(), authenticator)
        .listener(metrics.listener())
        .build();
  }

  static RegistryAuthServer start(Authenticator authenticator) throws IOException {
    return start(ListenAddress.plain(ANY), authenticator, new Metrics());
  }

  static RegistryAuthServer start(
      ListenAddress address, Authenticator authenticator, Metrics metrics) throws IOException {
    return RegistryAuthServer.start(
        address, ANY, tokens(authenticator, metrics), () -> JWKS, metrics);
  }
}
