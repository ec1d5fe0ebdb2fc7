// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Identity;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server whose credential store stands still. */
@Timeout(60)
class CapacityTest {
  private static final int CLIENTS = 600;
  private static final int UNDER_WAY = 180;
  private static final String NO_PLACE = "registry_auth_turned_away_total{reason=\"no-place\"} ";

  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final List<Socket> clients = new ArrayList<>();
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(request -> standStill());
  }

  private AuthenticationResult standStill() {
    try {
      assertThat(mayEnd.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return new AuthenticationResult.Authenticated(new Identity.Tenant(new NamespaceName("team")));
  }

  @AfterEach
  void stop() throws IOException {
    mayEnd.countDown();
    for (Socket client : clients) {
      client.close();
    }
    server.close();
  }

  private Socket ask(String path) throws IOException {
    return ask(server.uri(), path);
  }

  private Socket ask(URI uri, String path) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), uri.getPort());
    client.setSoTimeout(20_000);
    clients.add(client);
    String request =
        "GET "
            + path
            + " HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dGVhbTp4\r\nConnection: close\r\n\r\n";
    client.getOutputStream().write(request.getBytes(UTF_8));
    return client;
  }

  private static String answer(Socket client) throws IOException {
    return new String(client.getInputStream().readAllBytes(), UTF_8);
  }

  @Test
  void requestsBeyondCapacity_areToldSoSoonAndTheOthersServed() throws Exception {
    long began = System.nanoTime();
    List<Socket> waiting = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      waiting.add(ask("/auth?service=docker-registry"));
    }

    assertThat(answer(ask("/healthz"))).startsWith("HTTP/1.1 200");
    assertThat(answer(ask("/readyz"))).startsWith("HTTP/1.1 200");
    String refused = answer(ask("/auth?service=docker-registry"));
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
    assertThat(refused)
        .startsWith("HTTP/1.1 503")
        .contains("Retry-After: 5\r\n", "{\"errors\":[{\"code\":\"UNAVAILABLE\"");

    // Those that wait are given up, too, though nothing ends.
    while (!scrape().contains(NO_PLACE + (1 + CLIENTS - UNDER_WAY) + ".0\n")) {
      TimeUnit.MILLISECONDS.sleep(50); // the class's limit of time ends it
    }

    mayEnd.countDown();
    List<String> statuses = new ArrayList<>();
    for (Socket client : waiting) {
      statuses.add(answer(client).substring(0, "HTTP/1.1 200".length()));
    }
    assertThat(statuses).containsOnly("HTTP/1.1 200", "HTTP/1.1 503");
    assertThat(statuses).filteredOn(status -> status.endsWith("200")).hasSize(UNDER_WAY);
    assertThat(answer(ask("/auth?service=docker-registry"))).startsWith("HTTP/1.1 200");
  }

  private String scrape() throws IOException {
    return answer(ask(server.managementUri(), "/metrics"));
  }
}
