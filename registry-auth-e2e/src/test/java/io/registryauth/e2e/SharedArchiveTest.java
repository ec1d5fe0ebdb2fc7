// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of class data that is built with the jar: the JVM takes it, or does without. */
class SharedArchiveTest {
  @TempDir private Path directory;
  private Path classes;
  private Keys keys;

  @BeforeEach
  void prepare() throws Exception {
    classes = directory.resolve("classes.txt");
    keys = Keys.generate(directory);
  }

  /** Starts a server, and has the JVM write where it gets classes from. */
  private TokenServer start(Path jar, Path archive) throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:SharedArchiveFile=" + archive,
            "-Xlog:class+load:file=" + classes,
            "-jar",
            jar.toString(),
            "serve",
            "--listen=127.0.0.1:0",
            "--management-listen=127.0.0.1:0",
            "--credentials=directory:" + TokenServer.credentials(directory),
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate());
    return TokenServer.start(directory, Map.of(), command);
  }

  @Test
  void archive_besideTheJar_hasTheServersClasses() throws Exception {
    try (TokenServer server = start(ServerJar.path(), ServerJar.archive())) {
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
    }

    LoadedClasses loaded = LoadedClasses.read(classes);
    assertThat(loaded.archived()).anyMatch(line -> line.contains(".server.RegistryAuthServer "));
    assertThat(loaded.read())
        .as("for the directory alone, which the archive is not made with")
        .hasSizeLessThan(loaded.archived().size() / 10);
  }

  private void run(String program, String[]... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of(program), Stream.of(arguments).flatMap(Stream::of)).toList();
    assertThat(RunningProcess.run(directory, command, Map.of()).status()).isZero();
  }

  /** As the documentation has it: for a jar that was moved, or another JVM. */
  @Test
  void archive_madeByTheDemo_hasTheServersClasses() throws Exception {
    Path moved = directory.resolve("registry-auth.jar");
    Files.copy(ServerJar.path(), moved);
    Path archive = directory.resolve("registry-auth.jsa");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String[] load = {"-XX:DumpLoadedClassList=classes", "-jar", "registry-auth.jar"};
    String[] demo = {"demo", "--once", "--listen", "127.0.0.1:0"};
    String[] dump = {
      "-Xshare:dump",
      "-XX:SharedClassListFile=classes",
      "-XX:SharedArchiveFile=registry-auth.jsa",
      "-cp",
      moved.toString()
    };
    run(java, load, demo);
    run(java, dump);
    try (TokenServer server = start(moved, archive)) {
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
    }

    assertThat(LoadedClasses.read(classes).archived())
        .anyMatch(line -> line.contains(".server.RegistryAuthServer "));
  }

  @Test
  void archive_ofAnotherJar_isLeftAside() throws Exception {
    Path moved = directory.resolve("registry-auth.jar");
    Files.copy(ServerJar.path(), moved, StandardCopyOption.COPY_ATTRIBUTES);
    try (TokenServer server = start(moved, ServerJar.archive())) {
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
    }

    assertThat(LoadedClasses.read(classes).archived()).isEmpty();
  }

  @Test
  void archive_thatIsBroken_isLeftAside() throws Exception {
    Path broken = directory.resolve("registry-auth.jsa");
    byte[] content = Files.readAllBytes(ServerJar.archive());
    Files.write(broken, Arrays.copyOf(content, content.length / 2));
    try (TokenServer server = start(ServerJar.path(), broken)) {
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
    }

    assertThat(LoadedClasses.read(classes).archived()).isEmpty();
  }
}
