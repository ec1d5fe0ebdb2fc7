// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.HostAndPort;
import io.registryauth.TokenService;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryAuthServerTest {
  private static final HostAndPort ANY = HostAndPort.fromParts("127.0.0.1", 0);

  private TokenService tokens;
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    SigningKey key =
        SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed("test-key"));
    tokens =
        TokenService.builder(
                TokenIssuer.builder(key).build(),
                new CredentialStoreAuthenticator(new InMemoryCredentialStore()))
            .build();
    server =
        RegistryAuthServer.start(
            ListenAddress.plain(ANY), ANY, tokens, () -> "{\"keys\":[]}", new Metrics());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String send(URI uri, String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), uri.getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  private static String get(URI uri, String path) throws IOException {
    return send(uri, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "/auth, 400",
    "/token, 400",
    "/jwks.json, 200",
    "/healthz, 200",
    "/readyz, 200",
    "/, 404",
    "/auth/x, 404",
    "/metrics, 404"
  })
  void clientAddress_serves(String path, int status) throws Exception {
    assertThat(get(server.uri(), path)).startsWith("HTTP/1.1 " + status);
  }

  @ParameterizedTest
  @CsvSource({"/auth, 404", "/jwks.json, 404", "/healthz, 200", "/readyz, 200", "/metrics, 200"})
  void managementAddress_servesHealthAndMetricsAlone(String path, int status) throws Exception {
    assertThat(get(server.managementUri(), path)).startsWith("HTTP/1.1 " + status);
  }

  @ParameterizedTest
  @CsvSource({
    "GET /nowhere HTTP/1.1, 404",
    "TRACE /nowhere HTTP/1.1, 404",
    "OPTIONS /nowhere HTTP/1.1, 404",
    "POST /nowhere HTTP/1.1, 404",
    "PATCH /nowhere HTTP/1.1, 404",
    "OPTIONS * HTTP/1.1, 404",
    "GET /auth%zz HTTP/1.1, 400",
    "GET /a/%2e%2e/auth HTTP/1.1, 400",
    "BROKEN, 400",
    "PRI * HTTP/2.0, 426",
    "GET /auth HTTP/9.9, 505"
  })
  void whatNoServletSees_isRefusedInJson(String requestLine, int status) throws Exception {
    String response = send(server.uri(), requestLine + "\r\nHost: x\r\nConnection: close\r\n\r\n");

    assertThat(response).startsWith("HTTP/1.1 " + status).contains("application/json");
    assertThat(response).contains("{\"errors\":[{\"code\":\"");
  }

  @Test
  void headersThatAreTooLong_areRefusedInJson() throws Exception {
    String response =
        send(
            server.uri(), "GET /auth HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(40_000) + "\r\n\r\n");

    assertThat(response).startsWith("HTTP/1.1 431").contains("{\"errors\":[{\"code\":\"");
  }

  @Test
  void lineThatIsTooLong_isRefusedInJson() throws Exception {
    String response =
        send(server.uri(), "GET /auth?" + "x".repeat(40_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");

    assertThat(response).startsWith("HTTP/1.1 414").contains("{\"errors\":[{\"code\":\"");
  }

  /** More of them than the server has threads. */
  @Test
  @Timeout(60)
  void attack_bodiesThatDoNotCome_holdNoThread() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 250; i++) {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort());
        clients.add(client);
        client
            .getOutputStream()
            .write(
                "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngrant_type"
                    .getBytes(UTF_8));
      }

      long began = System.nanoTime();
      assertThat(get(server.uri(), "/jwks.json")).startsWith("HTTP/1.1 200");
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void start_onAPortThatIsTaken_saysWhich() {
    HostAndPort taken = HostAndPort.fromParts("127.0.0.1", server.uri().getPort());

    assertThatThrownBy(
            () ->
                RegistryAuthServer.start(
                    ListenAddress.plain(taken), ANY, tokens, () -> "", new Metrics()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("127.0.0.1:" + taken.getPort());
  }
}
