// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that takes four connections, and waits two seconds for a request. */
@Timeout(60)
class ConnectionLimitTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** For what must not depend on how fast the machine is. */
  private static final Duration LONG_PATIENCE = Duration.ofMinutes(1);

  private static final int MAX = 4;
  private static final String ANSWER = "HTTP/1.1 200 OK";

  /** More than the kernels keep. */
  private static final String LARGE = "x".repeat(32 << 20);

  private final Server server = new Server(new QueuedThreadPool(16));
  private final DrainingConnector connector =
      new DrainingConnector(server, new HttpConnectionFactory());
  private final CountDownLatch underWay = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final List<Socket> clients = new ArrayList<>();
  private final LimitMetrics metrics = new LimitMetrics(new PrometheusRegistry());
  private ConnectionLimit limit;

  private Handler answerer() {
    return new Handler.Abstract() {
      @Override
      public boolean handle(Request request, Response response, Callback callback)
          throws Exception {
        if (Request.getPathInContext(request).equals("/slow")) {
          underWay.countDown();
          assertThat(mayEnd.await(30, TimeUnit.SECONDS)).isTrue();
        }
        boolean large = Request.getPathInContext(request).equals("/large");
        Content.Sink.write(response, true, large ? LARGE : "", callback);
        return true;
      }
    };
  }

  private void start(Duration patience) throws Exception {
    limit = start(server, connector, patience);
  }

  private ConnectionLimit start(Server server, DrainingConnector connector, Duration patience)
      throws Exception {
    connector.setHost("127.0.0.1");
    connector.setIdleTimeout(Duration.ofMinutes(5).toMillis()); // what closes is the limit
    ConnectionLimit limit = new ConnectionLimit(answerer(), connector, MAX, patience, metrics);
    connector.addEventListener(limit);
    server.addConnector(connector);
    server.setHandler(limit);
    server.start();
    return limit;
  }

  @AfterEach
  void stop() throws Exception {
    mayEnd.countDown();
    for (Socket client : clients) {
      client.close();
    }
    server.stop();
  }

  private Socket connect() throws IOException {
    return connect(connector);
  }

  private Socket connect(DrainingConnector connector) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    client.setSoTimeout(20_000);
    clients.add(client);
    return client;
  }

  private static void ask(Socket client, String path) throws IOException {
    send(client, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  private static void send(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(UTF_8));
  }

  private static String answer(Socket client) throws IOException {
    byte[] head = client.getInputStream().readNBytes(ANSWER.length());
    byte[] end = new byte[4];
    while (head.length > 0 && !new String(end, UTF_8).equals("\r\n\r\n")) {
      System.arraycopy(end, 1, end, 0, 3);
      end[3] = (byte) client.getInputStream().read();
    }
    return new String(head, UTF_8);
  }

  /** Opens a connection that the server knows of before the next comes. */
  private Socket connectAndAsk() throws IOException {
    Socket client = connect();
    ask(client, "/");
    assertThat(answer(client)).isEqualTo(ANSWER);
    return client;
  }

  private static boolean isClosed(Socket client) {
    try {
      return client.getInputStream().read() < 0;
    } catch (IOException e) {
      return e.getMessage().contains("reset");
    }
  }

  @Test
  void oneConnectionTooMany_theOneThatIsWaitedForLongestIsClosed() throws Exception {
    start(LONG_PATIENCE);
    List<Socket> first = new ArrayList<>();
    for (int i = 0; i < MAX; i++) {
      first.add(connectAndAsk());
    }
    ask(first.get(0), "/"); // so that the next is the oldest
    assertThat(answer(first.get(0))).isEqualTo(ANSWER);

    Socket another = connectAndAsk();

    assertThat(isClosed(first.get(1))).isTrue();
    for (Socket client : List.of(first.get(0), first.get(2), first.get(3), another)) {
      ask(client, "/");
      assertThat(answer(client)).isEqualTo(ANSWER);
    }
  }

  /** None may be closed with its request in the line. */
  @Test
  void burst_ofManyMoreConnectionsThanThereMayBe_isAnsweredToTheLast() throws Exception {
    start(LONG_PATIENCE);
    List<Socket> burst = new ArrayList<>();
    for (int i = 0; i < 10 * MAX; i++) {
      Socket client = connect();
      ask(client, "/");
      burst.add(client);
    }

    for (Socket client : burst) {
      assertThat(answer(client)).isEqualTo(ANSWER);
    }
  }

  @Test
  void requestUnderWay_isNotClosedWhateverComes() throws Exception {
    start(PATIENCE);
    Socket slow = connect();
    ask(slow, "/slow");
    assertThat(underWay.await(20, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 3 * MAX; i++) {
      Socket unused = connectAndAsk();
    }
    TimeUnit.NANOSECONDS.sleep(PATIENCE.plusSeconds(2).toNanos());

    mayEnd.countDown();

    assertThat(answer(slow)).isEqualTo(ANSWER);
    ask(slow, "/");
    assertThat(answer(slow)).isEqualTo(ANSWER);
  }

  @Test
  void attack_headerInDrops_isClosedThoughNeverIdle() throws Exception {
    start(PATIENCE);
    Socket client = connect();
    send(client, "GET / HTTP/1.1\r\nX: ");

    assertThat(dripUntilClosed(client)).isBetween(PATIENCE, PATIENCE.plusSeconds(8));
  }

  /** It says that it is shut down until it has started, which was taken for the server's stop. */
  @Test
  void connector_thatStartsAfterASweep_isPatientAllTheSame() throws Exception {
    CountDownLatch swept = new CountDownLatch(1);
    Server slowly = new Server(new QueuedThreadPool(16));
    DrainingConnector late =
        new DrainingConnector(slowly, new HttpConnectionFactory()) {
          @Override
          boolean isDraining() {
            boolean draining = super.isDraining();
            swept.countDown();
            return draining;
          }

          @Override
          protected void doStart() throws Exception {
            assertThat(swept.await(30, TimeUnit.SECONDS)).isTrue();
            super.doStart();
          }
        };
    try {
      ConnectionLimit unused = start(slowly, late, LONG_PATIENCE);
      Socket client = connect(late);
      send(client, "GET / HTTP/1.1\r\n");
      TimeUnit.SECONDS.sleep(4); // longer than it would be waited for at the stop
      send(client, "Host: x\r\n\r\n");

      assertThat(answer(client)).isEqualTo(ANSWER);
    } finally {
      slowly.stop();
    }
  }

  @Test
  void attack_answerReadInDrops_isCutThoughNeverIdle() throws Exception {
    start(PATIENCE);
    Socket client = connect();
    ask(client, "/large");

    do {
      assertThat(client.getInputStream().read()).isNotNegative();
      TimeUnit.MILLISECONDS.sleep(10);
    } while (!connector.getConnectedEndPoints().isEmpty()); // the class's limit of time ends it

    assertThat(client.getInputStream().readAllBytes().length).isLessThan(LARGE.length());
  }

  /** An end point that fails when it is closed must not end the limit, or shut others out. */
  @Test
  void endPoint_thatFailsToClose_endsNothing() throws Exception {
    start(PATIENCE);
    Connection failing = failing();
    limit.onOpened(failing);
    TimeUnit.MILLISECONDS.sleep(300); // old enough to make room
    for (int i = 0; i <= MAX; i++) {
      limit.onOpened(failing());
    }

    Socket client = connect();
    send(client, "GET / HTTP/1.1\r\nX: ");

    assertThat(isClosed(client)).isTrue();
  }

  private static Connection failing() {
    EndPoint endPoint =
        new ByteArrayEndPoint() {
          @Override
          public void onClose(Throwable cause) {
            throw new IllegalStateException("as the test has it");
          }
        };
    return new AbstractConnection(endPoint, Runnable::run) {
      @Override
      public void onFillable() {}
    };
  }

  private static Duration dripUntilClosed(Socket client) throws InterruptedException {
    long began = System.nanoTime();
    try {
      while (System.nanoTime() - began < Duration.ofSeconds(30).toNanos()) {
        send(client, "x");
        TimeUnit.MILLISECONDS.sleep(50);
      }
    } catch (IOException e) {
      // closed
    }
    return Duration.ofNanos(System.nanoTime() - began);
  }

  @Test
  void clientsThatCloseThemselves_countNoMore() throws Exception {
    start(LONG_PATIENCE);
    Socket open = connectAndAsk();
    for (int i = 0; i < 3 * MAX; i++) {
      Socket client = connect();
      send(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      assertThat(answer(client)).isEqualTo(ANSWER);
      client.close();
      while (connector.getConnectedEndPoints().size() > 1) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }

    ask(open, "/");
    assertThat(answer(open)).isEqualTo(ANSWER);
  }
}
