// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
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
  void httpServer_servesTokenAtItsPathAlone() throws Exception {
    HttpServer server =
        new HttpServerExample(OwnCodeExample.tokenService(directory)::respond).start(0);
    try {
      int port = server.getAddress().getPort();
      assertThat(statusOf(port)).isEqualTo(200);
      assertThat(send(port, "GET", "/authority").statusCode()).isEqualTo(405);
      HttpResponse<String> head = send(port, "HEAD", "/auth?" + QUERY);
      assertThat(head.statusCode()).isEqualTo(405);
      assertThat(head.headers().firstValue("Allow")).hasValue("GET, POST");
      assertThat(send(port, "POST", "/auth", "x".repeat(9000)).statusCode()).isEqualTo(413);
      assertThat(send(port, "GET", "/auth?" + QUERY, "", BASIC, BASIC).statusCode())
          .as("two Authorization headers")
          .isEqualTo(400);
    } finally {
      server.stop(0);
    }
  }

  private static HttpResponse<String> send(int port, String method, String target)
      throws Exception {
    return send(port, method, target, "");
  }

  private static HttpResponse<String> send(
      int port, String method, String target, String body, String... authorizations)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + target))
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    for (String authorization : authorizations) {
      request.header("Authorization", authorization);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
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
    String webXml =
        Files.readString(Path.of("../examples/tomcat-war/src/main/webapp/WEB-INF/web.xml"));
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
