// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Very many names: of tenants, and of nobody. */
@Tag(Alone.TAG)
class KubernetesScaleTest {
  /** These tests are for what stands behind the limit on failed attempts. */
  private static final String UNLIMITED = "--failed-attempts=0";

  private static final Map<String, String> SMALL_HEAP = Map.of("JAVA_TOOL_OPTIONS", "-Xmx64m");
  private static final long MEBIBYTE = 1 << 20;
  private static final int MANY = 100_000;

  /** More than may wait for the API server: the server must turn the rest away at once. */
  private static final int CLIENTS = 150;

  /** Fewer than may wait. */
  private static final int FEW_CLIENTS = 16;

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Path reader;
  private static Keys keys;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    reader = api.createReader("get, list, watch");
    keys = Keys.generateEc(directory); // signs fast, and is not what is tested
    api.storeMany(MANY, i -> "password-of-" + i);
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  /** The Java client would build a path out of any of these. */
  @Test
  void attack_namesThatAreNoDnsLabels_neverReachTheApiServer() throws Exception {
    List<String> names =
        List.of(
            "..",
            ".",
            "A",
            "kube-system/x",
            "../kube-system",
            "kube-system?x=",
            "kube-system%2fx",
            "-a",
            "a-",
            "a.b",
            "a".repeat(64));
    int requestsBefore = api.requestsOfTheReader().size();
    try (TokenServer server =
        TokenServer.startOnKubernetes(directory, keys, reader, SMALL_HEAP, UNLIMITED)) {
      for (String name : names) {
        assertThat(status(server, name)).as(name).isEqualTo(401);
      }
      Random random = new Random(1);
      sendAll(server, i -> "" + (char) ('A' + random.nextInt(26)) + random.nextLong(), 20_000);
      long heapBefore = server.usedHeap();
      sendAll(server, i -> "Not a label " + i, MANY);

      assertThat(api.requestsOfTheReader().stream().skip(requestsBefore))
          .as("none but that of the server's own readiness")
          .containsOnly(
              "/api/v1/namespaces/registry-auth/secrets/registry-auth-registry-credentials");
      assertThat(server.usedHeap() - heapBefore).isLessThan(4 * MEBIBYTE);
    }
  }

  @Test
  void attack_namesThatNobodyHas_leaveMemoryFlatAndTheApiServerAlone() throws Exception {
    api.createTenant(Tenant.TEST_BUILD);
    try (TokenServer server =
            TokenServer.startOnKubernetes(directory, keys, reader, SMALL_HEAP, UNLIMITED);
        Load tenant = new Load()) {
      assertThat(server.ask(Tenant.TEST_BUILD).statusCode()).isEqualTo(200);
      tenant.add("tenant", server, () -> Tenant.TEST_BUILD);
      sendAll(server, i -> "first-" + i, 20_000);
      long heapBefore = server.usedHeap();
      long readsBefore = api.secretReads();
      long began = System.nanoTime();
      sendAll(server, i -> "second-" + i, MANY);
      long seconds = (System.nanoTime() - began) / 1_000_000_000 + 1;
      tenant.stop();

      assertThat(server.usedHeap() - heapBefore).isLessThan(8 * MEBIBYTE);
      assertThat(api.secretReads() - readsBefore).isLessThan(200 * (seconds + 2));
      assertThat(tenant.outcome("tenant").statuses().keySet()).containsExactly(200);
    }
  }

  @Test
  void watch_aHundredThousandTenants_fitInto64MiBAndNeedNoRead() throws Exception {
    try (TokenServer server =
        TokenServer.startOnKubernetes(directory, keys, reader, SMALL_HEAP, "--watch")) {
      awaitWatched(server, 1);
      List<String> lists =
          api.requestsOfTheReader().stream()
              .filter(path -> path.startsWith("/api/v1/secrets?limit=500"))
              .toList();
      // An API server that is busy may break the first one off.
      assertThat(lists.subList(lists.lastIndexOf("/api/v1/secrets?limit=500"), lists.size()))
          .as("pages, the last one for those that are not of this test")
          .hasSizeBetween(MANY / 500, MANY / 500 + 1);
      long readsBefore = api.secretReads();

      askEveryTwentieth(server);
      assertThat(api.secretReads() - readsBefore).isZero();
      for (int i = 0; i < MANY; i += 997) {
        assertThat(server.ask(new Tenant("many-" + i, "password-of-" + (i + 1))).statusCode())
            .isEqualTo(401);
      }
      assertThat(api.secretReads() - readsBefore).as("for wrong passwords").isLessThan(102);
      assertThat(server.usedHeap()).isLessThan(48 * MEBIBYTE);

      // All is listed anew, beside what is known already.
      api.kill();
      api.start();
      awaitWatched(server, 2);
      readsBefore = api.secretReads();
      askEveryTwentieth(server);
      assertThat(api.secretReads() - readsBefore).isZero();
      assertThat(server.usedHeap()).isLessThan(48 * MEBIBYTE);
      assertThat(server.log()).doesNotContain("OutOfMemoryError");
    }
  }

  /** Waits until the server watches for that time, after a list of all, and looks at that one. */
  private static void awaitWatched(TokenServer server, int time) throws InterruptedException {
    String before = "Watching the credentials of \\d+ accounts(?s:.*)".repeat(time - 1);
    Pattern last = Pattern.compile(before + "Watching the credentials of (\\d+) accounts");
    String watched = server.process().awaitOutput(last);
    assertThat(Integer.parseInt(watched)).isGreaterThanOrEqualTo(MANY);
  }

  /** As after a start, when each name is new: nobody is turned away, and a second time none is. */
  @Test
  void getAndCache_manyTenants_areReadOnceEachAndTakeAKibibyte() throws Exception {
    try (TokenServer server =
        // Longer than the test takes: what is asked for again is to be within it.
        TokenServer.startOnKubernetes(directory, keys, reader, SMALL_HEAP, "--cache-ttl=1h")) {
      askEach(server, 1, 20); // others, so that classes and buffers are there before
      long heapBefore = server.usedHeap();
      long readsBefore = api.secretReads();

      askEveryTwentieth(server);
      askEveryTwentieth(server);

      assertThat(api.secretReads() - readsBefore).isEqualTo(MANY / 20);
      assertThat((server.usedHeap() - heapBefore) / (MANY / 20)).isLessThan(1024);
    }
  }

  private static void askEveryTwentieth(TokenServer server) throws Exception {
    askEach(server, 0, 20);
  }

  /** Asks from several clients, with good credentials, and expects a token each time. */
  private static void askEach(TokenServer server, int first, int step) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(FEW_CLIENTS);
    try {
      List<Future<Integer>> answers =
          IntStream.iterate(first, i -> i < MANY, i -> i + step)
              .mapToObj(i -> new Tenant("many-" + i, "password-of-" + i))
              .map(tenant -> clients.submit(() -> server.ask(tenant).statusCode()))
              .toList();
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isEqualTo(200);
      }
    } finally {
      clients.shutdownNow();
    }
  }

  /** Sends requests with these user names from several clients, and expects 401 or 503 for each. */
  private static void sendAll(TokenServer server, IntFunction<String> username, int count)
      throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<String> names = IntStream.range(0, count).mapToObj(username).toList();
      List<Future<Integer>> answers =
          names.stream().map(name -> clients.submit(() -> status(server, name))).toList();
      for (Future<Integer> answer : answers) {
        assertThat(answer.get()).isIn(401, 503);
      }
    } finally {
      clients.shutdownNow();
    }
  }

  private static int status(TokenServer server, String username)
      throws IOException, InterruptedException {
    String basic = Base64.getEncoder().encodeToString((username + ":any").getBytes(UTF_8));
    URI uri = server.uri().resolve("/auth?service=docker-registry");
    HttpResponse<String> response = Http.send("GET", uri, "Authorization", "Basic " + basic);
    return response.statusCode();
  }
}
