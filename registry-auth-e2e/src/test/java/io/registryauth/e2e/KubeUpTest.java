// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** tools/kube-up.sh touches nothing but what it made, and leaves nothing behind. */
class KubeUpTest {
  private static final Path KUBE_UP = Path.of("../tools/kube-up.sh").toAbsolutePath().normalize();
  private static final int LIMIT_SECONDS = 60;

  @TempDir private Path directory;

  @BeforeAll
  static void findPrograms() {
    Stream.of("etcd", "kube-apiserver").forEach(Peers::program);
  }

  /** Starts an API server, and says so; ends when it is told to. */
  public static void main(String[] arguments) throws Exception {
    try (KubernetesApi api = KubernetesApi.start(Path.of(arguments[0]))) {
      System.out.println("started " + api.adminKubeconfig());
      Thread.sleep(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
    }
  }

  private Completed kubeUp(String command, Path target) throws Exception {
    return RunningProcess.run(
        directory,
        List.of("bash", KUBE_UP.toString(), command, target.toString()),
        Map.of("REGISTRY_AUTH_PEERS", Peers.directory().toString()));
  }

  @Test
  void start_directoryOfSomebodyElse_isRefusedAndLeftAsItIs() throws Exception {
    Path others = Files.createDirectory(directory.resolve("others"));
    Files.setPosixFilePermissions(others, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(others.resolve("file"), "theirs");
    Completed completed = kubeUp("start", others);

    assertThat(completed.status()).as("%s", completed).isEqualTo(1);
    assertThat(completed.stderr()).contains("others is not empty").hasLineCount(1);
    assertThat(Files.getPosixFilePermissions(others))
        .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(others).isDirectoryNotContaining("glob:**ports");
  }

  @Test
  void stop_pidThatIsAnotherProgramsByNow_isNotSignalled() throws Exception {
    Path stale = Files.createDirectory(directory.resolve("stale"));
    Files.writeString(stale.resolve("ports"), "1 2 3\n");
    Process another = new ProcessBuilder("sleep", "60").start();
    try {
      Files.writeString(stale.resolve("etcd.pid"), another.pid() + "\n");
      kubeUp("stop", stale).orFail();

      assertThat(another.waitFor(1, TimeUnit.SECONDS)).as("ended").isFalse();
    } finally {
      another.destroyForcibly();
    }
  }

  @Test
  void testRun_thatIsInterrupted_leavesNoServer() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Duser.dir=" + Path.of("").toAbsolutePath(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            KubeUpTest.class.getName(),
            directory.toString());
    Map<String, String> environment = Map.of("REGISTRY_AUTH_PEERS", Peers.directory().toString());
    try (RunningProcess run = RunningProcess.start(directory, command, environment)) {
      Path kubeconfig = Path.of(run.awaitOutput(Pattern.compile("started (.*)")));
      ProcessHandle apiServer =
          ProcessHandle.of(
                  Long.parseLong(
                      Files.readString(kubeconfig.resolveSibling("kube-apiserver.pid")).strip()))
              .orElseThrow();
      assertThat(apiServer.isAlive()).isTrue();
      run.terminate();
      Completed unused = run.awaitExit();

      apiServer.onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
      assertThat(kubeconfig.resolveSibling("etcd.pid")).doesNotExist();
    } finally {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "kubernetes-*")) {
        for (Path made : all) {
          Completed unused = kubeUp("stop", made);
        }
      }
    }
  }
}
