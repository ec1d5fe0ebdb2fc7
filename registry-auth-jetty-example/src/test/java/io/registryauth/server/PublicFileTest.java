// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
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

  /** Who could write beside the file must not choose what else is written. */
  @Test
  void write_linkWhereTheTextWouldBeWrittenFirst_isNotFollowed() throws IOException {
    Path other = Files.writeString(directory.resolve("other"), "untouched");
    Files.createSymbolicLink(directory.resolve("jwks.json.tmp"), other);
    PublicFile.write(directory.resolve("jwks.json"), "text");
    assertThat(other).hasContent("untouched");
  }

  @Test
  void write_thatFails_leavesNothing() throws IOException {
    Path file = directory.resolve("jwks.json");
    Files.createDirectories(file.resolve("below"));
    assertThatThrownBy(() -> PublicFile.write(file, "text")).isInstanceOf(IOException.class);
    assertThat(files()).isEqualTo(1);
  }
}
