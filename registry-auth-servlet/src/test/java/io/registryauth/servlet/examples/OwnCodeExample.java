// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import io.registryauth.TokenService;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The library alone, in code of one's own. */
final class OwnCodeExample {
  private OwnCodeExample() {}

  static TokenService tokenService(Path directory) throws IOException {
    // [start]
    SigningKey key =
        SigningKey.fromPem(
            Files.readString(directory.resolve("tls.key")),
            Files.readString(directory.resolve("tls.crt")),
            KeyIdStyle.fixed("registry-auth-jwt-signer"));
    var store = new InMemoryCredentialStore().put("test-build", "test-password-123");
    TokenService tokens =
        TokenService.builder(
                TokenIssuer.builder(key).build(), new CredentialStoreAuthenticator(store))
            .build();
    // [end]
    return tokens;
  }

  static String answer(TokenService tokens, String query, String authorization) {
    // [start]
    TokenResponse response =
        tokens.respond(TokenRequest.builder().query(query).authorization(authorization).build());
    String answer = response.status() + " " + response.body(); // and response.headers()
    // [end]
    return answer;
  }
}
