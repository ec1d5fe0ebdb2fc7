// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/** A file that anybody may read, at any time. */
final class PublicFile {
  /** As many as Linux follows. */
  private static final int MAX_LINKS = 40;

  private PublicFile() {}

  /**
   * Writes a file as a whole or not at all: who reads it finds what was there, or all of what is
   * written. A link stays one, and what it leads to is written, whether that is there yet or not.
   *
   * @throws IOException if that is not possible; then the file is as it was
   */
  static void write(Path file, String text) throws IOException {
    Path target = target(file.toAbsolutePath());
    Path temporary = Files.createTempFile(target.getParent(), "." + target.getFileName(), "");
    try {
      Files.writeString(temporary, text, WRITE, DSYNC);
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

  /** Follows links, which {@link Path#toRealPath} does not where the last leads nowhere yet. */
  private static Path target(Path file) throws IOException {
    Path target = file;
    for (int i = 0; Files.isSymbolicLink(target); i++) {
      if (i == MAX_LINKS) {
        throw new FileSystemLoopException(file.toString());
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }
}
