// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import com.google.common.collect.ImmutableMap;
import io.registryauth.scope.Access;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jose4j.json.JsonUtil;

/**
 * The HTTP response to a token request, ready to be written. An error has the form of the <a
 * href="https://distribution.github.io/distribution/spec/api/#errors">registry API</a>:
 *
 * <pre>{@code
 * {"errors": [{"code": "UNAUTHORIZED", "message": "…", "detail": {"request_id": "…"}}]}
 * }</pre>
 *
 * @param status the HTTP status
 * @param headers the headers
 * @param body JSON text; it may hold a token, so {@link #toString} leaves it out
 */
public record TokenResponse(int status, Map<String, String> headers, String body) {
  /** Copies the headers. */
  public TokenResponse {
    headers = ImmutableMap.copyOf(headers);
  }

  /**
   * Makes the response for a result.
   *
   * @param result what became of the request
   * @param request the request
   * @param service the name of the service, the realm of the challenge that comes with a 401
   */
  static TokenResponse of(TokenResult result, TokenRequest request, String service) {
    if (result instanceof TokenResult.Issued issued) {
      return issued(issued, request);
    }
    TokenResult.Rejected rejected = (TokenResult.Rejected) result;
    TokenResponse error =
        error(rejected.status(), rejected.code(), rejected.message(), request.requestId());
    if (rejected.status() == 401) {
      error = error.with("WWW-Authenticate", "Basic realm=\"" + service + "\", charset=\"UTF-8\"");
    }
    return rejected.retryAfter().isPresent()
        ? error.with("Retry-After", Long.toString(rejected.retryAfter().get().toSeconds()))
        : error;
  }

  private static TokenResponse issued(TokenResult.Issued issued, TokenRequest request) {
    // None of these has a character that JSON would have to escape: tokens are of Base64url, and
    // scopes of what their grammar allows.
    StringBuilder body =
        new StringBuilder(2 * issued.token().value().length() + 256)
            .append("{\"token\":\"")
            .append(issued.token().value())
            .append("\",\"access_token\":\"")
            .append(issued.token().value())
            .append("\",\"expires_in\":")
            .append(issued.token().lifetime().toSeconds())
            .append(",\"issued_at\":\"")
            .append(issued.token().issuedAt())
            .append('"');
    if (request.isForm()) {
      body.append(",\"scope\":\"").append(scope(issued.grant().access())).append('"');
    }
    issued
        .refreshToken()
        .ifPresent(token -> body.append(",\"refresh_token\":\"").append(token.value()).append('"'));
    return json(200, body.append('}').toString(), request.requestId());
  }

  private static String scope(List<Access> granted) {
    return granted.stream().map(Access::toString).collect(Collectors.joining(" "));
  }

  /**
   * Makes the response for an error.
   *
   * @param status the HTTP status
   * @param code the code of the error
   * @param message what to tell the client
   * @param requestId the id of the request
   */
  public static TokenResponse error(int status, ErrorCode code, String message, String requestId) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", code.name());
    error.put("message", message);
    error.put("detail", Map.of("request_id", requestId));
    return json(status, JsonUtil.toJson(Map.of("errors", List.of(error))), requestId);
  }

  private static TokenResponse json(int status, String body, String requestId) {
    ImmutableMap<String, String> headers =
        ImmutableMap.of(
            "Content-Type", "application/json",
            "Cache-Control", "no-store",
            "X-Request-Id", requestId);
    return new TokenResponse(status, headers, body);
  }

  /** Adds a header. */
  public TokenResponse with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new TokenResponse(status, more, body);
  }

  /** Returns the status alone. */
  @Override
  public String toString() {
    return "TokenResponse[" + status + "]";
  }
}
