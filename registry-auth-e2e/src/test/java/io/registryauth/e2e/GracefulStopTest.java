// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What SIGTERM does. A request that the server has read is answered in full. One that it has not
 * read may find the connection closed without an answer, as HTTP has it; clients then try again,
 * elsewhere.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GracefulStopTest {
  private static final Pattern CONTENT_LENGTH =
      Pattern.compile("(?i)\r\nContent-Length: (\\d+)\r\n");

  /** Stands for a status if the connection ended before an answer began. */
  private static final int CLOSED = 0;

  @TempDir private Path directory;

  private static String request(Tenant tenant, String connection) {
    return "GET /auth?service=docker-registry&scope=repository:"
        + tenant.name()
        + "/app:pull HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
        + tenant.authorization()
        + "\r\nConnection: "
        + connection
        + "\r\n\r\n";
  }

  @Test
  void sigterm_idle_exitsWithZero() throws Exception {
    try (TokenServer server = TokenServer.start(directory, Keys.generate(directory))) {
      server.process().terminate();
      assertThat(server.process().awaitExit().status()).isZero();
    }
  }

  @Test
  void sigterm_idleConnectionsOpen_exitsWithoutWaitingForThem() throws Exception {
    try (TokenServer server = TokenServer.start(directory, Keys.generate(directory));
        Connection used = new Connection(server.uri());
        Connection unused = new Connection(server.uri());
        Connection halfSent = new Connection(server.uri())) {
      assertThat(used.exchange(request(Tenant.TEST_BUILD, "keep-alive")).status()).isEqualTo(200);
      halfSent.send("GET /auth?service=docker-reg");
      long start = System.nanoTime();
      server.process().terminate();
      assertThat(server.process().awaitExit().status()).isZero();
      assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(10);
      assertThat(unused.isClosed()).isTrue();
    }
  }

  /**
   * A byte now and then keeps a connection from being idle; the time to drain ends all the same.
   */
  @Test
  void attack_headerThatDrips_doesNotKeepTheServerFromItsOrderlyEnd() throws Exception {
    ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    try (TokenServer server = TokenServer.start(directory, Keys.generate(directory));
        Connection dripping = new Connection(server.uri())) {
      dripping.send("GET /auth?service=");
      var unused =
          thread.scheduleWithFixedDelay(
              () -> dripping.sendIfOpen("x"), 100, 100, TimeUnit.MILLISECONDS);

      server.process().terminate();
      assertThat(server.process().awaitExit().status()).isZero();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void sigterm_underLoad_everyAnswerIsWholeAndGood() throws Exception {
    int clients = 16;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try (TokenServer server = TokenServer.start(directory, Keys.generate(directory))) {
      CountDownLatch warm = new CountDownLatch(clients * 5);
      List<Future<List<Answer>>> loops = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        String connection = i % 2 == 0 ? "keep-alive" : "close";
        Callable<List<Answer>> loop =
            () -> askUntilClosed(server.uri(), request(Tenant.TEST_BUILD, connection), warm);
        loops.add(threads.submit(loop));
      }
      assertThat(warm.await(60, TimeUnit.SECONDS)).isTrue();
      server.process().terminate();
      List<Answer> answers = new ArrayList<>();
      for (Future<List<Answer>> loop : loops) {
        answers.addAll(loop.get(60, TimeUnit.SECONDS));
      }
      assertThat(answers)
          .hasSizeGreaterThanOrEqualTo(clients * 5)
          .extracting(Answer::status)
          .containsOnly(200);
      assertThat(server.process().awaitExit().status()).isZero();
    } finally {
      threads.shutdownNow();
    }
  }

  /** Asks again and again, on one connection as long as it is open, until the server is gone. */
  private static List<Answer> askUntilClosed(URI server, String request, CountDownLatch warm)
      throws IOException {
    List<Answer> answers = new ArrayList<>();
    while (true) {
      try (Connection connection = new Connection(server)) {
        Answer answer;
        do {
          answer = connection.exchange(request);
          if (answer.status() != CLOSED) {
            answers.add(answer);
            warm.countDown();
          }
        } while (answer.keepsAlive());
      } catch (ConnectException e) {
        return answers;
      }
    }
  }

  @Test
  void port_takenByAnother_isOneLineThatNamesTheAddress() throws Exception {
    Keys keys = Keys.generate(directory);
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + other.getLocalPort();
      Completed completed =
          ServerJar.run(
              directory,
              Map.of("LOG_LEVEL", "error"),
              "serve",
              "--listen=" + address,
              "--management-listen=127.0.0.1:0",
              "--credentials=directory:" + TokenServer.credentials(directory),
              "--signing-key=" + keys.key(),
              "--signing-cert=" + keys.certificate());
      assertThat(completed.status()).isEqualTo(1);
      assertThat(completed.stdout()).isEmpty();
      assertThat(completed.stderr().lines())
          .singleElement()
          .satisfies(line -> assertThat(line).contains(address));
    }
  }

  /** What came back; {@link #CLOSED} if nothing did. */
  private record Answer(int status, String text, boolean keepsAlive) {}

  /** A connection without the retries of an HTTP library. */
  private static final class Connection implements AutoCloseable {
    private final Socket socket;

    Connection(URI server) throws IOException {
      socket = new Socket(server.getHost(), server.getPort());
      socket.setSoTimeout(30_000);
    }

    void send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    void sendIfOpen(String text) {
      try {
        send(text);
      } catch (IOException e) {
        // The other end has closed it.
      }
    }

    Answer exchange(String request) {
      try {
        send(request);
        return receive();
      } catch (IOException e) {
        // Reset before the first byte of an answer; receive() fails otherwise.
        return new Answer(CLOSED, e.toString(), false);
      }
    }

    /** Reads an answer of which not a byte may be missing. */
    Answer receive() throws IOException {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      int first = in.read();
      if (first < 0) {
        return new Answer(CLOSED, "", false);
      }
      StringBuilder text = new StringBuilder().append((char) first);
      try {
        while (text.indexOf("\r\n\r\n") < 0) {
          text.append((char) in.readUnsignedByte());
        }
        Matcher length = CONTENT_LENGTH.matcher(text);
        assertThat(length.find()).as(text.toString()).isTrue();
        text.append(new String(in.readNBytes(Integer.parseInt(length.group(1))), ISO_8859_1));
        int body = text.length() - text.indexOf("\r\n\r\n") - 4;
        assertThat(body).as(text.toString()).isEqualTo(Integer.parseInt(length.group(1)));
      } catch (IOException e) {
        throw new AssertionError("Cut short: " + text, e);
      }
      int status = Integer.parseInt(text.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
      return new Answer(status, text.toString(), !text.toString().contains("Connection: close"));
    }

    boolean isClosed() throws IOException {
      try {
        return socket.getInputStream().read() < 0;
      } catch (IOException e) {
        return e.getMessage().contains("reset");
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
