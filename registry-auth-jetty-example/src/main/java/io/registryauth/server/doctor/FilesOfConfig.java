// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
        .map(path -> read(Path.of(path), otherwise));
  }

  private static Source read(Path file, String otherwise) {
    if (Files.isRegularFile(file)) {
      try (InputStream in = Files.newInputStream(file)) {
        return Source.of(file.toString(), new String(in.readNBytes(MAX_BYTES), UTF_8));
      } catch (IOException e) {
        return Source.unread(file.toString(), "it cannot be read here (" + e + ")");
      }
    }
    // Where its directory is, this is where the registry runs. Else it is a path in a container.
    return file.toAbsolutePath().getParent() != null
            && Files.isDirectory(file.toAbsolutePath().getParent())
        ? Source.missing(file.toString())
        : Source.unread(file.toString(), "that is not on this machine; " + otherwise);
  }
}
