// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.TokenService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.catalina.startup.Tomcat;
import org.eclipse.jetty.server.Server;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows works. */
class ExamplesTest {
  private static final Path KEYS = Path.of("../registry-auth-core/src/test/resources/keys");
  private static final String QUERY =
      "service=docker-registry&scope=repository:test-build/myapp:push,pull";
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("test-build:test-password-123".getBytes(UTF_8));

  @TempDir private Path directory;

  @BeforeEach
  void copyKeys() throws Exception {
    Files.copy(KEYS.resolve("rsa-2048.pkcs8.key"), directory.resolve("tls.key"));
    Files.copy(KEYS.resolve("rsa-2048.crt"), directory.resolve("tls.crt"));
  }

  private static int statusOf(int port) throws Exception {
    URI uri = URI.create("http://localhost:" + port + "/auth?" + QUERY);
    HttpRequest request = HttpRequest.newBuilder(uri).header("Authorization", BASIC).build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void ownCode_issuesToken() throws Exception {
    TokenService tokens = OwnCodeExample.tokenService(directory);

    assertThat(OwnCodeExample.answer(tokens, QUERY, BASIC)).startsWith("200 {\"token\":\"eyJ");
    assertThat(OwnCodeExample.answer(tokens, QUERY, "Basic wrong")).startsWith("401 ");
  }

  @Test
  void jetty_servesToken() throws Exception {
    Server server = JettyExample.start(OwnCodeExample.tokenService(directory), 0);
    try {
      assertThat(statusOf(server.getURI().getPort())).isEqualTo(200);
    } finally {
      server.stop();
    }
  }

  @Test
  void tomcat_servesToken() throws Exception {
    Tomcat tomcat =
        TomcatExample.start(
            OwnCodeExample.tokenService(directory), directory.resolve("container"), 0);
    try {
      assertThat(statusOf(tomcat.getConnector().getLocalPort())).isEqualTo(200);
    } finally {
      tomcat.stop();
      tomcat.destroy();
    }
  }

  @Test
  void webXml_inTomcat_servesToken() throws Exception {
    Path tenant = Files.createDirectories(directory.resolve("credentials/test-build"));
    Files.writeString(tenant.resolve("username"), "test-build");
    Files.writeString(tenant.resolve("password"), "test-password-123");
    String webXml = Files.readString(Path.of("src/test/resources/examples/WEB-INF/web.xml"));
    Path app = Files.createDirectories(directory.resolve("app/WEB-INF")).getParent();
    Files.writeString(
        app.resolve("WEB-INF/web.xml"),
        webXml
            .replace("/etc/registry-auth/credentials", directory.resolve("credentials").toString())
            .replace("/etc/registry-auth-keys", directory.toString()));
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.resolve("container").toString());
    tomcat.setPort(0);
    tomcat.setAddDefaultWebXmlToWebapp(false);
    tomcat.addWebapp("", app.toString());
    tomcat.getConnector().setProperty("address", "localhost");
    tomcat.start();
    try {
      assertThat(statusOf(tomcat.getConnector().getLocalPort())).isEqualTo(200);
    } finally {
      tomcat.stop();
      tomcat.destroy();
    }
  }
}
