// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What clients push: each time of another content, so that no registry and no client has it yet.
 */
final class Artifacts {
  private Artifacts() {}

  /** Makes a file {@code hello.txt}. */
  static Path file(Path directory) throws IOException {
    return Files.writeString(
        directory.resolve("hello.txt"), "Hello " + UUID.randomUUID() + System.lineSeparator());
  }

  /** Makes an image of one file, as {@code docker save} writes it. */
  static Path image(Path directory) throws IOException, InterruptedException {
    Client crane = Client.crane(directory);
    Path file = file(crane.home());
    List<String> tar = List.of("tar", "-cf", "layer.tar", file.getFileName().toString());
    RunningProcess.run(crane.home(), tar, Map.of()).orFail();
    crane.succeed("append", "-f", "layer.tar", "-t", "localhost/made-here:1", "-o", "image.tar");
    return crane.home().resolve("image.tar");
  }
}
