// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Another key comes to sign while clients push and pull, and none of them notices. */
@Timeout(value = 420, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeyRotationTest {
  private static final int CLIENTS = 4;
  private static final String LIFETIME = "--expiration=60";
  private static final Duration LEEWAY_OF_REGISTRIES = Duration.ofSeconds(60);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private Path jwks;

  @BeforeEach
  void setUp() {
    jwks = directory.resolve("jwks.json");
  }

  private Completed keys(Keys keys, String command, String... options) throws Exception {
    String[] arguments =
        Stream.concat(
                Stream.of("keys", command, "--directory=" + keys.directory()), Stream.of(options))
            .toArray(String[]::new);
    return ServerJar.run(directory, Map.of(), arguments);
  }

  private static List<Object> published(TokenServer server) throws Exception {
    String body = Http.send("GET", server.uri().resolve("/jwks.json")).body();
    return Json.objects(Json.object(body).get("keys")).stream().map(key -> key.get("kid")).toList();
  }

  /** Waits until the server has taken what was written; it looks every 5 s. */
  private static void awaitPublished(TokenServer server, int keys) throws Exception {
    Instant start = Instant.now();
    while (published(server).size() != keys) {
      assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static Object signer(String token) {
    return Jwt.parse(token).header().get("kid");
  }

  private static void awaitSigner(TokenServer server, Object keyId) throws Exception {
    Instant start = Instant.now();
    while (!signer(server.token(Tenant.TEST_BUILD)).equals(keyId)) {
      assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static String refreshToken(TokenServer server) throws Exception {
    URI uri = URI.create(server.auth() + "&offline_token=true&client_id=test");
    HttpResponse<String> response =
        Http.send("GET", uri, "Authorization", Tenant.TEST_BUILD.authorization());
    return (String) Json.object(response.body()).get("refresh_token");
  }

  private static int refresh(TokenServer server, String token) throws Exception {
    return Http.postForm(
            server.uri().resolve("/token"),
            "grant_type=refresh_token&service=docker-registry&client_id=test&refresh_token="
                + token)
        .statusCode();
  }

  private static void assertTakenUntilItExpires(String token, List<Registry> registries)
      throws Exception {
    Instant end = Instant.ofEpochSecond((Long) Jwt.parse(token).claims().get("exp"));
    while (Instant.now().isBefore(end)) {
      for (Registry registry : registries) {
        assertThat(registry.get("/v2/", token).statusCode()).isEqualTo(200);
      }
      TimeUnit.MILLISECONDS.sleep(500);
    }
  }

  private static void assertRefusedOnceItHasExpired(String token, List<Registry> registries)
      throws Exception {
    Instant end = Instant.ofEpochSecond((Long) Jwt.parse(token).claims().get("exp"));
    Instant refused = end.plus(LEEWAY_OF_REGISTRIES).plusSeconds(2);
    TimeUnit.MILLISECONDS.sleep(Math.max(0, Duration.between(Instant.now(), refused).toMillis()));
    for (Registry registry : registries) {
      assertThat(registry.get("/v2/", token).statusCode()).isEqualTo(401);
    }
  }

  private static String[] acceptedBy(List<Registry> registries, String... more) {
    List<String> options = new ArrayList<>(List.of(more));
    registries.forEach(registry -> options.add("--when-accepted-by=" + registry.uri("/v2/")));
    return options.toArray(String[]::new);
  }

  private static void assertNothingFailed(RegistryLoad load, String what) {
    System.out.printf(
        "%s: %d requests, %d pushes by crane, %d failed%n",
        what, load.requests(), load.craneRuns(), load.failures().size());
    assertThat(load.failures()).isEmpty();
    assertThat(load.requests()).isGreaterThan(500);
    assertThat(load.craneRuns()).isGreaterThan(20);
  }

  @Test
  void rotation_underLoad_registriesRestartedOneByOne_noRequestFails() throws Exception {
    Keys keys = Keys.generate(directory);
    ServerJar.writeJwks(keys.certificate(), jwks);
    try (TokenServer server = TokenServer.start(directory, keys, LIFETIME);
        Registry one = registry("3.0.0", server, keys);
        Registry two = registry("3.1.2", server, keys);
        RegistryLoad load = new RegistryLoad(server, List.of(one, two)).start(CLIENTS, directory)) {
      List<Registry> registries = List.of(one, two);
      String writeJwks = "--jwks=" + jwks;
      assertThat(keys(keys, "promote").stderr()).contains("No key is staged");
      keys(keys, "stage", writeJwks).orFail();
      awaitPublished(server, 2);
      Object next = published(server).get(1);
      assertThat(signer(server.token(Tenant.TEST_BUILD))).isEqualTo("registry-auth-jwt-signer");

      Completed early = keys(keys, "promote", acceptedBy(registries));
      assertThat(early.status()).isEqualTo(1);
      assertThat(early.stderr().lines())
          .singleElement()
          .asString()
          .contains(next + " is not promoted", one.address(), "answers 401");

      load.restartOneByOne();
      String refresh = refreshToken(server);
      String old = server.token(Tenant.TEST_BUILD);
      assertThat(keys(keys, "promote", acceptedBy(registries, writeJwks)).orFail())
          .contains("current   " + next, "retired   registry-auth-jwt-signer");
      awaitSigner(server, next);
      assertThat(refresh(server, refresh)).isEqualTo(200);

      assertThat(keys(keys, "retire").stderr()).contains("may be valid until");
      assertTakenUntilItExpires(old, registries);
      assertRefusedOnceItHasExpired(old, registries);
      keys(keys, "retire", writeJwks, "--force").orFail();
      awaitPublished(server, 1);
      assertThat(refresh(server, refresh)).isEqualTo(401);
      load.restartOneByOne();
      TimeUnit.SECONDS.sleep(2);
      load.stop();
      assertNothingFailed(load, "rotation with restarts");
      assertThat(server.log()).doesNotContain("ERROR");
    }
  }

  private Registry registry(String version, TokenServer server, Keys keys) throws Exception {
    return Registry.start(version, directory, server.realm(), keys.certificate(), jwks);
  }

  @Test
  void rotation_underLoad_byCertificateChain_needsNoRestart() throws Exception {
    CertificateAuthority authority = CertificateAuthority.create(directory);
    Keys keys = authority.issue();
    Keys second = authority.issueToEc();
    Keys foreign = CertificateAuthority.create(directory).issue();
    String profile = "--profile=distribution-2.8";
    try (TokenServer server = TokenServer.start(directory, keys, LIFETIME, profile);
        Registry one = byAuthority("3.0.0", server, authority);
        Registry two = byAuthority("3.1.2", server, authority);
        RegistryLoad load = new RegistryLoad(server, List.of(one, two)).start(CLIENTS, directory)) {
      List<Registry> registries = List.of(one, two);
      String old = server.token(Tenant.TEST_BUILD);

      keys(keys, "stage", pair(foreign, profile)).orFail();
      assertThat(keys(keys, "promote", acceptedBy(registries, profile)).stderr())
          .contains("is not promoted", "answers 401");
      keys(keys, "stage", pair(second, profile, "--force")).orFail();
      String promoted = keys(keys, "promote", acceptedBy(registries, profile)).orFail();
      // Not what the server says: it may have taken the promotion by now, or not even the staging.
      awaitSigner(server, promoted.lines().findFirst().orElseThrow().substring(10));

      assertTakenUntilItExpires(old, registries);
      keys(keys, "retire", profile, "--refresh-expiration=0", "--force").orFail();
      awaitPublished(server, 1);
      load.stop();
      assertNothingFailed(load, "rotation by certificate chain");
    }
  }

  private Registry byAuthority(String version, TokenServer server, CertificateAuthority authority)
      throws Exception {
    return Registry.startWithoutJwks(version, directory, server.realm(), authority.certificate());
  }

  private static String[] pair(Keys keys, String... more) {
    return Stream.concat(
            Stream.of("--key=" + keys.key(), "--cert=" + keys.certificate()), Stream.of(more))
        .toArray(String[]::new);
  }
}
