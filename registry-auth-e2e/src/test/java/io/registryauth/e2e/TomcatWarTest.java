// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The war of examples/tomcat-war, in Tomcat as it is downloaded. */
class TomcatWarTest {
  private static final Path TARGET = Path.of("../examples/tomcat-war/target").toAbsolutePath();
  private static final Pattern STARTED =
      Pattern.compile("Starting ProtocolHandler \\[\"http-nio-127.0.0.1-auto-\\d+-(\\d+)\"]");

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"10.1.59", "11.0.24"})
  void war_givesARealRegistryItsTokens(String version) throws Exception {
    Keys keys = Keys.generate(directory);
    Path base = base(keys);
    try (RunningProcess tomcat = start(TARGET.resolve("servers/apache-tomcat-" + version), base)) {
      URI uri = URI.create("http://localhost:" + tomcat.awaitOutput(STARTED));
      assertThat(tomcat.output()).contains("Apache Tomcat/" + version);

      new TokenRealm(
              uri.resolve("/registry-auth/auth"), uri.resolve("/registry-auth/jwks.json"), keys)
          .serves("3.1.2", directory);

      assertThat(tomcat.output()).doesNotContain("SEVERE", Tenant.TEST_BUILD.password());
    }
  }

  /** Returns a directory with the war, which reads its files in another place than the example. */
  private Path base(Keys keys) throws IOException {
    Path base = Files.createTempDirectory(directory, "tomcat-");
    Files.createDirectories(base.resolve("temp"));
    Files.writeString(
        Files.createDirectories(base.resolve("conf")).resolve("server.xml"),
        """
        <Server port="-1">
          <Service name="Catalina">
            <Connector port="0" address="127.0.0.1" />
            <Engine name="Catalina" defaultHost="localhost">
              <Host name="localhost" appBase="webapps" failCtxIfServletStartFails="true" />
            </Engine>
          </Service>
        </Server>
        """);
    Path war = Files.createDirectories(base.resolve("webapps")).resolve("registry-auth.war");
    Files.copy(TARGET.resolve("registry-auth.war"), war);
    try (FileSystem content = FileSystems.newFileSystem(war)) {
      Path webXml = content.getPath("WEB-INF/web.xml");
      String text = Files.readString(webXml);
      assertThat(text).contains("/etc/registry-auth-keys", "/etc/registry-auth/credentials");
      Files.writeString(
          webXml,
          text.replace("/etc/registry-auth-keys", keys.directory().toString())
              .replace(
                  "/etc/registry-auth/credentials", TokenServer.credentials(directory).toString()));
    }
    return base;
  }

  private RunningProcess start(Path home, Path base) throws IOException {
    return RunningProcess.start(
        directory,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Dcatalina.home=" + home,
            "-Dcatalina.base=" + base,
            "-Djava.io.tmpdir=" + base.resolve("temp"),
            "-cp",
            home.resolve("bin/bootstrap.jar") + ":" + home.resolve("bin/tomcat-juli.jar"),
            "org.apache.catalina.startup.Bootstrap",
            "start"),
        Map.of());
  }
}
