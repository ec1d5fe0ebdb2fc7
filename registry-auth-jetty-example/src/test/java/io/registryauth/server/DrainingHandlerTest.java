// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Identity;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that stops while one request, of the namespace slow, is under way. */
@Timeout(60)
class DrainingHandlerTest {
  private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)\r\nContent-Length: (\\d+)");
  private static final String SLOW = "c2xvdzp4"; // slow:x
  private static final String QUICK = "cXVpY2s6eA=="; // quick:x

  private final CountDownLatch underWay = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private RegistryAuthServer server;
  private int port;

  @BeforeEach
  void start() throws Exception {
    server =
        TestServer.start(
            request -> {
              String username = request.credentials().username();
              if (username.equals("slow")) {
                underWay.countDown();
                await(mayEnd);
              }
              return new AuthenticationResult.Authenticated(
                  new Identity.Tenant(new NamespaceName(username)));
            });
    port = server.uri().getPort();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void ask(Socket socket, String basic) throws IOException {
    String request =
        "GET /auth?service=docker-registry HTTP/1.1\r\nHost: x\r\nAuthorization: Basic "
            + basic
            + "\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(UTF_8));
  }

  /** Reads one answer to its last byte, and returns its head. */
  private static String answer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertThat(next).as(head.toString()).isNotNegative();
      head.append((char) next);
    }
    Matcher length = CONTENT_LENGTH.matcher(head);
    assertThat(length.find()).as(head.toString()).isTrue();
    in.skipNBytes(Integer.parseInt(length.group(1)));
    return head.toString();
  }

  @Test
  void close_whileARequestIsUnderWay_finishesItAndWhatComesOnOpenConnections() throws Exception {
    try (Socket slow = connect();
        Socket open = connect()) {
      // Used once, so that the server has accepted it.
      ask(open, QUICK);
      assertThat(answer(open)).startsWith("HTTP/1.1 200");
      ask(slow, SLOW);
      await(underWay);

      CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
      awaitRefusal();
      ask(open, QUICK);
      String late = answer(open);
      assertThat(closed).isNotDone();
      mayEnd.countDown();

      assertThat(late).startsWith("HTTP/1.1 200").contains("Connection: close");
      assertThat(answer(slow)).startsWith("HTTP/1.1 200").contains("Connection: close");
      closed.get(30, TimeUnit.SECONDS);
    }
  }

  /** Its time would else be that of the requests that are under way, 20 s. */
  @Test
  void close_whileAHeaderAndAFormComeInDrops_waitsForNeither() throws Exception {
    try (Socket header = connect();
        Socket form = connect()) {
      send(header, "GET /auth?x=");
      send(form, "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n");
      ScheduledExecutorService drops = Executors.newSingleThreadScheduledExecutor();
      try {
        var unused =
            drops.scheduleWithFixedDelay(
                () -> {
                  sendIfOpen(header, "x");
                  sendIfOpen(form, "x");
                },
                0,
                50,
                TimeUnit.MILLISECONDS);
        long began = System.nanoTime();
        server.close();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
      } finally {
        drops.shutdownNow();
      }
    }
  }

  private static void sendIfOpen(Socket socket, String text) {
    try {
      send(socket, text);
    } catch (IOException e) {
      // The server has closed it.
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
  }

  private void awaitRefusal() throws Exception {
    for (int i = 0; i < 500; i++) {
      try {
        connect().close();
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (ConnectException e) {
        return;
      }
    }
    throw new AssertionError("New connections are still accepted");
  }
}
