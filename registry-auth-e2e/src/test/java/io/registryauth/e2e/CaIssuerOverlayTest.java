// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real registry, started as the pod of overlays/ca-issuer has it, while the key changes. */
@OnEachRegistry
class CaIssuerOverlayTest {
  private static final Pattern LISTENING = Pattern.compile("listening on [^\" ]*:(\\d+), tls\"");
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final String version;
  private List<KubernetesObject> objects;
  private CertificateAuthority authority;
  private RunningProcess process;
  private String port;

  CaIssuerOverlayTest(String version) {
    this.version = version;
  }

  @BeforeEach
  void start() throws Exception {
    objects = Manifests.copy(directory).objects("overlays/ca-issuer");
    authority = CertificateAuthority.create(directory);
    Path root = Files.createDirectory(directory.resolve("root"));
    DeployedPod pod = DeployedPod.of("registry", objects, this::secret, root);
    pod.relocateRegistry("localhost:0");
    process =
        RunningProcess.start(
            directory,
            Stream.concat(
                    Stream.of(Peers.program("registry-" + version).toString()),
                    pod.arguments().stream())
                .toList(),
            pod.environment());
    port = process.awaitOutput(LISTENING);
  }

  @AfterEach
  void stop() {
    if (process != null) {
      process.close();
    }
  }

  /** Returns what cert-manager and bootstrap write; the JWK Set has a key that nobody uses. */
  private Map<String, String> secret(String name) throws Exception {
    Keys issued = authority.issue();
    return switch (name) {
      case "registry-auth-keys-jwks" -> {
        Path jwks = directory.resolve("jwks.json");
        ServerJar.writeJwks(issued.certificate(), jwks);
        yield Map.of("jwks.json", Files.readString(jwks));
      }
      case "registry-registry-auth" -> Map.of("http-secret", "bm8gc2VjcmV0IGF0IGFsbAo=");
      default ->
          Map.of(
              "ca.crt", Files.readString(authority.certificate()),
              "tls.crt", Files.readString(issued.certificate()),
              "tls.key", Files.readString(issued.key()));
    };
  }

  private String profile() {
    return objects.stream()
        .filter(object -> object.kind().equals("Deployment"))
        .flatMap(object -> object.parts("spec/template/spec/containers/env"))
        .filter(variable -> variable.text("name").equals("TOKEN_PROFILE"))
        .map(variable -> "--profile=" + variable.text("value"))
        .findFirst()
        .orElseThrow();
  }

  private String status(String token) throws Exception {
    List<String> curl =
        List.of(
            "curl",
            "--silent",
            "--insecure",
            "--max-time",
            "30",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            "--header",
            "Authorization: Bearer " + token,
            "https://localhost:" + port + "/v2/");
    return RunningProcess.run(directory, curl, Map.of()).orFail();
  }

  @Test
  void keyThatChangesByItself_isTakenAtOnce_andTheOneBeforeToo() throws Exception {
    MountedSecret secret = MountedSecret.create(directory, authority.issue());
    Keys renewed = authority.issue();
    Keys mounted = new Keys(secret.key(), secret.certificate());
    try (TokenServer server = TokenServer.start(directory, mounted, profile())) {
      String before = server.token(Tenant.TEST_BUILD);
      assertThat(status(before)).isEqualTo("200");

      secret.update(Files.readString(renewed.certificate()), Files.readString(renewed.key()));
      Instant start = Instant.now();
      String after = server.token(Tenant.TEST_BUILD);
      while (chain(after).equals(chain(before))) {
        assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
        TimeUnit.MILLISECONDS.sleep(200);
        after = server.token(Tenant.TEST_BUILD);
      }
      assertThat(status(after)).isEqualTo("200");
      assertThat(status(before)).isEqualTo("200");
    }
  }

  private static Object chain(String token) {
    return Jwt.parse(token).header().get("x5c");
  }

  @Test
  void keyThatAnotherAuthorityCertified_isRefused() throws Exception {
    Keys foreign = CertificateAuthority.create(directory).issue();
    try (TokenServer server = TokenServer.start(directory, foreign, profile())) {
      assertThat(status(server.token(Tenant.TEST_BUILD))).isEqualTo("401");
    }
  }
}
