// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;

/**
 * Refresh tokens in the hands of real clients, which call them identity tokens and come with POST;
 * and in those of attackers.
 */
@OnEachRegistry
class OAuthTest {
  private static final Duration CACHE = Duration.ofSeconds(1);
  private static final Pattern REFRESHED =
      Pattern.compile("outcome=\"issued\".* grant_type=\"refresh_token\" refresh_jti=\"[0-9a-f]");

  @TempDir private static Path directory;
  private static Keys keys;
  private static TokenServer server;
  private static Registry registry;

  OAuthTest(String version) {}

  @BeforeParameterizedClassInvocation
  static void start(String version) throws Exception {
    keys = Keys.generate(directory);
    server = startServer(keys);
    Path jwks = Files.createTempDirectory(directory, "jwks-").resolve("jwks.json");
    ServerJar.writeJwks(keys.certificate(), jwks);
    registry = Registry.start(version, directory, server.realm(), keys.certificate(), jwks);
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (registry != null) {
      registry.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static TokenServer startServer(Keys signing) throws Exception {
    return TokenServer.start(directory, signing, "--cache-ttl=" + CACHE.toSeconds() + "s");
  }

  /** Logs in as {@code docker login} does, and returns the refresh token. */
  private static String refreshToken(Tenant tenant) throws Exception {
    HttpResponse<String> response =
        Http.send(
            "GET",
            server
                .uri()
                .resolve("/auth?service=docker-registry&client_id=docker&offline_token=true"),
            "Authorization",
            tenant.authorization());
    assertThat(response.statusCode()).isEqualTo(200);
    return (String) Json.object(response.body()).get("refresh_token");
  }

  private static HttpResponse<String> use(TokenServer server, String refreshToken)
      throws Exception {
    return Http.postForm(
        server.uri().resolve("/token"),
        "grant_type=refresh_token&service=docker-registry&client_id=test&refresh_token="
            + URLEncoder.encode(refreshToken, UTF_8));
  }

  private static int status(String refreshToken) throws Exception {
    return use(server, refreshToken).statusCode();
  }

  private static Client loggedIn(Client client, String token) throws Exception {
    client.rememberIdentityToken(registry.address(), Tenant.TEST_BUILD.name(), token);
    return client;
  }

  private static Client crane(String refreshToken) throws Exception {
    return loggedIn(Client.crane(directory), refreshToken);
  }

  private static Completed push(Client crane, String name) throws Exception {
    Files.writeString(crane.home().resolve("hello.txt"), "Hello\n");
    RunningProcess.run(crane.home(), List.of("tar", "-cf", "layer.tar", "hello.txt"), Map.of())
        .orFail();
    return crane.run("append", "-f", "layer.tar", "-t", registry.address() + "/" + name);
  }

  @Test
  void crane_identityToken_pushesAndPulls() throws Exception {
    Client crane = crane(refreshToken(Tenant.TEST_BUILD));
    String image = registry.address() + "/test-build/crane:1";

    push(crane, "test-build/crane:1").orFail();
    crane.succeed("pull", "--format=oci", image, "pulled");

    assertThat(crane.home().resolve("pulled/index.json"))
        .content()
        .contains(crane.succeed("digest", image));
    assertThat(server.log()).containsPattern(REFRESHED);
  }

  @Test
  void skopeo_identityToken_pullsAndPushes() throws Exception {
    String token = refreshToken(Tenant.TEST_BUILD);
    push(crane(token), "test-build/from:1").orFail();
    Client skopeo = loggedIn(Client.skopeo(directory), token);
    long before = refreshes();

    skopeo.succeed(
        "copy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        "docker://" + registry.address() + "/test-build/from:1",
        "docker://" + registry.address() + "/test-build/to:1");

    assertThat(registry.stores("test-build/to")).isTrue();
    assertThat(refreshes()).isGreaterThan(before);
  }

  private static long refreshes() {
    return server.log().lines().filter(REFRESHED.asPredicate()).count();
  }

  @Test
  void attack_pushToAnothersNamespaceWithIdentityToken_refused() throws Exception {
    Completed pushed = push(crane(refreshToken(Tenant.TEST_BUILD)), "other-namespace/x:1");

    assertThat(pushed.status()).isNotZero();
    assertThat(pushed.output()).contains("DENIED");
    assertThat(registry.stores("other-namespace/x")).isFalse();
  }

  @Test
  void attack_refreshTokenAtTheRegistry_refused() throws Exception {
    assertThat(registry.get("/v2/", server.token(Tenant.TEST_BUILD)).statusCode()).isEqualTo(200);

    assertThat(registry.get("/v2/", refreshToken(Tenant.TEST_BUILD)).statusCode()).isEqualTo(401);
    registry.awaitLog(Pattern.compile("token intended for another audience"));
  }

  @Test
  void attack_forgedRefreshTokens_refused() throws Exception {
    Jwt good = Jwt.parse(refreshToken(Tenant.TEST_BUILD));
    Jwt access = Jwt.parse(server.token(Tenant.TEST_BUILD));
    Keys foreign = Keys.generate(directory);

    assertThat(status(good.signed(keys.privateKey()).toString())).isEqualTo(200);
    for (Jwt forged :
        List.of(
            access,
            access.withHeader("typ", "refresh+jwt").signed(keys.privateKey()),
            good.withHeader("typ", "JWT").signed(keys.privateKey()),
            good.withHeader("alg", "none").withSignature(""),
            good.signed(Files.readAllBytes(keys.certificate())),
            good.signed(foreign.privateKey()),
            good.withClaim("sub", Tenant.OTHER.name()),
            good.withClaim("sub", Tenant.OTHER.name()).signed(keys.privateKey()),
            good.withClaim("service", "another").signed(keys.privateKey()),
            good.withClaim("exp", 1_700_000_000L).signed(keys.privateKey()))) {
      assertThat(status(forged.toString())).as("%s", forged).isEqualTo(401);
    }
  }

  @Test
  void refreshToken_ofAnotherReplica_isTaken_andOneOfAnotherKeyIsNot() throws Exception {
    String token = refreshToken(Tenant.TEST_BUILD);

    try (TokenServer replica = startServer(keys);
        TokenServer rekeyed = startServer(Keys.generate(directory))) {
      assertThat(use(replica, token).statusCode()).isEqualTo(200);
      assertThat(use(rekeyed, token).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void attack_afterPasswordChangeAndDeletion_refusedWithinTheCachesTime() throws Exception {
    Tenant before = new Tenant("changing", "password-before");
    Tenant after = new Tenant("changing", "password-after");
    Path credentials = TokenServer.credentials(directory);
    before.store(credentials);
    String token = refreshToken(before);
    Client crane = crane(token);
    push(crane, "changing/app:1").orFail();

    after.store(credentials);
    Thread.sleep(CACHE.toMillis() + 500);

    assertThat(status(token)).isEqualTo(401);
    Completed refused = push(crane, "changing/app:2");
    assertThat(refused.status()).isNotZero();
    assertThat(refused.output()).contains("UNAUTHORIZED");
    assertThat(server.log().lines())
        .anyMatch(
            line ->
                line.contains("refresh-token-of-another-password")
                    && line.contains("refresh_jti=\"" + Jwt.parse(token).claims().get("jti")));

    String next = refreshToken(after);
    assertThat(status(next)).isEqualTo(200);
    Files.delete(credentials.resolve("changing/password"));
    Files.delete(credentials.resolve("changing/username"));
    Files.delete(credentials.resolve("changing"));
    Thread.sleep(CACHE.toMillis() + 500);
    assertThat(status(next)).isEqualTo(401);
  }

  @Test
  void log_afterRefresh_holdsNoToken() throws Exception {
    String token = refreshToken(Tenant.TEST_BUILD);
    HttpResponse<String> response = use(server, token);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(Json.object(response.body())).containsEntry("refresh_token", token);
    Jwt refresh = Jwt.parse(token);
    assertThat(server.log())
        .contains((String) refresh.claims().get("jti"))
        .doesNotContain(refresh.signature(), (String) refresh.claims().get("credential"));
  }
}
