// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What signs: native code where it works, and the JDK elsewhere, with tokens of one shape. */
class NativeSigningTest {
  @TempDir private Path directory;

  private TokenServer start(Keys keys, Path temporary) throws Exception {
    return TokenServer.start(
        directory,
        Map.of(),
        ServerJar.command(
            List.of("-Djava.io.tmpdir=" + temporary),
            "serve",
            "--listen=127.0.0.1:0",
            "--management-listen=127.0.0.1:0",
            "--credentials=directory:" + TokenServer.credentials(directory),
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate()));
  }

  private static List<String> shape(TokenServer server) throws Exception {
    Jwt token = Jwt.parse(server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull"));
    return List.of(token.header().toString(), token.claims().keySet().toString());
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void sign_nativeCodeAndTheJdk_giveTokensOfOneShape() throws Exception {
    Keys keys = Keys.generate(directory);
    Path file = Files.createFile(directory.resolve("no-directory"));
    try (TokenServer fast = start(keys, Files.createDirectory(directory.resolve("tmp")));
        TokenServer slow = start(keys, file)) {
      assertThat(fast.log())
          .contains("by AmazonCorrettoCryptoProvider; management on")
          .doesNotContain("more slowly");
      assertThat(slow.log())
          .containsOnlyOnce("Native code does not sign here, the JDK does, more slowly: ")
          .contains("by the JDK; management on");
      assertThat(shape(slow)).isEqualTo(shape(fast));
    }
  }
}
