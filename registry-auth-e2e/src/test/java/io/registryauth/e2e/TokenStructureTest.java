// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A token and the answer that it comes in, field by field. */
class TokenStructureTest {
  private static final String SCOPE = "repository:test-build/myapp:push,pull";

  @TempDir private static Path directory;
  private static TokenServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TokenServer.start(directory, Keys.generate(directory));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void header_hasAlgorithmTypeAndKeyId() throws Exception {
    assertThat(Jwt.parse(server.token(Tenant.TEST_BUILD, SCOPE)).header())
        .isEqualTo(Map.of("alg", "RS256", "typ", "JWT", "kid", "registry-auth-jwt-signer"));
  }

  @Test
  void claims_areTheDocumentedOnes() throws Exception {
    long before = Instant.now().getEpochSecond();
    Map<String, Object> claims = Jwt.parse(server.token(Tenant.TEST_BUILD, SCOPE)).claims();
    long after = Instant.now().getEpochSecond();
    assertThat(claims)
        .containsOnlyKeys("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access")
        .containsEntry("iss", "registry-token-issuer")
        .containsEntry("sub", "test-build")
        .containsEntry("aud", List.of("docker-registry"))
        .containsEntry(
            "access",
            List.of(
                Map.of(
                    "type", "repository",
                    "name", "test-build/myapp",
                    "actions", List.of("push", "pull"))));
    // A Long is what was written as an integer: no fraction, no exponent, no quotes.
    assertThat(claims.get("iat")).isInstanceOf(Long.class);
    long issued = (Long) claims.get("iat");
    assertThat(issued).isBetween(before, after);
    assertThat(claims).containsEntry("exp", issued + 300).containsEntry("nbf", issued - 60);
    assertThat((String) claims.get("jti"))
        .matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  }

  @Test
  void actions_comeInTheOrderAsked() throws Exception {
    String token = server.token(Tenant.TEST_BUILD, "repository:test-build/myapp:delete,pull,push");
    assertThat(Json.objects(Jwt.parse(token).claims().get("access")))
        .singleElement()
        .extracting(entry -> entry.get("actions"))
        .isEqualTo(List.of("delete", "pull", "push"));
  }

  @Test
  void access_withoutScope_isAnEmptyArray() throws Exception {
    assertThat(Jwt.parse(server.token(Tenant.TEST_BUILD)).claims())
        .containsEntry("access", List.of());
  }

  @Test
  void answer_hasTheDocumentedFieldsAlone() throws Exception {
    HttpResponse<String> response = server.ask(Tenant.TEST_BUILD, SCOPE);
    Map<String, Object> body = Json.object(response.body());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(body)
        .containsOnlyKeys("token", "access_token", "expires_in", "issued_at")
        .containsEntry("access_token", body.get("token"))
        .containsEntry("expires_in", 300L);
    long issued = (Long) Jwt.parse((String) body.get("token")).claims().get("iat");
    assertThat(body).containsEntry("issued_at", Instant.ofEpochSecond(issued).toString());
  }

  @Test
  void tokenIds_ofTwoHundredTokens_differ() throws Exception {
    Set<Object> ids = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      ids.add(Jwt.parse(server.token(Tenant.TEST_BUILD, SCOPE)).claims().get("jti"));
    }
    assertThat(ids).hasSize(200);
  }
}
