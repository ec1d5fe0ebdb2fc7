// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The program under test, {@code java -jar registry-auth.jar}. */
final class ServerJar {
  private static final String DEFAULT = "../registry-auth-jetty-example/target/registry-auth.jar";

  private ServerJar() {}

  static Completed run(Path directory, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return RunningProcess.run(directory, command(List.of(), arguments), environment);
  }

  /**
   * Runs {@code serve} with something wrong, and sees that {@code check-config} refuses it in the
   * same words and with the same status.
   */
  static Completed refused(Path directory, Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    Completed serve = run(directory, environment, with("serve", options));
    Completed check = run(directory, environment, with("check-config", options));
    assertThat(check.status()).as("%s%n%s", serve, check).isEqualTo(serve.status()).isNotZero();
    assertThat(check.stdout()).as("%s", check).isEmpty();
    assertThat(check.stderr())
        .isEqualTo(serve.stderr().replace("registry-auth serve: ", "registry-auth check-config: "));
    return serve;
  }

  private static String[] with(String command, String... options) {
    return Stream.concat(Stream.of(command), Stream.of(options)).toArray(String[]::new);
  }

  /** Writes the JWK Set of a certificate for a registry, by the command that is there for it. */
  static void writeJwks(Path certificate, Path jwks, String... options)
      throws IOException, InterruptedException {
    String[] arguments =
        Stream.concat(Stream.of("jwks", "--cert=" + certificate), Stream.of(options))
            .toArray(String[]::new);
    Files.writeString(jwks, run(certificate.getParent(), Map.of(), arguments).orFail());
  }

  static Path path() {
    return Path.of(System.getProperty("registryauth.jar", DEFAULT)).toAbsolutePath();
  }

  /** Returns its archive of class data. */
  static Path archive() {
    return path().resolveSibling("registry-auth.jsa");
  }

  static List<String> command(List<String> jvmOptions, String... arguments) {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return Stream.of(
            // Half the processor time to start: these tests start it more often than they use it.
            Stream.of(java.toString(), "-XX:TieredStopAtLevel=1"),
            jvmOptions.stream(),
            Stream.of("-jar", path().toString()),
            Stream.of(arguments))
        .flatMap(part -> part)
        .toList();
  }
}
