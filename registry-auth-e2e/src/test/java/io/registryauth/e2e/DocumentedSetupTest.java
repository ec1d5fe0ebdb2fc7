// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole set-up of docs/kubernetes.md, and a tenant that was made by hand and one by {@code
 * tenant create}, whose images a real BuildKit builds and pushes.
 */
class DocumentedSetupTest {
  private static final String REGISTRY = DocumentedSetup.REGISTRY;
  private static final Tenant BY_HAND = Tenant.TEST_BUILD;
  private static final String CREATED = "created-tenant";

  @TempDir private static Path directory;
  private static DocumentedSetup setup;
  private static KubernetesApi api;

  @BeforeAll
  static void start() throws Exception {
    setup = DocumentedSetup.start(directory);
    api = setup.api();
  }

  @AfterAll
  static void stop() {
    if (setup != null) {
      setup.close();
    }
  }

  /** The document's steps 1 to 8, with the manifests of deploy/tenant in the place of its own. */
  @Test
  void tenantMadeByHand_buildsAndPushesWithBuildKit() throws Exception {
    setup.give(
        "tenant"); // namespace, BuildKit's account, and the server's right to read the credentials
    api.store(BY_HAND);
    api.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: registry-docker-config, namespace: test-build}
        type: kubernetes.io/dockerconfigjson
        stringData:
          .dockerconfigjson: |
            {"auths": {"%s": {"username": "%s", "password": "%s", "auth": "%s"}}}
        """
            .formatted(REGISTRY, BY_HAND.name(), BY_HAND.password(), BY_HAND.base64()));
    Path authority =
        Files.writeString(
            directory.resolve("registry-ca.crt"), api.entry("registry", "registry-tls", "ca.crt"));
    api.kubectl(
        "create",
        "secret",
        "generic",
        "registry-ca-cert",
        "-n",
        "test-build",
        "--from-file=ca.crt=" + authority);

    try (BuildKit buildKit = setup.startBuildKit("test-build")) {
      buildKit.push(REGISTRY + "/test-build/myapp:latest").orFail();

      assertThat(setup.stored("test-build/myapp/_manifests/tags/latest")).exists();
      Completed foreign = buildKit.push(REGISTRY + "/somebody-else/myapp:latest");
      assertThat(foreign.status()).isNotZero();
      assertThat(foreign.output())
          .contains("denied: The account test-build may have nothing of what is asked");
      assertThat(setup.stored("somebody-else")).doesNotExist();
    }
    assertThat(setup.tokenServer().log())
        .contains("outcome=\"issued\"")
        .doesNotContain(BY_HAND.password());
  }

  @Test
  void tenantMadeByTheCommand_buildsAndPushesWithBuildKit() throws Exception {
    String said = setup.registryAuth("tenant", "create", CREATED).orFail();
    setup.giveBuildPod(CREATED);

    assertThat(said)
        .doesNotContain(api.entry(CREATED, CREATED + "-registry-credentials", "password"));
    try (BuildKit buildKit = setup.startBuildKit(CREATED)) {
      buildKit.push(REGISTRY + "/" + CREATED + "/myapp:1").orFail();
      assertThat(setup.stored(CREATED + "/myapp/_manifests/tags/1")).exists();

      setup.registryAuth("tenant", "rotate", CREATED).orFail();
      buildKit.push(REGISTRY + "/" + CREATED + "/with-the-old-password:1").orFail();
    }
    try (BuildKit buildKit = setup.startBuildKit(CREATED)) {
      buildKit.push(REGISTRY + "/" + CREATED + "/with-the-new-password:1").orFail();
    }
  }

  /** A namespace that has the right Secret, but has not given the server the right to read it. */
  @Test
  void tenantWithoutTheRole_isRefusedAndTheLogNamesIt() throws Exception {
    Tenant tenant = new Tenant("without-role", "some-password");
    api.createTenant(tenant);
    String answer =
        curl(
            "/auth?service=docker-registry&scope=repository:without-role/a:pull",
            "--user",
            tenant.name() + ":" + tenant.password());

    assertThat(answer).contains("UNAUTHORIZED");
    assertThat(setup.tokenServer().log())
        .contains("forbids reading the Secret without-role/without-role-registry-credentials");
  }

  /** Asks the token service by its name, and trusts the one authority alone. */
  private static String curl(String path, String... options) throws Exception {
    Path authority =
        Files.writeString(
            Files.createTempFile(directory, "ca-", ".crt"),
            api.entry("registry", "registry-tls", "ca.crt"));
    List<String> command =
        Stream.concat(
                Stream.of("curl", "--silent", "--show-error", "--cacert", authority.toString()),
                Stream.concat(
                    Stream.of(options), Stream.of("https://" + DocumentedSetup.REALM + path)))
            .toList();
    return RunningProcess.run(directory, setup.hosts().known(command), Map.of()).orFail();
  }

  /** What bootstrap wrote is deleted: the server makes it again, with the rights of its account. */
  @Test
  void publishedJwks_isTheServersOwn() throws Exception {
    setup.tokenServer().close();
    api.kubectl("delete", "secret", "registry-auth-keys-jwks", "-n", "registry");
    setup.restartTokenServer();
    assertThat(
            setup
                .tokenServer()
                .process()
                .awaitOutput(Pattern.compile("Published the JWK Set: (.*)")))
        .isEqualTo("created   Secret registry/registry-auth-keys-jwks");

    String published = api.entry("registry", "registry-auth-keys-jwks", "jwks.json");
    assertThat(published)
        .contains("\"kid\": \"registry-auth-jwt-signer\"")
        .isEqualTo(curl("/jwks.json"));
    assertThat(Json.object(published))
        .isEqualTo(
            Json.object(
                Files.readString(setup.registryFile("/etc/registry-auth-keys-jwks/jwks.json"))));
  }
}
