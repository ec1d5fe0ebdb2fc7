// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The starter in a real application, started as a program of its own. */
class SpringBootTest {
  private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"3", "4"})
  void application_givesRealRegistriesTheirTokens(String version) throws Exception {
    Keys keys = Keys.generate(directory);
    try (RunningProcess application = start(version, keys)) {
      URI uri = URI.create("http://localhost:" + application.awaitOutput(STARTED));
      assertThat(application.output()).contains("(v" + version + ".");

      TokenRealm realm = new TokenRealm(uri.resolve("/auth"), uri.resolve("/jwks.json"), keys);
      realm.serves("3.0.0", directory);
      realm.serves("3.1.2", directory);

      assertThat(application.output()).doesNotContain(Tenant.TEST_BUILD.password());
    }
  }

  private RunningProcess start(String version, Keys keys) throws Exception {
    Path target = Path.of("../examples/spring-boot-" + version + "/target").toAbsolutePath();
    Path program = target.resolve("application.jar");
    String others = Files.readString(target.resolve("classpath")).strip();
    return RunningProcess.start(
        directory,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            program + ":" + others,
            "io.registryauth.examples.spring.Application",
            "--server.address=127.0.0.1",
            "--server.port=0",
            "--registry-auth.credentials=directory:" + TokenServer.credentials(directory),
            "--registry-auth.signing-key=" + keys.key(),
            "--registry-auth.signing-cert=" + keys.certificate()),
        // What Kubernetes sets beside a Service of the name registry-auth: no properties of ours.
        Map.of(
            "REGISTRY_AUTH_PORT", "tcp://10.0.0.1:8080",
            "REGISTRY_AUTH_SERVICE_HOST", "10.0.0.1",
            "REGISTRY_AUTH_SERVICE_PORT", "8080"));
  }
}
