// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublicFileTest {
  @TempDir private Path directory;

  private long files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.count();
    }
  }

  @Test
  void write_newOrThere_isForAllToRead() throws IOException {
    Path file = directory.resolve("jwks.json");
    for (String text : new String[] {"first", "second"}) {
      PublicFile.write(file, text);
      assertThat(file).hasContent(text);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-r--r--");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
    assertThat(files()).isEqualTo(1);
  }

  @Test
  void write_link_staysOneAndItsFileIsWritten() throws IOException {
    Path file = Files.writeString(directory.resolve("real.json"), "first");
    Path link = Files.createSymbolicLink(directory.resolve("jwks.json"), file);
    PublicFile.write(link, "second");
    assertThat(link).isSymbolicLink().hasContent("second");
    assertThat(file).hasContent("second");
  }

  /** As where a registry's volume has the link before the first JWK Set is written. */
  @Test
  void write_linksThatLeadNowhereYet_stayAndTheirFileIsMade() throws IOException {
    Files.createDirectories(directory.resolve("real"));
    Path last = Files.createSymbolicLink(directory.resolve("last"), Path.of("real/jwks.json"));
    Path link = Files.createSymbolicLink(directory.resolve("jwks.json"), last);
    PublicFile.write(link, "first");
    assertThat(link).isSymbolicLink().hasContent("first");
    assertThat(last).isSymbolicLink();
    assertThat(directory.resolve("real/jwks.json")).isRegularFile().hasContent("first");
  }

  @Test
  void write_linkToItself_isRefused() throws IOException {
    Path link = directory.resolve("jwks.json");
    Files.createSymbolicLink(link, link);
    assertThatThrownBy(() -> PublicFile.write(link, "text"))
        .isInstanceOf(FileSystemLoopException.class);
    assertThat(link).isSymbolicLink();
    assertThat(files()).isEqualTo(1);
  }

  @Test
  void write_thatFails_leavesNothing() throws IOException {
    Path file = directory.resolve("jwks.json");
    Files.createDirectories(file.resolve("below"));
    assertThatThrownBy(() -> PublicFile.write(file, "text")).isInstanceOf(IOException.class);
    assertThat(files()).isEqualTo(1);
  }
}
