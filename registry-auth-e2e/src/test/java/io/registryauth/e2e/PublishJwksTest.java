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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve --publish-jwks}, with the rights that it needs and no others. */
class PublishJwksTest {
  private static final String NAME = "registry-auth-keys-jwks";
  private static final String KEYS = "registry-auth-keys";
  private static final Pattern PUBLISHED = Pattern.compile("Published the JWK Set: (\\w+)");
  private static final Pattern FAILED = Pattern.compile("(The JWK Set is not published.*)");

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Path kubeconfig;
  private Keys keys;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    api.apply(
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: registry}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: registry-auth, namespace: registry}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: jwks-publisher, namespace: registry}
        rules:
        - apiGroups: [""]
          resources: [secrets]
          resourceNames: [registry-auth-keys-jwks]
          verbs: [get, create, patch]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: jwks-publisher, namespace: registry}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: jwks-publisher}
        subjects: [{kind: ServiceAccount, name: registry-auth, namespace: registry}]
        """);
    kubeconfig = api.serviceAccountKubeconfig("registry", "registry-auth");
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  @BeforeEach
  void generateKeys() throws Exception {
    keys = Keys.generate(directory);
    api.kubectl("delete", "secret", NAME, KEYS, "-n", "registry", "--ignore-not-found");
  }

  private TokenServer server(String secret) throws Exception {
    return TokenServer.start(
        directory, keys, "--publish-jwks=" + secret, "--kubeconfig=" + kubeconfig);
  }

  private static String published() throws Exception {
    return api.entry("registry", NAME, "jwks.json");
  }

  @Test
  void serve_publishes_whatARegistryTakesTheTokensBy() throws Exception {
    try (TokenServer server = server("registry/" + NAME)) {
      assertThat(server.process().awaitOutput(PUBLISHED)).isEqualTo("created");
      assertThat(published())
          .isEqualTo(Http.send("GET", server.uri().resolve("/jwks.json")).body());
      Path jwks = Files.writeString(directory.resolve("published.json"), published());
      try (Registry registry =
          Registry.start("3.1.2", directory, server.realm(), keys.certificate(), jwks)) {
        String token = server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull");
        assertThat(registry.get("/v2/test-build/app/tags/list", token).statusCode()).isEqualTo(404);
        assertThat(registry.get("/v2/other/app/tags/list", token).statusCode()).isEqualTo(401);
      }
    }
  }

  private static void store(String jwks) throws Exception {
    api.kubectl(
        "create",
        "secret",
        "generic",
        NAME,
        "-n",
        "registry",
        "--from-literal=jwks.json=" + jwks,
        "--from-literal=other=kept");
  }

  @Test
  void serve_keyThatIsThereBeforeItsTime_staysAndVerifiesTokens() throws Exception {
    Keys next = Keys.generate(directory);
    store(
        ServerJar.run(directory, Map.of(), "jwks", "--cert=" + next.certificate(), "--key-id=next")
            .orFail());
    try (TokenServer server = server("registry/" + NAME);
        TokenServer later =
            TokenServer.start(
                directory,
                next,
                "--key-id=next",
                "--publish-jwks=registry/" + NAME,
                "--kubeconfig=" + kubeconfig)) {
      assertThat(server.process().awaitOutput(PUBLISHED)).isEqualTo("updated");
      assertThat(api.entry("registry", NAME, "other")).isEqualTo("kept");
      Path jwks = Files.writeString(directory.resolve("staged.json"), published());
      try (Registry registry =
          Registry.start("3.1.2", directory, server.realm(), keys.certificate(), jwks)) {
        for (TokenServer each : List.of(server, later)) {
          String token = each.token(Tenant.TEST_BUILD, "repository:test-build/app:pull");
          assertThat(registry.get("/v2/test-build/app/tags/list", token).statusCode())
              .isEqualTo(404);
        }
      }
    }
  }

  private static void keys(String step, String... options) throws Exception {
    String[] arguments =
        Stream.concat(Stream.of("keys", step), Stream.of(options)).toArray(String[]::new);
    ServerJar.run(directory, Map.of("KUBECONFIG", api.adminKubeconfig().toString()), arguments)
        .orFail();
  }

  /** As a replica has it that has not seen its Secret change, while the key was stolen. */
  @Test
  void serve_withAKeyThatWasTakenOutByForce_doesNotPublishItAgain() throws Exception {
    api.kubectl(
        "create",
        "secret",
        "tls",
        KEYS,
        "-n",
        "registry",
        "--cert=" + keys.certificate(),
        "--key=" + keys.key());
    try (TokenServer stale = server("registry/" + NAME)) {
      stale.process().awaitOutput(PUBLISHED);
      keys("stage");
      keys("promote");
      assertThat(published()).contains("registry-auth-jwt-signer");
      keys("retire", "--force");
    }
    String after = published();
    assertThat(after).doesNotContain("registry-auth-jwt-signer").contains("\"kid\"");
    try (TokenServer stale = server("registry/" + NAME)) {
      assertThat(stale.process().awaitOutput(Pattern.compile("Not published is ([^,]+),")))
          .isEqualTo("registry-auth-jwt-signer");
      assertThat(published()).isEqualTo(after);
    }
  }

  @Test
  void serve_whatIsNoJwkSet_isReplacedWithAWarning() throws Exception {
    store("of another key");
    try (TokenServer server = server("registry/" + NAME)) {
      assertThat(server.process().awaitOutput(PUBLISHED)).isEqualTo("updated");
      assertThat(server.log()).contains("jwks.json of the Secret registry/" + NAME);
      assertThat(published())
          .isEqualTo(Http.send("GET", server.uri().resolve("/jwks.json")).body());
      assertThat(api.entry("registry", NAME, "other")).isEqualTo("kept");
    }
  }

  @Test
  void serve_withoutTheRight_servesAllTheSameAndSaysWhichIsMissing() throws Exception {
    try (TokenServer server = server("registry/another-name")) {
      assertThat(server.process().awaitOutput(FAILED))
          .contains("Secret registry/another-name", "403", "needed is the right to get secrets");
      assertThat(server.token(Tenant.TEST_BUILD)).isNotEmpty();
    }
  }

  @Test
  void serve_apiServerDownAtTheStart_publishesWhenItIsBack() throws Exception {
    api.kill();
    try (TokenServer server = server("registry/" + NAME)) {
      assertThat(server.process().awaitOutput(FAILED)).contains("does not answer");
      assertThat(server.token(Tenant.TEST_BUILD)).isNotEmpty();
      api.start();
      assertThat(server.process().awaitOutput(PUBLISHED)).isEqualTo("created");
      assertThat(published()).contains("\"keys\"");
    } finally {
      api.start();
    }
  }
}
