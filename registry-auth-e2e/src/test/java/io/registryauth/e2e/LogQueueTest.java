// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The log is written beside the requests: nothing is lost in order, and what is lost is told. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogQueueTest {
  private static final Pattern DROPPED =
      Pattern.compile("\\S+ WARN  QueuedAppender (\\d+) log lines were dropped since .*");
  private static final Pattern MANAGEMENT = Pattern.compile("management on (http://\\S+)");

  /** About 7 KiB a line, with what was asked and what was granted. */
  private static final String[] LONG_SCOPES =
      IntStream.range(0, 15)
          .mapToObj(i -> "repository:test-build/" + "x".repeat(200) + i + ":pull")
          .toArray(String[]::new);

  private static final int REQUESTS = 600;

  @TempDir private static Path directory;

  /** A server whose standard error is a pipe, which the test reads or does not. */
  private record Piped(Process process, BufferedReader log, URI auth, URI metrics)
      implements AutoCloseable {
    static Piped start(Keys keys) throws IOException {
      ProcessBuilder builder =
          new ProcessBuilder(
              ServerJar.command(
                  // A small heap, of which the queue has a thirty-second.
                  List.of("-Xmx64m"),
                  "serve",
                  "--listen=127.0.0.1:0",
                  "--management-listen=127.0.0.1:0",
                  "--credentials=directory:" + TokenServer.credentials(directory),
                  "--signing-key=" + keys.key(),
                  "--signing-cert=" + keys.certificate()));
      builder.environment().keySet().retainAll(List.of("PATH"));
      Process process = builder.start();
      try {
        BufferedReader log =
            new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8));
        String management = "";
        while (management.isEmpty()) {
          Matcher line = MANAGEMENT.matcher(log.readLine());
          management = line.find() ? line.group(1) : "";
        }
        String listening =
            new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)).readLine();
        URI uri = URI.create(listening.replace("listening on ", ""));
        String scopes =
            Stream.of(LONG_SCOPES).map(scope -> "&scope=" + scope).collect(Collectors.joining());
        return new Piped(
            process,
            log,
            uri.resolve("/auth?service=docker-registry" + scopes),
            URI.create(management + "/metrics"));
      } catch (IOException | RuntimeException e) {
        process.destroyForcibly();
        throw e;
      }
    }

    void ask() throws Exception {
      HttpResponse<String> response =
          Http.send("GET", auth, "Authorization", Tenant.TEST_BUILD.authorization());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    double metric(String name) throws Exception {
      return Http.send("GET", metrics)
          .body()
          .lines()
          .filter(line -> line.startsWith(name))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Test
  void log_thatNobodyReads_stopsNoRequest_andSaysAfterwardsWhatIsMissing() throws Exception {
    try (Piped server = Piped.start(Keys.generateEc(directory))) {
      for (int i = 0; i < REQUESTS; i++) {
        server.ask();
      }
      assertThat(server.metric("registry_auth_log_waiting_bytes"))
          .isBetween(1.0, 64 * 1024 * 1024 / 32.0);
      double dropped = server.metric("registry_auth_log_lines_dropped_total");
      assertThat(dropped).isBetween(1.0, REQUESTS - 1.0);

      int lines = 0;
      long told = 0;
      while (lines + told < REQUESTS) {
        String line = server.log().readLine();
        Matcher notice = DROPPED.matcher(line);
        if (notice.matches()) {
          told += Long.parseLong(notice.group(1));
        } else {
          assertThat(line).contains(" INFO  audit token ").endsWith(" refresh_jti=\"\"");
          lines++;
        }
      }

      assertThat(lines + told).isEqualTo(REQUESTS);
      assertThat(told).isEqualTo((long) dropped);
      assertThat(server.metric("registry_auth_log_lines_dropped_total")).isEqualTo(dropped);
      assertThat(server.metric("registry_auth_decisions_total{outcome=\"issued\""))
          .isEqualTo(REQUESTS);
    }
  }

  @Test
  void sigterm_whenNobodyReadsTheLog_endsTheServerAllTheSame() throws Exception {
    try (Piped server = Piped.start(Keys.generateEc(directory))) {
      while (server.metric("registry_auth_log_lines_dropped_total") == 0) {
        server.ask();
      }
      server.process().destroy();

      assertThat(server.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(server.process().exitValue()).isZero();
    }
  }

  @Test
  void sigterm_underLoad_losesNoLineOfAnAnswer() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(4);
    try (TokenServer server = TokenServer.start(directory, Keys.generateEc(directory))) {
      Queue<String> answered = new ConcurrentLinkedQueue<>();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(clients.submit(() -> askUntilItStops(server, answered)));
      }
      while (answered.size() < 200) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      server.process().terminate();
      assertThat(server.process().awaitExit().status()).isZero();
      for (Future<?> client : running) {
        client.get();
      }

      List<String> lines = server.process().stderr().lines().toList();
      List<String> logged =
          lines.stream()
              .filter(line -> line.contains("outcome=\"issued\""))
              .map(line -> line.replaceAll(".* request_id=\"([^\"]+)\".*", "$1"))
              .toList();
      assertThat(logged).containsExactlyInAnyOrderElementsOf(answered);
      assertThat(lines.get(lines.size() - 1)).endsWith(" INFO  ExitOnSignal Stopped");
    } finally {
      clients.shutdownNow();
    }
  }

  private static Void askUntilItStops(TokenServer server, Queue<String> answered)
      throws InterruptedException {
    while (true) {
      try {
        HttpResponse<String> response =
            server.ask(Tenant.TEST_BUILD, "repository:test-build/a:pull");
        if (response.statusCode() != 200) {
          return null;
        }
        answered.add(response.headers().firstValue("X-Request-Id").orElseThrow());
      } catch (IOException e) {
        return null; // It has stopped.
      }
    }
  }
}
