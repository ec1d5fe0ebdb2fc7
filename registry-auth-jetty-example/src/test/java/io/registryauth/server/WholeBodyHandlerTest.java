// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server of few threads, whose limits are short, and which says how long a body was. */
@Timeout(60)
class WholeBodyHandlerTest {
  private static final Duration PATIENCE = Duration.ofMillis(300);
  private static final Duration IDLE = Duration.ofSeconds(2);

  private final Server server = new Server(new QueuedThreadPool(8));
  private final ServerConnector connector = new ServerConnector(server);
  private final AtomicInteger handled = new AtomicInteger();

  /** Reads the body as a servlet does: waiting. */
  private final Handler reader =
      new Handler.Abstract() {
        @Override
        public boolean handle(Request request, Response response, Callback callback)
            throws Exception {
          handled.incrementAndGet();
          if (Request.getPathInContext(request).equals("/nowhere")) {
            return false;
          }
          try {
            int length = Content.Source.asByteBuffer(request).remaining();
            Content.Sink.write(response, true, "length " + length, callback);
          } catch (IOException e) {
            Content.Sink.write(response, true, "failed: " + e.getMessage(), callback);
          }
          return true;
        }
      };

  @BeforeEach
  void start() throws Exception {
    connector.setHost("127.0.0.1");
    connector.setIdleTimeout(IDLE.toMillis());
    server.addConnector(connector);
    server.setHandler(new WholeBodyHandler(reader, PATIENCE));
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }

  private static String head(String path, String framing) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + framing + "\r\n\r\n";
  }

  private String send(String... parts) throws Exception {
    try (Socket socket = connect()) {
      for (String part : parts) {
        write(socket, part);
        Thread.sleep(20);
      }
      return rest(socket);
    }
  }

  @Test
  void body_ofALength_isHandedOnWhole() throws Exception {
    assertThat(send(head("/", "Content-Length: 10"), "01234", "56789")).endsWith("length 10");
  }

  @Test
  void body_inChunks_isHandedOnWhole() throws Exception {
    assertThat(
            send(head("/", "Transfer-Encoding: chunked"), "3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n"))
        .contains("length 5");
  }

  @Test
  void body_none_isHandedOn() throws Exception {
    assertThat(send(head("/", "Content-Length: 0"))).endsWith("length 0");
    assertThat(send(head("/", "Transfer-Encoding: chunked"), "0\r\n\r\n")).endsWith("length 0");
  }

  @Test
  void body_thatNobodyTakes_isNotFound() throws Exception {
    assertThat(send(head("/nowhere", "Content-Length: 1"), "x")).startsWith("HTTP/1.1 404");
  }

  @Test
  void body_ofTheGreatestLength_isHandedOn_andOfALongerOneWhatShowsIt() throws Exception {
    String longest = "x".repeat(8192);

    assertThat(send(head("/", "Content-Length: 8192"), longest)).endsWith("length 8192");
    String chunk = "2000\r\n" + longest + "\r\n";
    String answer = send(head("/", "Transfer-Encoding: chunked"), chunk + chunk);
    assertThat(answer).startsWith("HTTP/1.1 200");
    assertThat(Integer.parseInt(answer.substring(answer.lastIndexOf(' ') + 1))).isGreaterThan(8192);
  }

  @Test
  void attack_bodiesThatDoNotCome_holdNoThread_andNoConnectionForLong() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        Socket client = connect();
        clients.add(client);
        write(client, head("/", "Content-Length: 100") + "x");
      }
      assertThat(send(head("/", "Content-Length: 1") + "x")).endsWith("length 1");
      assertThat(handled).hasValue(1);
      for (Socket client : clients) {
        assertThat(rest(client)).contains("failed: ");
      }
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void attack_bodyThatComesDropByDrop_isGivenUp() throws Exception {
    try (Socket socket = connect()) {
      write(socket, head("/", "Content-Length: 8000"));
      Thread drops = new Thread(() -> drip(socket), "drops");
      drops.start();

      assertThat(rest(socket)).endsWith("failed: The body comes too slowly");
      drops.interrupt();
      drops.join();
    }
  }

  private static void drip(Socket socket) {
    try {
      OutputStream out = socket.getOutputStream();
      for (int i = 0; i < 1000; i++) {
        out.write('x');
        Thread.sleep(20);
      }
    } catch (IOException | InterruptedException e) {
      // The server has had enough, or the test.
    }
  }

  @Test
  void attack_bodyThatBreaksOff_isHandedOnAsAFailure() throws Exception {
    try (Socket socket = connect()) {
      write(socket, head("/", "Content-Length: 100") + "x");
      socket.shutdownOutput();

      assertThat(rest(socket)).contains("failed: ");
    }
  }
}
