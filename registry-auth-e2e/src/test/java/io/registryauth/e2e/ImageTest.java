// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The container image, built on no base: what it says, what is in it, that it runs, and that a
 * registry takes it. What the base adds, a system's files and libraries, is not tested.
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
        .containsEntry("WorkingDir", "/app")
        .containsEntry("ExposedPorts", Map.of("8080/tcp", Map.of(), "8081/tcp", Map.of()));
    assertThat(strings(config.get("Entrypoint")))
        .startsWith("/app/runtime/bin/java", "@/app/jvm.options")
        .endsWith("io.registryauth.server.Main");
    List<String> environment = new ArrayList<>(List.of("TMPDIR=/tmp"));
    Shipped.ENVIRONMENT.forEach((name, value) -> environment.add(name + "=" + value));
    assertThat(strings(config.get("Env"))).containsExactlyInAnyOrderElementsOf(environment);
    assertThat(root.resolve("app/jvm.options")).content().contains("-XX:+ExitOnOutOfMemoryError");
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

  /**
   * The program, its libraries and runtime, and what starts them: no key, no configuration, no
   * source.
   */
  @Test
  void files_areJarsRuntimeAndArgumentsAlone() throws Exception {
    try (Stream<Path> files = Files.walk(root)) {
      assertThat(files.filter(Files::isRegularFile).map(file -> root.relativize(file).toString()))
          .anyMatch(file -> file.matches("app/classpath/registry-auth-jetty-example-.*\\.jar"))
          .anyMatch(file -> file.matches("app/libs/registry-auth-core-.*\\.jar"))
          .anyMatch(file -> file.matches("app/libs/jetty-server-.*\\.jar"))
          .allMatch(
              file ->
                  file.matches("app/(libs|classpath)/[^/]+\\.jar")
                      || file.startsWith("app/runtime/")
                      || file.matches("app/(jvm\\.options|registry-auth\\.jsa)")
                      || file.matches("app/jib-(classpath|main-class)-file"));
    }
  }

  @Test
  void entrypoint_inTheUnpackedImage_servesTokensWithClassesOfItsArchive() throws Exception {
    Path classes = directory.resolve("classes.txt");
    Keys keys = Keys.generate(directory);
    Map<String, String> environment =
        Map.of(
            "TMPDIR",
            directory.toString(),
            "JAVA_TOOL_OPTIONS",
            "-Xlog:class+load:file=" + classes,
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
    List<String> command = command(root.resolve("app"), strings(config.get("Cmd")));
    try (TokenServer server = TokenServer.start(directory, environment, command)) {
      String token = server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull");
      assertThat(Jwt.parse(token).claims()).containsEntry("sub", "test-build");
      assertThat(server.log()).contains("by AmazonCorrettoCryptoProvider");
    }

    LoadedClasses loaded = LoadedClasses.read(classes);
    assertThat(loaded.archived()).anyMatch(line -> line.contains(".server.RegistryAuthServer "));
    assertThat(loaded.read()).hasSizeLessThan(loaded.archived().size() / 10);
  }

  @Test
  void entrypoint_version_isThatOfTheLabel() throws Exception {
    Completed version =
        RunningProcess.run(directory, command(root.resolve("app"), List.of("--version")), Map.of());
    Object label = ((Map<?, ?>) config.get("Labels")).get("org.opencontainers.image.version");

    assertThat(version.orFail().strip()).isEqualTo("registry-auth " + label);
  }

  /** The archive does not fit there, and nobody need know: what it prints is for programs, too. */
  @Test
  void entrypoint_inAnotherWorkingDirectory_doesTheSame() throws Exception {
    Completed version =
        RunningProcess.run(directory, command(directory, List.of("--version")), Map.of());

    assertThat(version.orFail()).matches("registry-auth \\S+\\R");
  }

  /** Returns the command of a container, with the paths of the unpacked image. */
  private static List<String> command(Path workingDirectory, List<String> arguments)
      throws Exception {
    String app = root.resolve("app") + "/";
    Path classPath = directory.resolve("classpath");
    Files.writeString(
        classPath, Files.readString(root.resolve("app/jib-classpath-file")).replace("/app/", app));
    Stream<String> entrypoint =
        strings(config.get("Entrypoint")).stream()
            .map(
                part ->
                    part.equals("@/app/jib-classpath-file")
                        ? "@" + classPath
                        : part.replace("/app/", app));
    return Stream.of(
            Stream.of("env", "-C", workingDirectory.toString()), entrypoint, arguments.stream())
        .flatMap(part -> part)
        .toList();
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
