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
  private static final double WANTED_GOODPUT = 0.85;

  /** What must be so however busy the machine is. */
  private static final double LEAST_GOODPUT = 0.4;

  /** Others use the processors, too: what is measured once may have been disturbed. */
  private static final int ROUNDS = 3;

  @TempDir private Path directory;

  /** A large key, so that it is the server that has most to do, and not its clients. */
  @Test
  void load_threeTimesTheCapacity_getsAlmostAsMuchAsCanBeHadAndIsToldSoOtherwise()
      throws Exception {
    Keys keys = Keys.generate(directory, 4096, "65537");
    try (TokenServer server = TokenServer.start(directory, keys)) {
      double unused = peak(server);
      double best = 0;
      for (int round = 0; round < ROUNDS && best < WANTED_GOODPUT; round++) {
        double peak = peak(server);
        Map<Integer, Integer> answers = overload(server, 3 * peak);
        double goodput = answers.getOrDefault(200, 0) / (double) MEASURED.toSeconds() / peak;
        System.err.printf("Peak %.0f/s; at 3 times: %s, %.0f %%%n", peak, answers, 100 * goodput);

        assertThat(answers.keySet()).containsExactlyInAnyOrder(200, 503);
        long asked = System.nanoTime();
        assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).as("after it").isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(5));
        best = Math.max(best, goodput);
      }

      assertThat(best).isGreaterThanOrEqualTo(LEAST_GOODPUT);
    }
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

  /** Returns how often each status came until the last request was sent; all must come. */
  private static Map<Integer, Integer> overload(TokenServer server, double perSecond)
      throws Exception {
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
    for (CompletableFuture<Integer> answer : sent) {
      assertThat(answer.get()).isIn(200, 503);
    }
    return answers;
  }
}
