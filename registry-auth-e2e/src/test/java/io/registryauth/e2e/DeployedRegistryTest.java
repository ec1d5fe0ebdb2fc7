// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real registry, started as the pod of overlays/production has it: with that configuration, the
 * files where its volumes show them (below a temporary directory), its variables and arguments.
 */
@OnEachRegistry
class DeployedRegistryTest {
  private static final Pattern LISTENING = Pattern.compile("listening on [^\" ]*:(\\d+), tls\"");
  private static final String HOST = "registry.registry.svc.cluster.local";
  private static final String REALM = "https://registry-auth.registry.svc.cluster.local/auth";

  @TempDir private Path directory;

  private final String version;
  private List<KubernetesObject> objects;
  private KubernetesObject pod;
  private Keys keys;
  private Keys authority;
  private RunningProcess process;
  private String port;

  DeployedRegistryTest(String version) {
    this.version = version;
  }

  @BeforeEach
  void start() throws Exception {
    objects = Manifests.copy(directory).objects("overlays/production");
    keys = Keys.generate(directory);
    authority = Keys.generate(directory);
    Path root = Files.createDirectory(directory.resolve("root"));
    DeployedPod deployed = DeployedPod.of("registry", objects, this::secret, root);
    deployed.relocateRegistry("localhost:0");
    pod = deployed.template();
    Stream<String> command =
        Stream.concat(
            Stream.of(Peers.program("registry-" + version).toString()),
            deployed.arguments().stream());
    process = RunningProcess.start(directory, command.toList(), deployed.environment());
    port = process.awaitOutput(LISTENING);
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.close();
    }
  }

  private KubernetesObject object(String kind, String name) {
    return objects.stream()
        .filter(object -> object.kind().equals(kind) && object.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Returns what cert-manager, or registry-auth, writes into a Secret. */
  private Map<String, String> secret(String name) throws Exception {
    return switch (name) {
      case "registry-tls" -> serverCertificate(name);
      case "registry-auth-keys" ->
          Map.of(
              "tls.crt", Files.readString(keys.certificate()),
              "tls.key", Files.readString(keys.key()));
      case "registry-auth-keys-jwks" -> {
        Path jwks = directory.resolve("jwks.json");
        ServerJar.writeJwks(keys.certificate(), jwks);
        yield Map.of("jwks.json", Files.readString(jwks));
      }
      case "registry-registry-auth" -> Map.of("http-secret", "bm8gc2VjcmV0IGF0IGFsbAo=");
      default -> throw new AssertionError("Nobody makes the Secret " + name);
    };
  }

  /** Issues what a Certificate asks for. */
  private Map<String, String> serverCertificate(String name) throws Exception {
    String names =
        object("Certificate", name)
            .texts("spec/dnsNames")
            .map("DNS:"::concat)
            .collect(Collectors.joining(","));
    authority.openssl(
        "req -x509 -new -newkey rsa:2048 -nodes -keyout server.key -out server.crt -subj /CN="
            + name
            + " -addext subjectAltName="
            + names
            + " -CA tls.crt -CAkey tls.key");
    Path certificates = authority.directory();
    return Map.of(
        "ca.crt", Files.readString(authority.certificate()),
        "tls.crt", Files.readString(certificates.resolve("server.crt")),
        "tls.key", Files.readString(certificates.resolve("server.key")));
  }

  /** Sends a request as a client in the cluster does, and returns the answer with its headers. */
  private String curl(String path, String... options) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of(
                    "curl",
                    "--silent",
                    "--show-error",
                    "--include",
                    "--http1.1",
                    "--max-time",
                    "30",
                    "--cacert",
                    authority.certificate().toString(),
                    "--resolve",
                    HOST + ":" + port + ":127.0.0.1",
                    "https://" + HOST + ":" + port + path),
                Stream.of(options))
            .toList();
    return RunningProcess.run(directory, command, Map.of()).orFail();
  }

  @Test
  void clientWithoutAToken_isSentToTheHttpsRealm() throws Exception {
    assertThat(curl("/v2/"))
        .startsWith("HTTP/1.1 401 ")
        .contains("Bearer realm=\"" + REALM + "\",service=\"docker-registry\"");
  }

  @Test
  void tokenOfTheServer_withItsDefaults_isTaken() throws Exception {
    try (TokenServer server = TokenServer.start(directory, keys)) {
      String token = server.token(Tenant.TEST_BUILD);
      assertThat(curl("/v2/", "--header", "Authorization: Bearer " + token))
          .startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void probe_ofEachKind_isAnsweredWith200() throws Exception {
    for (String kind : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
      KubernetesObject probe = pod.part("spec/containers/" + kind + "/httpGet");
      assertThat(probe.text("scheme")).isEqualTo("HTTPS");
      assertThat(curl(probe.text("path"))).as(kind).startsWith("HTTP/1.1 200 ");
    }
  }
}
