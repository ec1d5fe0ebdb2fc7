// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first command, where nothing has been built. */
class FreshCloneTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** What the README promises, the downloads of Maven aside. */
  private static final int LIMIT_MINUTES = 3;

  @Test
  void demo_whereNothingIsBuilt_endsWithAVerifiedToken(@TempDir Path clone) throws Exception {
    copySources(clone);
    assertThat(clone.resolve("registry-auth-core/target")).doesNotExist();
    Path output = clone.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder("./demo", "--once", "--listen=127.0.0.1:0")
            .directory(clone.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("MAVEN_"));
    Process demo = builder.start();
    try {
      assertThat(demo.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
    } finally {
      demo.descendants().forEach(ProcessHandle::destroyForcibly);
      demo.destroyForcibly();
    }

    String said = Files.readString(output);
    assertThat(demo.exitValue()).as(said).isZero();
    assertThat(said)
        .contains("demo: building")
        .contains("\"sub\":\"test-build\"")
        .contains("verified with http://127.0.0.1:");
  }

  /** Copies what a clone would have, with what is not yet committed. */
  private static void copySources(Path clone) throws IOException, InterruptedException {
    Assumptions.assumeTrue(Files.exists(ROOT.resolve(".git")), "this is no git clone");
    Process git =
        new ProcessBuilder("git", "ls-files", "-co", "--exclude-standard", "-z")
            .directory(ROOT.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String files = new String(git.getInputStream().readAllBytes(), UTF_8);
    assertThat(git.waitFor()).isZero();
    for (String file : List.of(files.split("\0", -1))) {
      if (!file.isEmpty() && Files.exists(ROOT.resolve(file))) {
        Files.createDirectories(clone.resolve(file).getParent());
        Files.copy(ROOT.resolve(file), clone.resolve(file));
      }
    }
  }
}
