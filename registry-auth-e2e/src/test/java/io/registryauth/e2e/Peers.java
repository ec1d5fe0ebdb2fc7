// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** The registries and clients that {@code tools/install-peers.sh} installs. */
final class Peers {
  private Peers() {}

  /** Returns a program; without it the test is skipped, but fails in continuous integration. */
  static Path program(String name) {
    Path program = directory().resolve("bin").resolve(name);
    return require(Files.isExecutable(program), program, name);
  }

  /** Returns a directory of files that are no programs; without it, the same. */
  static Path share(String name) {
    Path share = directory().resolve("share").resolve(name);
    return require(Files.isDirectory(share), share, name);
  }

  private static Path require(boolean there, Path path, String name) {
    if (!there) {
      lacking(path + " is missing; install it with: tools/install-peers.sh " + name);
    }
    return path;
  }

  /** Skips a test that only root can run, the same way. */
  static void requireRoot(String message) {
    if (!System.getProperty("user.name").equals("root")) {
      lacking(message);
    }
  }

  private static void lacking(String message) {
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(message);
    }
    Assumptions.abort(message);
  }

  static Path directory() {
    String property = System.getProperty("registryauth.peers");
    String variable = System.getenv("REGISTRY_AUTH_PEERS");
    if (property != null) {
      return Path.of(property);
    }
    return variable != null
        ? Path.of(variable)
        : Path.of(System.getProperty("user.home"), ".cache", "registry-auth-peers");
  }
}
