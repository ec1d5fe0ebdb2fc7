// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The container image, built on no base: what it says, what is in it, that it runs, and that a
 * registry takes it. What the base adds, the JDK and a system's files, is not tested.
 */
class ImageTest {
  private static final Path IMAGE =
      Path.of(
              System.getProperty(
                  "registryauth.image",
                  "../registry-auth-jetty-example/target/registry-auth-image-without-base.tar"))
          .toAbsolutePath()
          .normalize();

  @TempDir private static Path directory;
  private static Map<String, Object> image;
  private static Map<String, Object> config;
  private static Path root;

  @BeforeAll
  @SuppressWarnings("unchecked")
  static void unpack() throws Exception {
    Client skopeo = Client.skopeo(directory);
    image = Json.object(skopeo.succeed("inspect", "--config", "docker-archive:" + IMAGE));
    config = (Map<String, Object>) image.get("config");
    Path archive = Files.createDirectory(directory.resolve("archive"));
    tar("-xf", IMAGE.toString(), "-C", archive.toString());
    root = Files.createDirectory(directory.resolve("root"));
    String manifests = Files.readString(archive.resolve("manifest.json"));
    Map<String, Object> manifest =
        Json.objects(Json.object("{\"all\":" + manifests + "}").get("all")).get(0);
    for (String layer : strings(manifest.get("Layers"))) {
      tar("-xzf", archive.resolve(layer).toString(), "-C", root.toString());
    }
  }

  private static void tar(String... arguments) throws Exception {
    List<String> command = Stream.concat(Stream.of("tar"), Stream.of(arguments)).toList();
    RunningProcess.run(directory, command, Map.of()).orFail();
  }

  @SuppressWarnings("unchecked")
  private static List<String> strings(Object array) {
    return (List<String>) array;
  }

  @Test
  void config_runsServeWithoutRoot() {
    assertThat(config)
        .containsEntry("User", "65532:65532")
        .containsEntry("Cmd", List.of("serve"))
        .containsEntry("Env", List.of("TMPDIR=/tmp"))
        .containsEntry("ExposedPorts", Map.of("8080/tcp", Map.of(), "8081/tcp", Map.of()));
    assertThat(strings(config.get("Entrypoint")))
        .startsWith("java", "-XX:+ExitOnOutOfMemoryError")
        .endsWith("io.registryauth.server.Main");
  }

  @Test
  void config_hasTheLabelsAndTheTimeOfTheSources() {
    assertThat((Map<?, ?>) config.get("Labels"))
        .extracting(Object::toString)
        .asString()
        .contains("org.opencontainers.image.title=Registry Auth Server")
        .contains("org.opencontainers.image.licenses=Apache-2.0")
        .containsPattern("org\\.opencontainers\\.image\\.version=\\d+\\.\\d+\\.\\d+");
    assertThat(image).containsEntry("created", "2026-01-01T00:00:00Z");
  }

  /** The program, the libraries and what starts them: no key, no configuration, no source. */
  @Test
  void files_areJarsAndArgumentsAlone() throws Exception {
    try (Stream<Path> files = Files.walk(root)) {
      assertThat(files.filter(Files::isRegularFile).map(file -> root.relativize(file).toString()))
          .anyMatch(file -> file.matches("app/classpath/registry-auth-jetty-example-.*\\.jar"))
          .anyMatch(file -> file.matches("app/libs/registry-auth-core-.*\\.jar"))
          .anyMatch(file -> file.matches("app/libs/jetty-server-.*\\.jar"))
          .allMatch(
              file ->
                  file.matches("app/(libs|classpath)/[^/]+\\.jar")
                      || file.matches("app/jib-(classpath|main-class)-file"));
    }
  }

  @Test
  void entrypoint_inTheUnpackedImage_servesTokens() throws Exception {
    Keys keys = Keys.generate(directory);
    Map<String, String> environment =
        Map.of(
            "TMPDIR",
            directory.toString(),
            "LISTEN_ADDRESS",
            "127.0.0.1:0",
            "MANAGEMENT_LISTEN_ADDRESS",
            "127.0.0.1:0",
            "CREDENTIALS",
            "directory:" + TokenServer.credentials(directory),
            "SIGNING_KEY_FILE",
            keys.key().toString(),
            "SIGNING_CERT_FILE",
            keys.certificate().toString());
    try (TokenServer server =
        TokenServer.start(directory, environment, command(strings(config.get("Cmd"))))) {
      String token = server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull");
      assertThat(Jwt.parse(token).claims()).containsEntry("sub", "test-build");
    }
  }

  @Test
  void entrypoint_version_isThatOfTheLabel() throws Exception {
    Completed version = RunningProcess.run(directory, command(List.of("--version")), Map.of());
    Object label = ((Map<?, ?>) config.get("Labels")).get("org.opencontainers.image.version");

    assertThat(version.orFail().strip()).isEqualTo("registry-auth " + label);
  }

  /** Returns the command of a container, with the paths of the unpacked image and this JDK. */
  private static List<String> command(List<String> arguments) throws Exception {
    Path classPath = root.resolve("app/jib-classpath-file");
    Path rewritten = directory.resolve("classpath");
    Files.writeString(
        rewritten, Files.readString(classPath).replace("/app/", root.resolve("app") + "/"));
    Stream<String> entrypoint =
        strings(config.get("Entrypoint")).stream()
            .map(
                part ->
                    switch (part) {
                      case "java" ->
                          Path.of(System.getProperty("java.home"), "bin/java").toString();
                      case "@/app/jib-classpath-file" -> "@" + rewritten;
                      default -> part;
                    });
    return Stream.concat(entrypoint, arguments.stream()).toList();
  }

  @Test
  void image_pushedToARegistryByOurToken_hasItsOwnDigest() throws Exception {
    try (Deployment deployment = Deployment.start("3.1.2", directory)) {
      Client crane = Client.crane(directory);
      String registry = deployment.registry().address();
      Tenant tenant = Tenant.TEST_BUILD;
      crane.succeed("auth", "login", registry, "-u", tenant.name(), "-p", tenant.password());
      String name = registry + "/test-build/registry-auth";
      String digest = crane.succeed("digest", "--tarball=" + IMAGE);

      assertThat(crane.succeed("push", IMAGE.toString(), name + ":1"))
          .isEqualTo(name + "@" + digest);
      assertThat(crane.succeed("digest", name + ":1")).isEqualTo(digest);
      crane.succeed("validate", "--remote=" + name + ":1");
    }
  }
}
