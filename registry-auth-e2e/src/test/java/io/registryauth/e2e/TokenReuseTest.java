// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that hands a token out again, and a registry that takes it, while the key changes. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TokenReuseTest {
  private static final String SCOPE = "repository:test-build/app:pull,push";
  private static final String REUSE = "--token-reuse=60s";
  private static final String REUSED = "registry_auth_tokens_reused_total";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private static Map<String, Object> answer(TokenServer server, Tenant tenant) throws Exception {
    HttpResponse<String> response = server.ask(tenant, SCOPE);
    assertThat(response.statusCode()).isEqualTo(200);
    return Json.object(response.body());
  }

  private Registry registry(TokenServer server, Keys keys) throws Exception {
    Path jwks = Files.createTempDirectory(directory, "jwks-").resolve("jwks.json");
    ServerJar.writeJwks(keys.certificate(), jwks, "--key-id=rfc7638");
    return Registry.start("3.1.2", directory, server.realm(), keys.certificate(), jwks);
  }

  @Test
  void token_askedForAgain_isTheSame_andEachRequestIsVerifiedCountedAndLogged() throws Exception {
    try (TokenServer server = TokenServer.start(directory, Keys.generateEc(directory), REUSE)) {
      AuditTrail trail = AuditTrail.of(server);
      Map<String, Object> first = answer(server, Tenant.TEST_BUILD);
      Map<String, Object> second = answer(server, Tenant.TEST_BUILD);
      int refused = server.ask(new Tenant("test-build", "wrong"), SCOPE).statusCode();
      int denied = server.ask(Tenant.OTHER, SCOPE).statusCode();

      assertThat(second).containsEntry("token", first.get("token"));
      assertThat(refused).isEqualTo(401);
      assertThat(denied).isEqualTo(401);
      Map<String, Object> claims = Jwt.parse((String) second.get("token")).claims();
      assertThat(Instant.parse((String) second.get("issued_at")).getEpochSecond())
          .isEqualTo((Long) claims.get("exp") - (Long) second.get("expires_in"));
      assertThat(trail.requests().stream().map(fields -> fields.get("jti")))
          .containsExactly((String) claims.get("jti"), (String) claims.get("jti"), "", "");
      assertThat(Scrape.of(server).value(REUSED)).isEqualTo(1);
    }
  }

  @Test
  void tokenThatIsReused_isTakenByARegistry_andGoesWithItsKey() throws Exception {
    Keys first = Keys.generateEc(directory);
    Keys second = Keys.generateEc(directory);
    MountedSecret secret = MountedSecret.create(directory, first);
    Keys mounted = new Keys(secret.key(), secret.certificate());
    try (TokenServer server = TokenServer.start(directory, mounted, REUSE, "--key-id=rfc7638");
        Registry before = registry(server, first);
        Registry after = registry(server, second)) {
      String old = server.token(Tenant.TEST_BUILD, SCOPE);
      assertThat(server.token(Tenant.TEST_BUILD, SCOPE)).isEqualTo(old);
      assertTaken(before, old);

      secret.update(Files.readString(second.certificate()), Files.readString(second.key()));
      Instant start = Instant.now();
      String next = server.token(Tenant.TEST_BUILD, SCOPE);
      while (next.equals(old)) {
        assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
        TimeUnit.MILLISECONDS.sleep(100);
        next = server.token(Tenant.TEST_BUILD, SCOPE);
      }

      assertTaken(after, next);
      assertThat(List.of(server.token(Tenant.TEST_BUILD, SCOPE))).containsExactly(next);
    }
  }

  /** There is no such image, but who asks may know. */
  private static void assertTaken(Registry registry, String token) throws Exception {
    HttpResponse<String> tags = registry.get("/v2/test-build/app/tags/list", token);
    assertThat(tags.statusCode()).as(tags.body()).isEqualTo(404);
  }
}
