// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code /metrics} shows of a server that was asked everything. */
class MetricsTest {
  private static final Pattern AUDIT =
      Pattern.compile(" audit token .* outcome=\"([a-z_]*)\" reason=\"([a-z0-9-]*)\"");
  private static final Path DOCS = Path.of("../docs/monitoring.md");

  @TempDir private static Path directory;
  private static Keys keys;
  private static TokenServer server;

  @BeforeAll
  static void start() throws Exception {
    keys = Keys.generate(directory);
    server = Outcomes.startServer(directory, keys, "text");
    Outcomes.cause(server);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void decisions_ofEachOutcomeAndReason_areThoseOfTheAuditLog() throws Exception {
    Map<String, Double> logged = new TreeMap<>();
    Matcher line = AUDIT.matcher(server.log());
    while (line.find()) {
      logged.merge(line.group(1) + " " + line.group(2), 1.0, Double::sum);
    }
    Map<String, Double> counted = new TreeMap<>();
    for (Scrape.Sample sample : Scrape.of(server).samples("registry_auth_decisions_total")) {
      if (sample.value() > 0) {
        counted.put(sample.label("outcome") + " " + sample.label("reason"), sample.value());
      }
    }

    assertThat(counted).isEqualTo(logged).hasSizeGreaterThan(15);
    assertThat(counted.keySet().stream().map(key -> key.split(" ", 2)[0]))
        .containsAll(Outcomes.ALL);
  }

  @Test
  void stages_ofARequest_areMeasured() throws Exception {
    Scrape before = Scrape.of(server);
    server.token(Tenant.OTHER, "repository:other-namespace/app:pull");
    server.token(Tenant.OTHER, "repository:other-namespace/app:pull");
    Scrape after = Scrape.of(server);

    String count = "registry_auth_stage_duration_seconds_count";
    for (Map.Entry<String, Integer> stage :
        Map.of("credentials", 2, "store", 1, "sign", 2).entrySet()) {
      double more =
          after.value(count, "stage", stage.getKey())
              - before.value(count, "stage", stage.getKey());
      assertThat(more).as(stage.getKey()).isEqualTo(stage.getValue().doubleValue());
    }
    assertThat(after.value("registry_auth_stage_duration_seconds_sum", "stage", "sign"))
        .isBetween(0.000_1, 60.0);
  }

  @Test
  void buckets_ofAStage_reachFrom50MicrosecondsTo10Seconds() throws Exception {
    assertThat(
            Scrape.of(server).samples("registry_auth_stage_duration_seconds_bucket").stream()
                .filter(sample -> sample.label("stage").equals("sign"))
                .map(sample -> sample.label("le")))
        .startsWith("5.0E-5")
        .endsWith("10.0", "+Inf")
        .hasSizeBetween(10, 20);
  }

  @Test
  void storeAndCache_areCounted() throws Exception {
    Scrape scrape = Scrape.of(server);
    assertThat(scrape.value("registry_auth_store_calls_total", "result", "found")).isPositive();
    assertThat(scrape.value("registry_auth_store_calls_total", "result", "none")).isPositive();
    assertThat(scrape.value("registry_auth_store_calls_total", "result", "failed")).isPositive();
    assertThat(scrape.value("registry_auth_cache_lookups_total", "result", "hit")).isPositive();
    assertThat(scrape.value("registry_auth_cache_served_age_seconds_sum")).isPositive();
    assertThat(scrape.value("registry_auth_cache_entries", "kind", "known")).isPositive();
  }

  @Test
  void key_thatSigns_isShownWithTheTimesOfItsCertificate() throws Exception {
    Scrape scrape = Scrape.of(server);
    List<String> times =
        keys.openssl("x509 -in tls.crt -noout -startdate -enddate -dateopt iso_8601")
            .lines()
            .map(line -> line.substring(line.indexOf('=') + 1).replace(' ', 'T'))
            .toList();
    assertThat(scrape.value("registry_auth_certificate_not_before_timestamp_seconds"))
        .isEqualTo((double) Instant.parse(times.get(0)).getEpochSecond());
    assertThat(scrape.value("registry_auth_certificate_not_after_timestamp_seconds"))
        .isEqualTo((double) Instant.parse(times.get(1)).getEpochSecond());
    assertThat(
            scrape.value(
                "registry_auth_signing_key_info",
                "kid",
                "registry-auth-jwt-signer",
                "algorithm",
                "RS256"))
        .isEqualTo(1);
  }

  @Test
  void requests_ofClientsAlone_areCountedByStatus() throws Exception {
    Scrape scrape = Scrape.of(server);
    assertThat(scrape.value("registry_auth_requests_in_flight")).isZero();
    String count = "registry_auth_request_duration_seconds_count";
    assertThat(scrape.samples(count).stream().map(sample -> sample.label("code")))
        .contains("200", "400", "401", "414", "500", "503");
    double before = scrape.value(count, "code", "200");
    for (int i = 0; i < 5; i++) {
      Http.send("GET", server.management().resolve("/readyz"));
    }
    assertThat(Scrape.of(server).value(count, "code", "200")).isEqualTo(before);
  }

  @Test
  void attack_endlessNames_addNoSeries() throws Exception {
    Http.send("GET", server.uri().resolve("/nowhere"));
    Http.send("DELETE", server.uri().resolve("/auth"));
    Set<String> before = awaitSettledSeries();
    for (int i = 0; i < 100; i++) {
      String name = "name-" + i;
      String encoded = URLEncoder.encode("\"} 1\n" + name, UTF_8);
      server.ask(new Tenant(name, name), "repository:" + name + "/app:pull");
      Http.send("GET", server.uri().resolve("/auth?service=" + encoded + "&scope=" + encoded));
      Http.send("GET", server.uri().resolve("/" + name), "X-Request-Id", name);
      Http.send("GET", server.auth(), "Authorization", name + " " + name);
      Http.send("PURGE" + i, server.uri().resolve("/auth"));
    }

    assertThat(awaitSettledSeries()).isEqualTo(before);
  }

  /** A client has its answer a moment before the server is done with the request. */
  private static Set<String> awaitSettledSeries() throws Exception {
    for (int i = 0; i < 200; i++) {
      if (Scrape.of(server).value("registry_auth_requests_in_flight") == 0) {
        break;
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return Scrape.of(server).ownSeries();
  }

  @Test
  void metrics_holdNoTenant() throws Exception {
    assertThat(Scrape.of(server).text())
        .doesNotContain("test-build", "other-namespace", "nobody", "misnamed", "127.0.0.1");
  }

  @Test
  void metrics_areAsPrometheusWantsThem() throws Exception {
    Path metrics = Files.writeString(directory.resolve("metrics.txt"), ownText());
    List<String> command =
        List.of(
            "bash",
            "-c",
            "exec '%s' check metrics < '%s'".formatted(Peers.program("promtool"), metrics));
    Completed promtool = RunningProcess.run(directory, command, Map.of());
    assertThat(promtool.status()).as(promtool.toString()).isZero();
    assertThat(promtool.output()).isEmpty();
  }

  /** Of the JVM's metrics, the names are not ours. */
  private static String ownText() throws IOException, InterruptedException {
    StringBuilder own = new StringBuilder();
    Scrape.of(server)
        .text()
        .lines()
        .filter(line -> line.matches("(# (HELP|TYPE) )?registry_auth_.*"))
        .forEach(line -> own.append(line).append('\n'));
    assertThat(own.toString()).contains("# HELP registry_auth_", "# TYPE registry_auth_");
    return own.toString();
  }

  @Test
  void page_ofMonitoring_namesEachMetricAndItsLabels() throws Exception {
    Scrape scrape = Scrape.of(server);
    String page = Files.readString(DOCS);
    Set<String> documented = new TreeSet<>();
    Matcher row = Pattern.compile("(?m)^\\| `(registry_auth_[a-z_]+)` \\|([^|]*)\\|").matcher(page);
    while (row.find()) {
      documented.add(row.group(1));
      Set<String> labels = new TreeSet<>();
      Matcher label = Pattern.compile("`([a-z]+)`").matcher(row.group(2));
      while (label.find()) {
        labels.add(label.group(1));
      }
      String name = row.group(1);
      assertThat(scrape.samples())
          .filteredOn(sample -> sample.name().matches(name + "(_count|_sum)?"))
          .as(name)
          .isNotEmpty()
          .allSatisfy(sample -> assertThat(sample.labels().keySet()).isEqualTo(labels));
    }
    assertThat(documented).isEqualTo(scrape.ownNames());
  }

  @Test
  void page_ofMonitoring_explainsEachReasonThatWasSeen() throws Exception {
    String page = Files.readString(DOCS);
    assertThat(Scrape.of(server).samples("registry_auth_decisions_total"))
        .extracting(sample -> sample.label("reason"))
        .filteredOn(reason -> !reason.isEmpty())
        .allSatisfy(
            reason ->
                assertThat(page)
                    .contains(reason.startsWith("stored-") ? "`stored-…`" : "`" + reason + "`"));
  }
}
