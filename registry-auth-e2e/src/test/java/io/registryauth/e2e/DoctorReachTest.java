// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.e2e.FileSetup.Outcome;
import io.registryauth.e2e.FileSetup.Servers;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Set-ups in which the files are right, and what runs is not: {@code doctor} asks the realm and the
 * registry as clients do.
 */
class DoctorReachTest {
  @TempDir private static Path directory;
  private static Servers servers;
  private static Keys keys;
  private static BuildKit buildKit;
  private static Path image;

  @BeforeAll
  static void start() throws Exception {
    servers = new Servers(directory);
    keys = Keys.generate(directory);
    image = Artifacts.image(directory);
    Path home = Files.createTempDirectory(directory, "buildkit-");
    buildKit =
        BuildKit.start(home, UnaryOperator.identity(), Map.of("DOCKER_CONFIG", home.toString()));
  }

  @AfterAll
  static void stop() {
    if (buildKit != null) {
      buildKit.close();
    }
    servers.close();
  }

  /** A client that begins with POST. */
  private static Completed buildKit(Path dockerConfig, String image) throws Exception {
    Files.copy(
        dockerConfig, buildKit.home().resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
    return buildKit.push(image);
  }

  private static FileSetup create(FileSetup.Pusher client) throws Exception {
    return FileSetup.create("3.1.2", directory, servers, client, keys);
  }

  private static Completed crane(Path dockerConfig, String name) throws Exception {
    return FileSetup.crane(image, dockerConfig, name);
  }

  /** Sees the symptom, then the finding, and that its fix says this. */
  private static void assertFound(
      FileSetup setup, Outcome outcome, String symptom, String finding, String fix)
      throws Exception {
    assertThat(outcome.pushed()).as(outcome.said()).isFalse();
    assertThat(outcome.said()).containsPattern(Doctor.symptom(finding, symptom));
    assertThat(Doctor.examine(directory, setup.all()).only(finding).fix()).contains(fix);
  }

  private static void assertHealthy(FileSetup setup) throws Exception {
    Outcome outcome = setup.use();
    assertThat(outcome.pushed()).as(outcome.said()).isTrue();
    Doctor.examine(directory, setup.all()).assertNothing();
  }

  /** containerd #4982 and #12822, Katello #11389: what a proxy, or a filter, says to a form. */
  @ParameterizedTest
  @CsvSource({
    "403, text/plain, CSRF token missing, unexpected status from POST request to …: 403 …",
    "415, application/json, {}, unexpected status from POST request to …: 415 …",
    "200, text/html, <html>Log in</html>, invalid character '<' looking for beginning of value"
  })
  void post_thatIsAnsweredBySomethingElse_isFound(
      int status, String type, String body, String symptom) throws Exception {
    try (FileSetup setup = create(DoctorReachTest::buildKit);
        RealmProxy proxy =
            RealmProxy.answeringPost(
                servers.get(keys), new RealmProxy.Answer(status, type, body))) {
      setup.realm(server -> proxy.realm());
      assertFound(setup, setup.use(), symptom, "realm-no-token-service", "pass GET and POST");

      setup.realm(TokenServer::realm);
      assertHealthy(setup);
    }
  }

  @Test
  void realm_atWhichNobodyListens_isFound() throws Exception {
    try (FileSetup setup = create(DoctorReachTest::buildKit)) {
      setup.realm(server -> URI.create("http://localhost:1/auth"));
      assertFound(
          setup,
          setup.use(),
          "dial tcp …: connect: connection refused",
          "realm-unreachable",
          "auth.token.realm");

      setup.realm(TokenServer::realm);
      assertHealthy(setup);
    }
  }

  @Test
  void realm_withAnotherPath_isFound() throws Exception {
    try (FileSetup setup = create(DoctorReachTest::buildKit)) {
      setup.realm(server -> URI.create(server.realm() + "s"));
      assertFound(
          setup,
          setup.use(),
          "unsupported: Not Found",
          "realm-no-token-service",
          "/auth of the token server");

      setup.realm(TokenServer::realm);
      assertHealthy(setup);
    }
  }

  @Test
  void clockOfTheTokenServer_thatIsAhead_isFound() throws Exception {
    PrivateKey key = keys.privateKey();
    try (FileSetup setup = create(DoctorReachTest::crane);
        RealmProxy proxy =
            RealmProxy.ahead(
                servers.get(keys), Duration.ofMinutes(10), body -> later(body, key, 600))) {
      setup.realm(server -> proxy.realm());
      assertFound(setup, setup.use(), "token not to be used before …", "clock-skew", "NTP");

      setup.realm(TokenServer::realm);
      assertHealthy(setup);
    }
  }

  /** Makes of an answer that of a server whose clock is ahead. */
  private static String later(String answer, PrivateKey key, int seconds) {
    Jwt token = Jwt.parse((String) Json.object(answer).get("token"));
    for (String claim : List.of("iat", "nbf", "exp")) {
      token = token.withClaim(claim, (Long) token.claims().get(claim) + seconds);
    }
    try {
      return JsonUtil.toJson(Map.of("token", token.signed(key).toString(), "expires_in", 300));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** #3166: the registry reads its files when it starts. */
  @Test
  void jwks_thatTheRegistryHasNotRead_isFound() throws Exception {
    try (FileSetup setup = create(DoctorReachTest::crane)) {
      setup.serve("--key-id=next-key");
      assertThat(setup.use().pushed()).isFalse();
      setup.makeJwks();
      assertFound(
          setup,
          setup.push(),
          "token signed by untrusted key with ID: …",
          "registry-restart",
          "restart the registry");

      assertHealthy(setup);
    }
  }
}
