// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;

/**
 * Says in a few words what a token service answered: the status with the error's code, or with what
 * the token grants. All that holds of every answer is checked on the way, and each token verified
 * by a JWK Set.
 */
final class Answers {
  private final JwksVerificationKeyResolver keys;

  Answers(String jwks) throws JoseException {
    keys = new JwksVerificationKeyResolver(new JsonWebKeySet(jwks).getJsonWebKeys());
  }

  /** {@code 401 DENIED}, {@code 200 []} or {@code 200 repository:a/b:pull and refresh_token}. */
  String of(RawHttp.Response response) throws InvalidJwtException {
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    assertThat(response.header("X-Request-Id")).isNotEmpty();
    if (response.status() != 200) {
      assertThat(response.error()).containsOnlyKeys("code", "message", "detail");
      assertThat(response.error().get("detail"))
          .isEqualTo(Map.of("request_id", response.header("X-Request-Id")));
      assertThat(response.header("WWW-Authenticate"))
          .isEqualTo(response.status() == 401 ? "Basic realm=\"reg\", charset=\"UTF-8\"" : "");
      return response.status() + " " + response.error().get("code");
    }
    Set<String> more = new HashSet<>(response.json().keySet());
    more.removeAll(Set.of("token", "access_token", "expires_in", "issued_at"));
    assertThat(response.json())
        .containsKeys("token", "access_token", "expires_in", "issued_at")
        .containsEntry("access_token", response.json().get("token"))
        .containsEntry("expires_in", 300L);
    assertThat((String) response.json().get("issued_at"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    String access = access(claims(response));
    if (more.remove("scope")) {
      assertThat(response.json()).containsEntry("scope", access.equals("[]") ? "" : access);
    }
    String refresh = more.remove("refresh_token") ? " and refresh_token" : "";
    assertThat(more).isEmpty();
    return "200 " + access + refresh;
  }

  /** As {@link #of}, with whose a token is: {@code 200 [] for team}. */
  String withSubject(RawHttp.Response response)
      throws InvalidJwtException, MalformedClaimException {
    String answer = of(response);
    if (response.status() != 200) {
      return answer;
    }
    String subject = claims(response).getSubject();
    return answer + " for " + (subject.isEmpty() ? "nobody" : subject);
  }

  /** The claims of the token, which is verified. */
  JwtClaims claims(RawHttp.Response response) throws InvalidJwtException {
    return new JwtConsumerBuilder()
        .setVerificationKeyResolver(keys)
        .setExpectedIssuer("registry-token-issuer")
        .setExpectedAudience("reg")
        .build()
        .processToClaims((String) response.json().get("token"));
  }

  @SuppressWarnings("unchecked")
  private static String access(JwtClaims claims) {
    List<Map<String, Object>> access = (List<Map<String, Object>>) claims.getClaimValue("access");
    String entries =
        access.stream()
            .map(
                entry ->
                    entry.get("type")
                        + ":"
                        + entry.get("name")
                        + ":"
                        + String.join(",", (List<String>) entry.get("actions")))
            .collect(Collectors.joining(" "));
    return entries.isEmpty() ? "[]" : entries;
  }
}
