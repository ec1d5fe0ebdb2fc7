// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * More accounts of one namespace, each with a Secret of its own: what a client can do with them at
 * a real registry, with credentials from a real API server.
 */
class AccountsTest {
  private static final Tenant TEAM = new Tenant("team", "team-password");
  private static final Tenant BUILDER = new Tenant("team+builder", "builder-password");
  private static final Tenant READER = new Tenant("team+reader", "reader-password");
  private static final Tenant FORMER = new Tenant("team+former", "former-password");

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Path reader;
  private static Keys keys;
  private static Path image;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    reader = api.createReader("get, list, watch");
    keys = Keys.generate(directory);
    image = Artifacts.image(directory);
    api.createTenant(TEAM);
    store(BUILDER, "repositories: 'team/app, team/app/*'");
    store(READER, "actions: pull");
    store(FORMER, "expires: '" + Instant.now().minusSeconds(1) + "'");
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  private static void store(Tenant account, String restriction) throws Exception {
    String name = account.name().substring(account.name().indexOf('+') + 1);
    api.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: %s-registry-credentials, namespace: team}
        stringData:
          username: %s
          password: %s
          %s
        """
            .formatted(name, account.name(), account.password(), restriction));
  }

  private static TokenServer server(boolean watch) throws Exception {
    return watch
        ? TokenServer.startOnKubernetes(directory, keys, reader, "--watch", "--cache-ttl=2s")
        : TokenServer.startOnKubernetes(directory, keys, reader, "--cache-ttl=2s");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void accounts_atARegistry_canDoWhatTheirSecretsSay(boolean watch) throws Exception {
    Path home = Files.createTempDirectory(directory, "registry-");
    Path jwks = home.resolve("jwks.json");
    ServerJar.writeJwks(keys.certificate(), jwks);
    try (TokenServer server = server(watch);
        Registry registry =
            Registry.start("3.1.2", home, server.realm(), keys.certificate(), jwks)) {
      String app = registry.address() + "/team/app:1";
      String other = registry.address() + "/team/other:1";

      login(BUILDER, registry).succeed("push", image.toString(), app);
      assertThat(login(BUILDER, registry).run("push", image.toString(), other).status())
          .isNotZero();
      assertThat(registry.stores("team/other")).isFalse();

      login(READER, registry).succeed("pull", app, "pulled.tar");
      assertThat(login(READER, registry).run("push", image.toString(), app + "-2").status())
          .isNotZero();

      login(TEAM, registry).succeed("push", image.toString(), other);
      login(READER, registry).succeed("pull", other, "pulled.tar");
      assertThat(login(BUILDER, registry).run("pull", other, "no.tar").status()).isNotZero();
      assertThat(server.log())
          .contains("subject=\"team+builder\"")
          .contains("subject=\"team+reader\"");
    }
  }

  private static Client login(Tenant account, Registry registry) throws Exception {
    Client crane = Client.crane(directory);
    crane.succeed(
        "auth", "login", registry.address(), "-u", account.name(), "-p", account.password());
    return crane;
  }

  @ParameterizedTest
  @CsvSource({
    "team+builder, team-password, wrong-password",
    "team+builder, reader-password, wrong-password",
    "team, builder-password, wrong-password",
    "team+former, former-password, stored-credentials-have-expired",
    "team+nobody, builder-password, unknown-namespace",
    "team+team, team-password, unknown-namespace",
    "builder, builder-password, unknown-namespace"
  })
  void attack_credentialsOfAnother_areRefused(String user, String password, String reason)
      throws Exception {
    try (TokenServer server = server(false)) {
      assertThat(server.ask(new Tenant(user, password), "repository:team/app:pull").statusCode())
          .isEqualTo(401);
      assertThat(server.log()).contains("reason=\"" + reason + "\"");
    }
  }

  /** A mistake in what should narrow an account shuts it out. */
  @Test
  void restriction_madeWrong_refusesTheAccountAlone() throws Exception {
    Tenant account = new Tenant("team+wrong", "wrong-account-password");
    store(account, "actions: read-only");
    try (TokenServer server = server(false)) {
      assertThat(server.ask(account, "repository:team/app:pull").statusCode()).isEqualTo(401);
      assertThat(server.log())
          .contains("reason=\"stored-actions-is-no-list-of-pull-push-and-delete\"");
      assertThat(server.ask(TEAM, "repository:team/app:pull").statusCode()).isEqualTo(200);

      store(account, "actions: pull");
      assertThat(server.ask(account, "repository:team/app:pull").statusCode())
          .as("a change counts at once, as a new password does")
          .isEqualTo(200);
    }
  }

  @Test
  void deletedSecret_endsTheAccountAlone() throws Exception {
    Tenant account = new Tenant("team+leaving", "leaving-password");
    store(account, "actions: pull");
    try (TokenServer server = server(true)) {
      assertThat(server.ask(account, "repository:team/app:pull").statusCode()).isEqualTo(200);

      api.kubectl("delete", "secret", "leaving-registry-credentials", "-n", "team");

      long deadline = System.nanoTime() + 10_000_000_000L;
      int status = 200;
      while (status == 200 && System.nanoTime() < deadline) {
        status = server.ask(account, "repository:team/app:pull").statusCode();
      }
      assertThat(status).isEqualTo(401);
      assertThat(server.ask(TEAM, "repository:team/app:pull").statusCode()).isEqualTo(200);
    }
  }
}
