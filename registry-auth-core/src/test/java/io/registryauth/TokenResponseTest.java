// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.TestKeys;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenResponseTest {
  private static final TokenRequest REQUEST = TokenRequest.builder().requestId("id-1").build();
  private static final Map<String, String> COMMON_HEADERS =
      Map.of(
          "Content-Type", "application/json",
          "Cache-Control", "no-store",
          "X-Request-Id", "id-1");

  @ParameterizedTest
  @CsvSource({
    "2025-09-30T17:23:17.999Z, 2025-09-30T17:23:17Z",
    "2025-09-30T17:00:00Z, 2025-09-30T17:00:00Z",
  })
  void of_issuedToken_hasTheFieldsOfTheSpecification(Instant now, String issuedAt)
      throws JoseException {
    TokenResult.Issued issued = issued(now);

    TokenResponse response = TokenResponse.of(issued, REQUEST, "reg");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.headers()).isEqualTo(COMMON_HEADERS);
    Map<String, Object> body = JsonUtil.parseJson(response.body());
    assertThat(body.keySet()).containsExactly("token", "access_token", "expires_in", "issued_at");
    assertThat(body)
        .containsEntry("token", issued.token().value())
        .containsEntry("access_token", issued.token().value())
        .containsEntry("issued_at", issuedAt);
    // An integer: clients in Go read nothing else.
    assertThat(response.body()).contains("\"expires_in\":300,");
  }

  @Test
  void of_unauthorized_challengesForBasicCredentials() throws JoseException {
    TokenResponse response =
        TokenResponse.of(rejected(401, ErrorCode.UNAUTHORIZED, "No."), REQUEST, "my registry");

    assertThat(response.status()).isEqualTo(401);
    assertThat(response.headers())
        .isEqualTo(and("WWW-Authenticate", "Basic realm=\"my registry\", charset=\"UTF-8\""));
    assertThat(JsonUtil.parseJson(response.body())).isEqualTo(errors("UNAUTHORIZED", "No."));
  }

  @Test
  void of_unavailable_saysWhenToTryAgain() throws JoseException {
    TokenResponse response =
        TokenResponse.of(
            new TokenResult.Rejected(
                503,
                ErrorCode.UNAVAILABLE,
                "Later.",
                "reason",
                "",
                Optional.of(Duration.ofSeconds(7)),
                Optional.empty()),
            REQUEST,
            "reg");

    assertThat(response.headers()).isEqualTo(and("Retry-After", "7"));
    assertThat(JsonUtil.parseJson(response.body())).isEqualTo(errors("UNAVAILABLE", "Later."));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 414, 431})
  void of_anyOtherError_hasNoMoreHeaders(int status) {
    TokenResponse response =
        TokenResponse.of(rejected(status, ErrorCode.UNSUPPORTED, "No."), REQUEST, "reg");

    assertThat(response.status()).isEqualTo(status);
    assertThat(response.headers()).isEqualTo(COMMON_HEADERS);
  }

  @Test
  void error_anyStatus_hasTheErrorFormatOfRegistries() {
    TokenResponse response = TokenResponse.error(405, ErrorCode.UNSUPPORTED, "No.", "id-1");

    assertThat(response.status()).isEqualTo(405);
    assertThat(response.headers()).isEqualTo(COMMON_HEADERS);
    assertThat(response.body())
        .isEqualTo(
            "{\"errors\":[{\"code\":\"UNSUPPORTED\",\"message\":\"No.\","
                + "\"detail\":{\"request_id\":\"id-1\"}}]}");
  }

  @Test
  void error_attackWithMessageThatBreaksOut_isEscaped() throws JoseException {
    String message = "\"}],\\\r\n\u0000\u2028</script>";

    String body = TokenResponse.error(400, ErrorCode.UNSUPPORTED, message, "id-1").body();

    assertThat(JsonUtil.parseJson(body)).isEqualTo(errors("UNSUPPORTED", message));
    assertThat(body).doesNotContain("\r", "\n", "\u0000");
  }

  @Test
  void of_wrongPasswordAndUnknownNamespace_areTheSame() {
    TokenService service =
        TokenService.builder(
                TokenIssuer.builder(TestKeys.signingKey()).build(),
                new CredentialStoreAuthenticator(new InMemoryCredentialStore().put("team", "pw")))
            .build();
    String query = "service=docker-registry&scope=repository:team/app:pull";

    List<TokenResponse> responses =
        List.of(
            response(service, TestRequests.withBasic("team", "wrong", query)),
            response(service, TestRequests.withBasic("other", "pw", query)),
            response(service, TestRequests.withBasic("No Label", "pw", query)),
            response(service, TestRequests.withBasic("team", "", query)),
            response(service, TestRequests.withBasic("team", "pw", query + "&account=other")),
            response(service, TestRequests.anonymous(query)));

    assertThat(responses).containsOnly(responses.get(0));
    assertThat(responses.get(0).status()).isEqualTo(401);
  }

  @Test
  void of_unavailable_showsNothingOfTheCause() {
    TokenResult.Rejected rejected =
        new TokenResult.Rejected(
            503,
            ErrorCode.UNAVAILABLE,
            "Later.",
            "internal-reason",
            "internal-subject",
            Optional.empty(),
            Optional.of(new CredentialStoreException("internal-cause")));

    assertThat(TokenResponse.of(rejected, REQUEST, "reg").body()).doesNotContain("internal");
  }

  @Test
  void with_header_addsOrReplacesIt() {
    TokenResponse response =
        TokenResponse.error(405, ErrorCode.UNSUPPORTED, "No.", "id-1").with("Allow", "GET");

    assertThat(response.headers()).isEqualTo(and("Allow", "GET"));
    assertThat(response.with("Allow", "POST").headers()).isEqualTo(and("Allow", "POST"));
    assertThat(response.with("Allow", "POST").status()).isEqualTo(405);
    assertThat(response.with("Allow", "POST").body()).isEqualTo(response.body());
  }

  @Test
  void headers_afterChangeOfTheArgument_areUnchanged() {
    Map<String, String> headers = new HashMap<>();
    TokenResponse response = new TokenResponse(200, headers, "{}");
    headers.put("X-Injected", "1");

    assertThat(response.headers()).isEmpty();
    assertThat(response).hasToString("TokenResponse[200]");
  }

  private static TokenResponse response(TokenService service, TokenRequest request) {
    return TokenResponse.of(service.issue(request), REQUEST, service.service());
  }

  private static TokenResult.Issued issued(Instant now) {
    TokenIssuer issuer =
        TokenIssuer.builder(TestKeys.signingKey()).clock(Clock.fixed(now, ZoneOffset.UTC)).build();
    Grant grant = new Grant("team", "reg", List.of());
    return new TokenResult.Issued(issuer.issue(grant), grant);
  }

  private static TokenResult.Rejected rejected(int status, ErrorCode code, String message) {
    return new TokenResult.Rejected(status, code, message, "reason");
  }

  private static Map<String, String> and(String header, String value) {
    Map<String, String> headers = new HashMap<>(COMMON_HEADERS);
    headers.put(header, value);
    return headers;
  }

  private static Map<String, Object> errors(String code, String message) {
    return Map.of(
        "errors",
        List.of(Map.of("code", code, "message", message, "detail", Map.of("request_id", "id-1"))));
  }
}
