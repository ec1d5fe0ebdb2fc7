// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A real buildkitd, and buildctl for it; the credentials are in {@code .docker} of their home.
 *
 * @param within makes of a command one that runs it where the names of the hosts are known
 */
record BuildKit(
    Path home,
    UnaryOperator<List<String>> within,
    Map<String, String> environment,
    RunningProcess daemon)
    implements AutoCloseable {

  static BuildKit start(
      Path home, UnaryOperator<List<String>> within, Map<String, String> environment)
      throws IOException, InterruptedException {
    Peers.requireRoot("BuildKit needs root");
    Peers.program("runc");
    List<String> command =
        List.of(
            Peers.program("buildkitd").toString(),
            "--root=" + home.resolve("state"),
            "--addr=" + address(home),
            "--oci-worker-snapshotter=native",
            "--containerd-worker=false");
    RunningProcess daemon = RunningProcess.start(home, within.apply(command), environment);
    BuildKit buildKit = new BuildKit(home, within, environment, daemon);
    try {
      daemon.awaitOutput(Pattern.compile("running server on"));
      return buildKit;
    } catch (AssertionError e) {
      buildKit.close();
      throw e;
    }
  }

  private static String address(Path home) {
    return "unix://" + home.resolve("buildkitd.sock");
  }

  /** Builds from a Dockerfile, which may copy {@code hello.txt}. */
  Completed build(String dockerfile, String output) throws IOException, InterruptedException {
    Path context = Files.createTempDirectory(home, "context-");
    Files.writeString(context.resolve("Dockerfile"), dockerfile);
    Artifacts.file(context);
    return buildIn(context, output);
  }

  /** Builds from the Dockerfile of a directory. */
  Completed buildIn(Path context, String output) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            Peers.program("buildctl").toString(),
            "--addr=" + address(home),
            "build",
            "--frontend=dockerfile.v0",
            "--local=context=" + context,
            "--local=dockerfile=" + context,
            "--progress=plain",
            "--output=" + output);
    return RunningProcess.run(home, within.apply(command), environment);
  }

  /** Builds and pushes an image of one file, from another image or from {@code scratch}. */
  Completed push(String image, String from) throws IOException, InterruptedException {
    return build(
        "FROM " + from + "\nCOPY hello.txt /" + UUID.randomUUID() + "\n",
        "type=image,name=" + image + ",push=true");
  }

  Completed push(String image) throws IOException, InterruptedException {
    return push(image, "scratch");
  }

  @Override
  public void close() {
    daemon.close();
  }
}
