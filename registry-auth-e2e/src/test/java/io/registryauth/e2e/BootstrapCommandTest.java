// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bootstrap}, each test in a namespace of its own. */
class BootstrapCommandTest {
  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Keys keys;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    keys = Keys.generate(directory);
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  private static Map<String, String> environment() {
    return Map.of("KUBECONFIG", api.adminKubeconfig().toString());
  }

  private static String[] arguments(String namespace, String... options) {
    return Stream.concat(Stream.of("bootstrap", "--namespace=" + namespace), Stream.of(options))
        .toArray(String[]::new);
  }

  private static Completed bootstrap(String namespace, String... options) throws Exception {
    return ServerJar.run(directory, environment(), arguments(namespace, options));
  }

  /** Makes the Secret that cert-manager would make. */
  private static void createKeySecret(String namespace, String name, Keys keys) throws Exception {
    api.kubectl(
        "create",
        "secret",
        "tls",
        name,
        "-n",
        namespace,
        "--cert=" + keys.certificate(),
        "--key=" + keys.key());
  }

  @Test
  void bootstrap_again_changesNothing() throws Exception {
    api.kubectl("create", "namespace", "again");
    createKeySecret("again", "registry-auth-keys", keys);
    assertThat(bootstrap("again").orFail().lines())
        .containsExactly(
            "kept      Namespace again",
            "created   Secret again/registry-registry-auth",
            "created   Secret again/registry-auth-keys-jwks");
    String before = api.versions("again");

    assertThat(bootstrap("again").orFail().lines())
        .containsExactly(
            "kept      Namespace again",
            "kept      Secret again/registry-registry-auth",
            "unchanged Secret again/registry-auth-keys-jwks");
    assertThat(api.versions("again")).isEqualTo(before);
  }

  @Test
  void bootstrap_keyThatComesWhileItWaits_isUsed() throws Exception {
    try (RunningProcess process =
        RunningProcess.start(
            directory, ServerJar.command(List.of(), arguments("waits")), environment())) {
      process.awaitOutput(Pattern.compile("waiting +Secret waits/registry-auth-keys.*Certificate"));
      assertThat(process.stdout()).contains("created   Namespace waits");
      createKeySecret("waits", "registry-auth-keys", keys);
      process.awaitExit().orFail();
    }
    assertThat(api.entry("waits", "registry-auth-keys-jwks", "jwks.json"))
        .isEqualTo(
            ServerJar.run(directory, Map.of(), "jwks", "--cert=" + keys.certificate()).orFail());
  }

  @Test
  void bootstrap_keyThatDoesNotCome_isOneLineThatSaysWhoMakesIt() throws Exception {
    Completed completed = bootstrap("in-vain", "--wait=1s", "--key-secret=other-keys");

    assertThat(completed.status()).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .singleElement()
        .asString()
        .contains("in-vain/other-keys", "within 1 s", "cert-manager", "secretName other-keys");
  }

  @Test
  void bootstrap_keyThatIsNotUsable_saysWhy() throws Exception {
    api.kubectl("create", "namespace", "unusable");
    createKeySecret("unusable", "registry-auth-keys", Keys.generate(directory, 1024, "65537"));
    Completed completed = bootstrap("unusable");

    assertThat(completed.status()).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .singleElement()
        .asString()
        .contains("Secret unusable/registry-auth-keys", "tls.crt", "1024 bits");
  }

  @Test
  void bootstrap_httpSecret_isNeverOverwritten() throws Exception {
    api.kubectl("create", "namespace", "by-hand");
    createKeySecret("by-hand", "registry-auth-keys", keys);
    api.kubectl(
        "create",
        "secret",
        "generic",
        "registry-registry-auth",
        "-n",
        "by-hand",
        "--from-literal=http-secret=by-hand");
    bootstrap("by-hand").orFail();

    assertThat(api.entry("by-hand", "registry-registry-auth", "http-secret")).isEqualTo("by-hand");
  }

  @Test
  void bootstrap_secretWithoutHttpSecret_getsItAndKeepsTheRest() throws Exception {
    api.kubectl("create", "namespace", "partial");
    createKeySecret("partial", "registry-auth-keys", keys);
    api.kubectl(
        "create",
        "secret",
        "generic",
        "registry-registry-auth",
        "-n",
        "partial",
        "--from-literal=other=kept");

    assertThat(bootstrap("partial").orFail())
        .contains("updated   Secret partial/registry-registry-auth");
    assertThat(api.entry("partial", "registry-registry-auth", "other")).isEqualTo("kept");
    assertThat(
            Base64.getDecoder()
                .decode(api.entry("partial", "registry-registry-auth", "http-secret")))
        .hasSize(32);
  }

  @Test
  void bootstrap_severalAtOnce_haveOneHttpSecret() throws Exception {
    api.kubectl("create", "namespace", "race");
    createKeySecret("race", "registry-auth-keys", keys);
    List<RunningProcess> processes =
        List.of(startBootstrap("race"), startBootstrap("race"), startBootstrap("race"));
    try {
      List<String> done = new ArrayList<>();
      for (RunningProcess process : processes) {
        process
            .awaitExit()
            .orFail()
            .lines()
            .filter(line -> line.endsWith("Secret race/registry-registry-auth"))
            .forEach(line -> done.add(line.substring(0, line.indexOf(' '))));
      }
      assertThat(done).containsExactlyInAnyOrder("created", "kept", "kept");
    } finally {
      processes.forEach(RunningProcess::close);
    }
  }

  private static RunningProcess startBootstrap(String namespace) throws Exception {
    return RunningProcess.start(
        directory, ServerJar.command(List.of(), arguments(namespace)), environment());
  }

  @Test
  void bootstrap_severalKeys_needIdsOfTheirOwn() throws Exception {
    api.kubectl("create", "namespace", "several");
    createKeySecret("several", "registry-auth-keys", keys);
    createKeySecret("several", "next-keys", Keys.generate(directory));
    String[] both = {"--key-secret=registry-auth-keys", "--key-secret=next-keys"};
    Completed same = bootstrap("several", both);

    assertThat(same.status()).isEqualTo(1);
    assertThat(same.stderr().lines()).singleElement().asString().contains("rfc7638");
    bootstrap("several", both[0], both[1], "--key-id=rfc7638").orFail();
    String jwks = api.entry("several", "registry-auth-keys-jwks", "jwks.json");
    assertThat(Json.objects(Json.object(jwks).get("keys")))
        .hasSize(2)
        .extracting(key -> key.get("kid"))
        .doesNotHaveDuplicates();
  }

  @Test
  void bootstrap_jwks_startsARegistryThatTakesTheServersTokens() throws Exception {
    api.kubectl("create", "namespace", "real");
    createKeySecret("real", "registry-auth-keys", keys);
    bootstrap("real").orFail();
    Path jwks =
        Files.writeString(
            directory.resolve("bootstrap-jwks.json"),
            api.entry("real", "registry-auth-keys-jwks", "jwks.json"));
    try (TokenServer server = TokenServer.start(directory, keys);
        Registry registry =
            Registry.start("3.1.2", directory, server.realm(), keys.certificate(), jwks)) {
      String token = server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull");
      assertThat(registry.get("/v2/test-build/app/tags/list", token).statusCode()).isEqualTo(404);
      assertThat(registry.get("/v2/other/app/tags/list", token).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void dryRun_output_appliesAndIsWhatBootstrapMakes() throws Exception {
    Completed fresh = bootstrap("dry", "--dry-run");
    assertThat(fresh.orFail()).contains("# Left out is Secret dry/registry-auth-keys-jwks");
    assertThat(api.run(api.adminKubeconfig(), "get", "namespace", "dry").status()).isEqualTo(1);

    api.apply(fresh.stdout());
    createKeySecret("dry", "registry-auth-keys", keys);
    String httpSecret = api.entry("dry", "registry-registry-auth", "http-secret");
    api.apply(bootstrap("dry", "--dry-run").orFail());

    assertThat(bootstrap("dry").orFail().lines())
        .containsExactly(
            "kept      Namespace dry",
            "kept      Secret dry/registry-registry-auth",
            "unchanged Secret dry/registry-auth-keys-jwks");
    assertThat(api.entry("dry", "registry-registry-auth", "http-secret")).isEqualTo(httpSecret);
  }

  @Test
  void bootstrap_withoutRights_saysWhichIsMissing() throws Exception {
    api.kubectl("create", "namespace", "rights");
    api.kubectl("create", "serviceaccount", "nobody", "-n", "rights");
    Path kubeconfig = api.serviceAccountKubeconfig("rights", "nobody");
    Completed completed = bootstrap("rights", "--kubeconfig=" + kubeconfig);

    assertThat(completed.status()).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .singleElement()
        .asString()
        .contains(
            "Cannot get Namespace rights",
            "403",
            "system:serviceaccount:rights:nobody",
            "needed is the right to get namespaces");
  }
}
