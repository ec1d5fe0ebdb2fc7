// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An API server that is killed, hangs, is slow and comes back, while clients ask for tokens. */
class KubernetesOutageTest {
  /** These tests are for what stands behind the limit on failed attempts. */
  private static final String UNLIMITED = "--failed-attempts=0";

  /** Nobody waits longer: a call to the API server takes 5 s at the most. */
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(8);

  @TempDir private Path directory;
  private KubernetesApi api;
  private Path reader;
  private Keys keys;

  @BeforeEach
  void start() throws Exception {
    api = KubernetesApi.start(directory);
    reader = api.createReader("get, list, watch");
    keys = Keys.generate(directory);
    api.createTenant(Tenant.TEST_BUILD);
    api.createTenant(Tenant.OTHER);
  }

  @AfterEach
  void stop() {
    if (api != null) {
      api.close();
    }
  }

  /** Copies are fresh for a second only, so that nearly every second asks the API server. */
  @ParameterizedTest
  @ValueSource(strings = {"--cache-ttl=1s", "--watch"})
  void goodCredentials_throughAKillAndARestart_areNeverRefused(String option) throws Exception {
    AtomicInteger number = new AtomicInteger();
    try (TokenServer server =
            TokenServer.startOnKubernetes(directory, keys, reader, option, UNLIMITED);
        Load load = new Load()) {
      assertStatus(server, Tenant.TEST_BUILD, 200);
      assertStatus(server, Tenant.OTHER, 200);
      load.add("good", server, () -> Tenant.TEST_BUILD)
          .add("good", server, () -> Tenant.OTHER)
          .add("wrong", server, () -> new Tenant("test-build", "wrong"))
          .add("unknown", server, () -> new Tenant("new-" + number.incrementAndGet(), "any"));

      Thread.sleep(5_000);
      api.kill();
      Thread.sleep(20_000);
      api.start();
      Thread.sleep(10_000);
      api.kill();
      Thread.sleep(2_000);
      api.start();
      Thread.sleep(20_000);
      load.stop();

      Load.Outcome good = load.outcome("good");
      assertThat(good.statuses().keySet()).as(good.toString()).containsExactly(200);
      assertThat(good.count(200)).isGreaterThan(500);
      assertThat(good.slowest()).isLessThan(LONGEST_ANSWER);
      assertThat(load.outcome("wrong").statuses().keySet()).isSubsetOf(401, 503);
      assertThat(load.outcome("unknown").statuses().keySet()).isSubsetOf(401, 503);
      assertStatus(server, new Tenant("test-build", "wrong"), 401);
    }
  }

  /** It takes connections and does not answer, as one does that has run out of memory. */
  @Test
  void apiServerThatHangs_knownTenantsAreServedForAWhileAndUnknownOnesGet503() throws Exception {
    try (TokenServer server =
            TokenServer.startOnKubernetes(
                directory, keys, reader, "--cache-ttl=1s", "--cache-stale=20s");
        Load load = new Load()) {
      assertStatus(server, Tenant.TEST_BUILD, 200);
      assertStatus(server, Tenant.OTHER, 200);
      load.add("known", server, () -> Tenant.TEST_BUILD);
      long hangs = System.nanoTime();
      api.signal("STOP");

      HttpResponse<String> unknown = ask(server, new Tenant("nobody-knows", "any"));
      assertThat(unknown.statusCode()).isEqualTo(503);
      assertThat(unknown.headers().firstValue("Retry-After")).get().asString().matches("\\d+");
      assertStatus(server, new Tenant("test-build", "wrong"), 503);
      assertStatus(server, Tenant.OTHER, 200);
      while (load.outcome("known").count(503) == 0) {
        assertThat(Duration.ofNanos(System.nanoTime() - hangs)).isLessThan(Duration.ofSeconds(40));
        Thread.sleep(50);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - hangs)).isGreaterThan(Duration.ofSeconds(18));
      awaitStatus(server, Tenant.OTHER, 503); // its copy is a little younger

      api.signal("CONT");
      awaitStatus(server, Tenant.OTHER, 200);
      load.stop();
      assertThat(load.outcome("known").statuses().keySet()).isSubsetOf(200, 503);
      assertThat(load.outcome("known").slowest()).isLessThan(LONGEST_ANSWER);
    }
  }

  /** Each second it works for 100 ms only. */
  @Test
  void slowApiServer_goodCredentialsAreServedAndNewOnesTakeALittleLonger() throws Exception {
    try (TokenServer server =
            TokenServer.startOnKubernetes(directory, keys, reader, "--cache-ttl=1s", UNLIMITED);
        Load load = new Load()) {
      assertStatus(server, Tenant.TEST_BUILD, 200);
      load.add("known", server, () -> Tenant.TEST_BUILD)
          .add("wrong", server, () -> new Tenant("other-namespace", "wrong"));
      for (int second = 0; second < 10; second++) {
        api.signal("STOP");
        Thread.sleep(900);
        api.signal("CONT");
        Thread.sleep(100);
      }
      load.stop();

      Load.Outcome known = load.outcome("known");
      assertThat(known.statuses().keySet()).as(known.toString()).containsExactly(200);
      assertThat(known.slowest()).isLessThan(Duration.ofSeconds(4));
      assertThat(load.outcome("wrong").statuses().keySet()).isSubsetOf(401, 503);
      assertStatus(server, Tenant.OTHER, 200);
    }
  }

  @Test
  void serverStartedDuringAnOutage_answers503AndThenServes() throws Exception {
    api.kill();
    for (String option : List.of("--cache-ttl=1s", "--watch")) {
      try (TokenServer server = TokenServer.startOnKubernetes(directory, keys, reader, option)) {
        assertStatus(server, Tenant.TEST_BUILD, 503);
        api.start();
        awaitStatus(server, Tenant.TEST_BUILD, 200);
      }
      api.kill();
    }
    api.start();
  }

  /** The kubelet replaces a pod's token long before it ends; it is read again every minute. */
  @Test
  void renewedToken_isReadFromItsFile() throws Exception {
    Path token = directory.resolve("token");
    Path tokens =
        Files.writeString(
            directory.resolve("renewed.kubeconfig"),
            Files.readString(reader)
                .replaceAll("tokenFile: \"[^\"]*\"", "tokenFile: \"" + token + "\""));
    Files.writeString(token, "expired");
    try (TokenServer server =
        TokenServer.startOnKubernetes(directory, keys, tokens, "--cache-ttl=1s")) {
      assertStatus(server, Tenant.TEST_BUILD, 503);

      Files.writeString(token, api.kubectl("create", "token", "registry-auth", "-n", "registry"));
      long renewed = System.nanoTime();

      while (ask(server, Tenant.TEST_BUILD).statusCode() == 503) {
        assertThat(Duration.ofNanos(System.nanoTime() - renewed))
            .isLessThan(Duration.ofSeconds(70));
        Thread.sleep(500);
      }
      assertStatus(server, Tenant.TEST_BUILD, 200);
    }
  }

  /** Asks until the status is another one than now: the next must be the expected one. */
  private static void awaitStatus(TokenServer server, Tenant tenant, int status) throws Exception {
    long began = System.nanoTime();
    int before = ask(server, tenant).statusCode();
    int now = before;
    while (now == before && now != status) {
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
      Thread.sleep(50);
      now = ask(server, tenant).statusCode();
    }
    assertThat(now).isEqualTo(status);
  }

  private static void assertStatus(TokenServer server, Tenant tenant, int status) throws Exception {
    HttpResponse<String> response = ask(server, tenant);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
  }

  private static HttpResponse<String> ask(TokenServer server, Tenant tenant) throws Exception {
    return server.ask(tenant, "repository:" + tenant.name() + "/app:pull");
  }
}
