// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/** A file that anybody may read, at any time. */
final class PublicFile {
  private PublicFile() {}

  /**
   * Writes a file as a whole or not at all: who reads it finds what was there, or all of what is
   * written. A link stays one, and what it leads to is written.
   *
   * @throws IOException if that is not possible; then the file is as it was
   */
  static void write(Path file, String text) throws IOException {
    Path target = (Files.exists(file) ? file.toRealPath() : file).toAbsolutePath();
    Path temporary = Files.createTempFile(target.getParent(), "." + target.getFileName(), "");
    try {
      Files.writeString(temporary, text);
      PosixFileAttributeView rights =
          Files.getFileAttributeView(temporary, PosixFileAttributeView.class);
      if (rights != null) {
        rights.setPermissions(PosixFilePermissions.fromString("rw-r--r--"));
      }
      Path unused = Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
