// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that ask over and over, and never read. */
@Timeout(120)
class UnreadAnswersTest {
  private static final int MORE_THAN_THREADS = 250;
  private static final int AS_MANY_AS_PLACES = 180;
  private static final int AS_MANY_AS_CONNECTIONS = 100;

  /** How many the server bears with. */
  private static final int FEW = 20;

  private static final String AUTH = "/auth?service=docker-registry";
  private static final int SMALL = 4096;

  /** Before a number that begins with the digit that is expected. */
  private static final String CUT = "registry_auth_turned_away_total{reason=\"unread-answer\"} ";

  private final List<SocketChannel> attackers = new ArrayList<>();
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    server = start(ListenAddress.plain(TestServer.ANY));
  }

  private static RegistryAuthServer start(ListenAddress address) throws IOException {
    Metrics metrics = new Metrics();
    return RegistryAuthServer.start(
        address,
        TestServer.ANY,
        TestServer.tokens(
            new CredentialStoreAuthenticator(new InMemoryCredentialStore().put("team", "x")),
            metrics),
        () -> "x".repeat(20_000),
        metrics);
  }

  @AfterEach
  void stop() throws IOException {
    for (SocketChannel attacker : attackers) {
      attacker.close();
    }
    server.close();
  }

  private static String request(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dGVhbTp4\r\n";
  }

  /** Opens connections and sends requests on them until the server takes no more, or all. */
  private void attack(URI uri, int connections, String request) throws Exception {
    ByteBuffer requests = ByteBuffer.wrap((request + "\r\n").repeat(400).getBytes(UTF_8));
    List<ByteBuffer> rests = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      SocketChannel attacker = SocketChannel.open();
      attacker.setOption(StandardSocketOptions.SO_RCVBUF, SMALL);
      attacker.setOption(StandardSocketOptions.SO_SNDBUF, SMALL);
      attacker.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
      attacker.configureBlocking(false);
      attackers.add(attacker);
      rests.add(requests.duplicate());
    }
    for (int idle = 0; idle < 50; idle++) {
      for (int i = 0; i < connections; i++) {
        if (write(attackers.get(i), rests.get(i)) > 0) {
          idle = 0;
        }
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private static int write(SocketChannel attacker, ByteBuffer bytes) throws IOException {
    if (!attacker.isOpen()) {
      return 0;
    }
    try {
      return attacker.write(bytes);
    } catch (IOException e) {
      attacker.close(); // as the server has done
      return 0;
    }
  }

  /** Closing what is below TLS must end what waits above it. */
  @Test
  void attack_answersByTlsThatAreNotRead_areCut(@TempDir Path directory) throws Exception {
    TestCertificate certificate = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    Path file = Files.writeString(directory.resolve("tls.crt"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("tls.key"), certificate.pkcs8());
    server.close();
    server =
        start(
            new ListenAddress(
                TestServer.ANY,
                Optional.of(TlsContext.of(file.toString(), key.toString())),
                TrustedProxies.NONE));
    byte[] requests = (request("/jwks.json") + "\r\n").repeat(400).getBytes(UTF_8);
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < FEW + 10; i++) {
        Socket client = certificate.trusting().createSocket();
        clients.add(client);
        client.setReceiveBufferSize(SMALL);
        client.connect(new InetSocketAddress(server.uri().getHost(), server.uri().getPort()));
        client.getOutputStream().write(requests); // the kernels keep that much
      }
      long began = System.nanoTime();
      while (inFlight() > FEW || !scrape().contains(CUT + "1")) {
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
      }
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  private String scrape() throws IOException {
    return ask(server.managementUri(), "/metrics");
  }

  private double inFlight() throws IOException {
    return scrape()
        .lines()
        .filter(line -> line.startsWith("registry_auth_requests_in_flight "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  private static String ask(URI uri, String path) throws IOException {
    try (Socket client = new Socket(uri.getHost(), uri.getPort())) {
      client.setSoTimeout(20_000); // less than a connection may be idle
      client.getOutputStream().write((request(path) + "Connection: close\r\n\r\n").getBytes(UTF_8));
      return new String(client.getInputStream().readAllBytes(), UTF_8);
    }
  }

  /** Waits for less than the time after which a connection is idle, and closed for that. */
  private void awaitFewAttackersLeft() throws Exception {
    ByteBuffer more = ByteBuffer.wrap("x".getBytes(UTF_8));
    long began = System.nanoTime();
    while (attackers.stream().filter(SocketChannel::isOpen).count() > FEW) {
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
      for (SocketChannel attacker : attackers) {
        int unused = write(attacker, more.rewind());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void attack_keysThatAreNotRead_holdNoThread() throws Exception {
    attack(server.uri(), MORE_THAN_THREADS, request("/jwks.json"));

    assertThat(ask(server.uri(), "/jwks.json")).startsWith("HTTP/1.1 200").contains("xxx");
    assertThat(ask(server.uri(), AUTH)).startsWith("HTTP/1.1 200");
    awaitFewAttackersLeft();
    assertThat(scrape()).contains(CUT + "2");
  }

  @Test
  void attack_tokensThatAreNotRead_holdNoPlace() throws Exception {
    String scope = "&scope=repository:team/" + "x".repeat(200) + "%d:pull,push";
    StringBuilder path = new StringBuilder(AUTH);
    for (int i = 0; i < 16; i++) {
      path.append(scope.formatted(i));
    }

    attack(server.uri(), AS_MANY_AS_PLACES, request(path.toString()));

    assertThat(ask(server.uri(), AUTH)).startsWith("HTTP/1.1 200");
    awaitFewAttackersLeft();
  }

  @Test
  void attack_metricsThatAreNotRead_keepNoScrapeOut() throws Exception {
    attack(server.managementUri(), AS_MANY_AS_CONNECTIONS, request("/metrics"));

    assertThat(ask(server.managementUri(), "/metrics")).startsWith("HTTP/1.1 200");
    assertThat(ask(server.uri(), AUTH)).startsWith("HTTP/1.1 200");
    awaitFewAttackersLeft();
  }

  /** So few are let be for 30 s. */
  @Test
  void attack_fewMetricsThatAreNotRead_holdNoThread() throws Exception {
    attack(server.managementUri(), FEW, request("/metrics"));

    assertThat(Thread.getAllStackTraces().values())
        .noneMatch(stack -> isIn(stack, "MetricsServlet") && isIn(stack, "Blocker"));
  }

  private static boolean isIn(StackTraceElement[] stack, String part) {
    return Arrays.stream(stack).anyMatch(frame -> frame.getClassName().contains(part));
  }
}
