// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo}, as someone meets it who has just downloaded the jar. */
class DemoTest {
  private static final Pattern SERVING =
      Pattern.compile("^Serving until Ctrl-C", Pattern.MULTILINE);
  private static final String COMMAND = "    ";

  @TempDir private Path directory;

  @Test
  void demo_once_showsAVerifiedTokenAndEndsWithZero() throws Exception {
    Completed demo =
        ServerJar.run(directory, Map.of(), "demo", "--once", "--listen", "127.0.0.1:0");
    String stdout = demo.orFail();
    assertThat(Json.object(lineAfter("  header   ", stdout))).containsEntry("alg", "RS256");
    assertThat(Json.object(lineAfter("  claims   ", stdout))).containsEntry("sub", "test-build");
    assertThat(lineAfter("  verified with ", stdout))
        .matches("http://127\\.0\\.0\\.1:\\d+/jwks\\.json");
  }

  private static String lineAfter(String start, String text) {
    return text.lines()
        .filter(line -> line.startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError(text))
        .substring(start.length());
  }

  @Test
  void demo_untilInterrupted_printsCommandsThatWorkAndLeavesNothingBehind() throws Exception {
    Peers.program("registry-3.1.2");
    Peers.program("crane");
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    try (RunningProcess demo = startDemo(temporary)) {
      demo.awaitOutput(SERVING);
      List<String> commands = commands(demo.stdout());
      assertThat(commands).as(demo.output()).hasSize(8);
      assertThat(Json.object(paste(commands.get(0)).orFail())).containsKey("token");
      assertThat(paste(commands.get(1)).orFail()).contains("DENIED");
      assertThat(Json.object(paste(commands.get(2)).orFail())).containsKey("keys");
      paste(commands.get(3)).orFail();
      paste(commands.get(4)).orFail();
      paste(commands.get(5)).orFail();
      assertThat(Json.object(paste(commands.get(6)).orFail())).containsKey("layers");
      Completed foreign = paste(commands.get(7));
      assertThat(foreign.status()).as("%s", foreign).isNotZero();
      assertThat(foreign.stderr()).contains("DENIED");
      assertThat(directory.resolve(".docker")).doesNotExist();

      List<ProcessHandle> registries = demo.descendants().toList();
      demo.interrupt();
      assertThat(demo.awaitExit().status()).isZero();
      assertThat(registries).hasSize(1).noneMatch(ProcessHandle::isAlive);
      assertThat(temporary).isEmptyDirectory();
    }
  }

  private RunningProcess startDemo(Path temporary) throws IOException, InterruptedException {
    List<String> demo =
        ServerJar.command(
            List.of("-Djava.io.tmpdir=" + temporary),
            "demo",
            "--listen",
            "127.0.0.1:0",
            "--registry-listen",
            "localhost:0");
    return RunningProcess.start(
        directory,
        takingInterrupts(demo),
        Map.of("REGISTRY_AUTH_PEERS", Peers.directory().toString()));
  }

  /** A shell that starts these tests in the background leaves SIGINT ignored: undo that. */
  private List<String> takingInterrupts(List<String> command)
      throws IOException, InterruptedException {
    List<String> env = List.of("env", "--default-signal=INT");
    List<String> probe = Stream.concat(env.stream(), Stream.of("true")).toList();
    boolean known = RunningProcess.run(directory, probe, Map.of()).status() == 0;
    return known ? Stream.concat(env.stream(), command.stream()).toList() : command;
  }

  /** Returns the commands, each in a shell of its own after what is exported before it. */
  private static List<String> commands(String stdout) {
    List<String> commands = new ArrayList<>();
    StringBuilder exported = new StringBuilder();
    for (String line : stdout.lines().filter(line -> line.startsWith(COMMAND)).toList()) {
      if (line.strip().startsWith("export ")) {
        exported.append(line).append('\n');
      } else {
        commands.add(exported + line);
      }
    }
    return commands;
  }

  private Completed paste(String command) throws IOException, InterruptedException {
    return RunningProcess.run(directory, List.of("bash", "-c", command), Map.of());
  }
}
