// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** The files that a registry's configuration names, as far as they are here. */
final class FilesOfConfig {
  private static final int MAX_BYTES = 4 * 1024 * 1024;

  private FilesOfConfig() {}

  /** Reads what a setting names; nothing if the setting is not there. */
  static Optional<Source> read(Setup setup, String setting, String otherwise) {
    return setup
        .registryConfig()
        .flatMap(config -> config.text(setting))
        .map(path -> file(setup, path, otherwise));
  }

  private static Source file(Setup setup, String name, String otherwise) {
    if (setup.cluster().isPresent()) {
      return Source.unread(name, "that is in the registry's pod");
    }
    Path file;
    try {
      file = Path.of(name);
    } catch (InvalidPathException e) {
      return Source.unread(name, "that is no path");
    }
    if (Files.isRegularFile(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        return Source.of(name, new String(in.readNBytes(MAX_BYTES), UTF_8));
      } catch (IOException e) {
        return Source.unread(name, "it cannot be read here (" + e + ")");
      }
    }
    return Files.notExists(file) && isOfThisMachine(setup, file)
        ? Source.missing(name)
        : Source.unread(name, "that is not on this machine; " + otherwise);
  }

  /**
   * Says whether the registry runs here: its configuration is where it reads it, or beside the
   * file. Else it is a path in a container.
   */
  private static boolean isOfThisMachine(Setup setup, Path file) {
    Path config = Path.of(setup.config().orElseThrow().where()).toAbsolutePath();
    return config.equals(Path.of(setup.assumedVersion().configDirectory(), "config.yml"))
        || Objects.equals(config.resolveSibling(file).getParent(), config.getParent());
  }
}
