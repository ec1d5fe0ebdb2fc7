// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve --credentials htpasswd:FILE} while the file changes. */
class HtpasswdTest {
  private static final Duration MAX_WAIT = Duration.ofSeconds(20);
  private static final Tenant OLD = Tenant.TEST_BUILD;
  private static final Tenant NEW = new Tenant(OLD.name(), "rotated-password");

  // Bcrypt of the cost 4.
  private static final String OLD_LINE =
      "test-build:$2y$04$xL29itl1OiavctxZBLOapOcal8XDV1VX82/Ow5X2YL1/xfVJEzt9u\n";
  private static final String NEW_LINE =
      "test-build:$2y$04$ujbF6.StumfV3bAo/NcXFufK.mX6D2RhmgVuU52QCmoQzvGzVNWVm\n";

  @TempDir private Path directory;

  @Test
  void serve_fileThatChanges_takesTheNewPasswordAtOnceAndRefusesTheOldSoon() throws Exception {
    Path file = Files.writeString(directory.resolve("htpasswd"), OLD_LINE);
    try (TokenServer server = start(file)) {
      assertThat(status(server, OLD)).isEqualTo(200);
      assertThat(status(server, NEW)).isEqualTo(401);
    }
    try (TokenServer server = start(file)) {
      assertThat(status(server, OLD)).isEqualTo(200);

      replace(file, NEW_LINE);

      assertThat(status(server, NEW)).isEqualTo(200);
      awaitStatus(server, OLD, 401);
      assertThat(server.log()).doesNotContain("$2y$");
    }
  }

  @Test
  void serve_fileThatBecomesWrong_servesOnWhomItKnowsAndCannotTellOfOthers() throws Exception {
    Path file = Files.writeString(directory.resolve("htpasswd"), OLD_LINE);
    try (TokenServer server = start(file)) {
      assertThat(status(server, OLD)).isEqualTo(200);

      replace(file, OLD_LINE + "other-namespace:{SHA}classified\n");

      awaitStatus(server, Tenant.OTHER, 503);
      assertThat(status(server, OLD)).isEqualTo(200);
      assertThat(server.log()).contains("line 2: ").doesNotContain("classified");
    }
  }

  private TokenServer start(Path file) throws Exception {
    Keys keys = Keys.generate(Files.createTempDirectory(directory, "keys-"));
    return TokenServer.start(
        directory,
        Map.of(),
        "serve",
        "--listen=127.0.0.1:0",
        "--management-listen=127.0.0.1:0",
        "--credentials=htpasswd:" + file,
        "--signing-key=" + keys.key(),
        "--signing-cert=" + keys.certificate());
  }

  private void replace(Path file, String content) throws Exception {
    Path other = Files.writeString(directory.resolve("other"), content);
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static int status(TokenServer server, Tenant tenant) throws Exception {
    return server.ask(tenant).statusCode();
  }

  private static void awaitStatus(TokenServer server, Tenant tenant, int expected)
      throws Exception {
    long began = System.nanoTime();
    while (status(server, tenant) != expected) {
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(MAX_WAIT);
      Thread.sleep(100);
    }
  }
}
