// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that never finish their requests. */
@Tag(Alone.TAG)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowClientsTest {
  private static final int SLOW_CLIENTS = 3_000;
  private static final Duration ATTACK = Duration.ofSeconds(20);
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(2);
  private static final long MEBIBYTE = 1L << 20;

  @TempDir private Path directory;

  /** Each comes again as soon as it is thrown out. */
  @Test
  void attack_threeThousandConnectionsThatDripHeaders_holdUpNobodyElse() throws Exception {
    Keys keys = Keys.generate(directory);
    List<String> command =
        ServerJar.command(
            List.of("-Xmx128m"),
            "serve",
            "--listen=127.0.0.1:0",
            "--management-listen=127.0.0.1:0",
            "--credentials=directory:" + TokenServer.credentials(directory),
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate());
    try (TokenServer server = TokenServer.start(directory, Map.of(), command);
        Drips drips = new Drips(server.uri())) {
      drips.start();
      drips.awaitAllConnected();
      long began = System.nanoTime();
      long slowest = 0;
      int answers = 0;
      while (System.nanoTime() - began < ATTACK.toNanos()) {
        long asked = System.nanoTime();
        String answer = Http.sendRaw(server.uri(), request());
        slowest = Math.max(slowest, System.nanoTime() - asked);
        answers++;
        assertThat(answer).startsWith("HTTP/1.1 200 ");
        Thread.sleep(100);
      }
      long heap = server.usedHeap();
      System.err.printf(
          "%d answers, the slowest after %d ms; %d connections, %,d bytes; heap %,d KiB%n",
          answers, slowest / 1_000_000, drips.connections(), drips.bytes(), heap / 1024);

      assertThat(Duration.ofNanos(slowest)).isLessThan(LONGEST_ANSWER);
      assertThat(drips.bytes()).isGreaterThan(SLOW_CLIENTS * 5L);
      assertThat(heap).isLessThan(64 * MEBIBYTE);
      assertThat(server.log()).doesNotContain("OutOfMemoryError", "Too many open files");
    }
  }

  private static String request() {
    return "GET /auth?service=docker-registry HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
        + Tenant.TEST_BUILD.authorization()
        + "\r\nConnection: close\r\n\r\n";
  }

  /** Connections that are given one byte a second. */
  private static final class Drips implements AutoCloseable {
    private static final ByteBuffer START =
        ByteBuffer.wrap("GET /auth HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".getBytes(ISO_8859_1));

    private final InetSocketAddress server;
    private final List<SocketChannel> clients = new ArrayList<>();
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final Thread thread = new Thread(this::run, "drips");
    private volatile boolean stopped;

    Drips(URI server) {
      this.server = new InetSocketAddress(server.getHost(), server.getPort());
    }

    void start() {
      thread.start();
    }

    void awaitAllConnected() throws InterruptedException {
      while (connections.get() < SLOW_CLIENTS) {
        assertThat(thread.isAlive()).isTrue();
        Thread.sleep(50);
      }
    }

    long connections() {
      return connections.get();
    }

    long bytes() {
      return bytes.get();
    }

    private void run() {
      while (!stopped) {
        long began = System.nanoTime();
        for (int i = 0; i < SLOW_CLIENTS && !stopped; i++) {
          if (i == clients.size()) {
            clients.add(connect());
          } else if (!drip(clients.get(i))) {
            clients.set(i, connect());
          }
        }
        long rest = 1_000 - (System.nanoTime() - began) / 1_000_000;
        sleep(Math.max(rest, 0));
      }
    }

    private boolean drip(SocketChannel client) {
      try {
        client.write(ByteBuffer.wrap(new byte[] {'x'}));
        bytes.incrementAndGet();
        return true;
      } catch (IOException e) {
        close(client);
        return false;
      }
    }

    private SocketChannel connect() {
      while (true) {
        SocketChannel client = null;
        try {
          client = SocketChannel.open(server);
          client.write(START.duplicate());
          connections.incrementAndGet();
          return client;
        } catch (IOException e) {
          if (client != null) {
            close(client);
          }
          if (stopped) {
            throw new IllegalStateException(e);
          }
        }
      }
    }

    private static void close(SocketChannel client) {
      try {
        client.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static void sleep(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      stopped = true;
      try {
        thread.join(30_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      clients.forEach(Drips::close);
    }
  }
}
