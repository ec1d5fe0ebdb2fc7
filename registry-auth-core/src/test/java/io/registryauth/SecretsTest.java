// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.TestKeys;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.math.BigInteger;
import java.security.interfaces.RSAPrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What may reach a log by way of a {@code toString} shows no password, token or key. */
class SecretsTest {
  private static final String PASSWORD = "correct-horse-battery-staple";

  private final TokenRequest request =
      TestRequests.withBasic(
          "team", PASSWORD, "service=docker-registry&offline_token=true&password=" + PASSWORD);

  @TestFactory
  Stream<DynamicTest> toString_anyValueWithASecret_leavesItOut() {
    Password password = Password.of(PASSWORD);
    List<TokenDecision> decisions = new ArrayList<>();
    InMemoryCredentialStore store = new InMemoryCredentialStore().put("team", PASSWORD);
    TokenResult.Issued issued =
        (TokenResult.Issued)
            TokenService.builder(
                    TokenIssuer.builder(TestKeys.signingKey()).build(),
                    new CredentialStoreAuthenticator(store))
                .refreshTokens(RefreshTokens.builder(TestKeys.signingKey(), store).build())
                .listener(decisions::add)
                .build()
                .issue(request);
    List<String> secrets =
        Stream.of(issued.token().value(), issued.refreshToken().orElseThrow().value())
            .flatMap(token -> secrets(token).stream())
            .toList();

    return Stream.of(
            password,
            new Credentials("team", password),
            new StoredCredentials("team", List.of(StoredPassword.of(password))),
            StoredPassword.of(password),
            request,
            issued.token(),
            issued.refreshToken().orElseThrow(),
            issued,
            TokenResponse.of(issued, request, "docker-registry"),
            decisions.get(0),
            TestKeys.signingKey())
        .map(
            value ->
                DynamicTest.dynamicTest(
                    value.getClass().getSimpleName(),
                    () -> assertThat(value.toString()).doesNotContain(secrets)));
  }

  /** Each secret in the forms in which it is around. */
  private static List<String> secrets(String token) {
    RSAPrivateKey key = (RSAPrivateKey) TestKeys.signingKey().privateKey();
    BigInteger exponent = key.getPrivateExponent();
    return List.of(
        PASSWORD,
        Base64.getEncoder().encodeToString(PASSWORD.getBytes(UTF_8)),
        TestRequests.basic("team", PASSWORD).substring("Basic ".length()),
        token,
        token.substring(0, token.indexOf('.')),
        token.substring(token.lastIndexOf('.') + 1),
        exponent.toString(),
        exponent.toString(16),
        Base64.getEncoder().encodeToString(key.getEncoded()).substring(0, 64));
  }
}
