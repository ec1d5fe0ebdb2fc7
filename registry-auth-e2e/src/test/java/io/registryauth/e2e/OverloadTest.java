// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three times as many requests as the server can answer, which do not wait for its answers. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OverloadTest {
  private static final int CLIENTS = 32;
  private static final Duration MEASURED = Duration.ofSeconds(8);
  private static final double LEAST_GOODPUT = 0.85;

  /** What must be so by the clock, however many others use the processors. */
  private static final double LEAST_BY_CLOCK = 0.4;

  @TempDir private Path directory;

  /**
   * A large key, so that it is the server that has most to do, and not its clients. Good answers
   * are counted by the server's own processor time, so that it makes no difference what else the
   * machine does, and by the clock, so that a server that stands still is seen.
   */
  @Test
  void load_threeTimesTheCapacity_getsAlmostAsMuchAsCanBeHadAndIsToldSoOtherwise()
      throws Exception {
    Keys keys = Keys.generate(directory, 4096, "65537");
    try (TokenServer server = TokenServer.start(directory, keys)) {
      Overload unused = overload(server, 3 * peak(server)); // until all that it does is compiled
      Duration idle = server.process().processorTime();
      double peak = peak(server);
      Duration afterPeak = server.process().processorTime();
      Overload overload = overload(server, 3 * peak);

      Map<Integer, Integer> answers = overload.answers;
      double goodput = answers.getOrDefault(200, 0) / (double) MEASURED.toSeconds();
      double byClock = goodput / peak;
      double byProcessorTime =
          byClock * seconds(afterPeak.minus(idle)) / seconds(overload.end.minus(afterPeak));
      System.err.printf(
          "Peak %.0f/s; at 3 times: %s, %.0f %% by the clock, %.0f %% by processor time%n",
          peak, answers, 100 * byClock, 100 * byProcessorTime);
      assertThat(answers.keySet()).containsExactlyInAnyOrder(200, 503);
      assertThat(byProcessorTime).isGreaterThanOrEqualTo(LEAST_GOODPUT);
      assertThat(byClock).isGreaterThanOrEqualTo(LEAST_BY_CLOCK);
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).as("after it").isEqualTo(200);
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  /** Returns how many answers per second there are if each client waits for its own. */
  private static double peak(TokenServer server) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      long end = System.nanoTime() + MEASURED.toNanos();
      List<Future<Integer>> counts = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        counts.add(
            clients.submit(
                () -> {
                  int count = 0;
                  while (System.nanoTime() < end) {
                    assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
                    count++;
                  }
                  return count;
                }));
      }
      int answers = 0;
      for (Future<Integer> count : counts) {
        answers += count.get();
      }
      return answers / (double) MEASURED.toSeconds();
    } finally {
      clients.shutdownNow();
    }
  }

  /**
   * What there was when the last request had been sent.
   *
   * @param answers how often each status had come
   * @param end the server's processor time
   */
  private record Overload(Map<Integer, Integer> answers, Duration end) {}

  /** Returns what came; each request must be answered. */
  private static Overload overload(TokenServer server, double perSecond) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request =
        HttpRequest.newBuilder(server.auth())
            .header("Authorization", Tenant.TEST_BUILD.authorization())
            .timeout(Duration.ofSeconds(30))
            .build();
    Map<Integer, Integer> answers = new ConcurrentHashMap<>();
    List<CompletableFuture<Integer>> sent = new ArrayList<>();
    long began = System.nanoTime();
    long end = began + MEASURED.toNanos();
    while (System.nanoTime() < end) {
      double due = (System.nanoTime() - began) / 1e9 * perSecond;
      while (sent.size() < due) {
        sent.add(
            client
                .sendAsync(request, HttpResponse.BodyHandlers.discarding())
                .thenApply(HttpResponse::statusCode)
                .whenComplete(
                    (status, failure) -> {
                      if (status != null && System.nanoTime() < end) {
                        answers.merge(status, 1, Integer::sum);
                      }
                    }));
      }
      Thread.sleep(2);
    }
    Duration processorTime = server.process().processorTime();
    for (CompletableFuture<Integer> answer : sent) {
      assertThat(answer.get()).isIn(200, 503);
    }
    return new Overload(answers, processorTime);
  }
}
