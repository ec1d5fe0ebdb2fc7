// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DrainingConnectorTest {
  /** More than the buffers of both kernels take: to send it ends when its client has read it. */
  private static final int LONG_ANSWER = 32 * 1024 * 1024;

  private final Server server = new Server();
  private final DrainingConnector connector =
      new DrainingConnector(server, new HttpConnectionFactory());
  private final ExecutorService stopping = Executors.newSingleThreadExecutor();

  @BeforeEach
  void start() throws Exception {
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(
        new DrainingHandler(
            new Handler.Abstract() {
              @Override
              public boolean handle(Request request, Response response, Callback callback) {
                int bytes = request.getHttpURI().getPath().equals("/long") ? LONG_ANSWER : 1;
                response.write(true, ByteBuffer.allocate(bytes), callback);
                return true;
              }
            }));
    server.setStopTimeout(30_000);
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
    stopping.shutdownNow();
  }

  @Test
  void stop_whileAnAnswerIsSentThatKeepsTheConnection_answersTheNextRequestToo() throws Exception {
    try (Socket client = connect()) {
      BufferedReader answers =
          new BufferedReader(new InputStreamReader(client.getInputStream(), ISO_8859_1));
      ask(client, "/long");
      assertThat(head(answers)).startsWith("HTTP/1.1 200").doesNotContain("Connection:");
      Future<?> stopped = stop(server);
      awaitRefusal();
      ask(client, "/short");
      assertThat(answers.skip(LONG_ANSWER)).isEqualTo(LONG_ANSWER);

      assertThat(head(answers)).startsWith("HTTP/1.1 200").contains("Connection: close");
      assertThat(answers.read()).isZero();
      assertThat(answers.read()).isNegative();
      stopped.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void shutdown_whileAConnectionIsAcceptedAndNotOpenYet_waitsForIt() throws Exception {
    SelectorManager.AcceptListener arrivals =
        connector.getBean(SelectorManager.AcceptListener.class);
    try (SocketChannel channel = SocketChannel.open()) {
      arrivals.onAccepting(channel);
      CompletableFuture<Void> done = connector.shutdown();
      awaitRefusal();
      TimeUnit.MILLISECONDS.sleep(100);
      assertThat(done).isNotDone();

      arrivals.onAcceptFailed(channel, new IOException("made up"));
      done.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void shutdown_whileAConnectionIsOpen_waitsForIt() throws Exception {
    connector.setShutdownIdleTimeout(30_000);
    CompletableFuture<Void> done;
    try (Socket client = connect()) {
      ask(client, "/short");
      assertThat(client.getInputStream().read()).isPositive();
      done = connector.shutdown();
      awaitRefusal();
      TimeUnit.MILLISECONDS.sleep(100);
      assertThat(done).isNotDone();
    }
    done.get(30, TimeUnit.SECONDS);
  }

  private Future<?> stop(Server server) {
    return stopping.submit(
        () -> {
          server.stop();
          return null;
        });
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void ask(Socket socket, String path) throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(UTF_8));
  }

  private static String head(BufferedReader answer) throws IOException {
    StringBuilder head = new StringBuilder();
    String line = answer.readLine();
    while (line != null && !line.isEmpty()) {
      head.append(line).append('\n');
      line = answer.readLine();
    }
    return head.toString();
  }

  private void awaitRefusal() throws Exception {
    int port = connector.getLocalPort();
    while (port > 0) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (ConnectException e) {
        return;
      }
    }
  }
}
