// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts and the dashboard of {@code deploy/monitoring} ask for what a server has. */
class MonitoringTest {
  private static final Path MONITORING =
      Path.of("../deploy/monitoring").toAbsolutePath().normalize();
  private static final Path DOCS = Path.of("../docs/monitoring.md");

  /** What Prometheus adds to each target. */
  private static final Set<String> OF_PROMETHEUS = Set.of("job", "instance");

  private static final Pattern SELECTOR =
      Pattern.compile("((?:registry_auth|jvm|process)_[a-z_]+|up)\\{([^}]*)}");
  private static final Pattern NAME = Pattern.compile("\\b(?:registry_auth|jvm|process)_[a-z_]+");
  private static final Pattern MATCHER =
      Pattern.compile("([a-z]+)(=~|!=|!~|=)\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern GROUPING = Pattern.compile("\\bby \\(([a-z, ]+)\\)");

  @TempDir private static Path directory;
  private static Scrape scrape;
  private static Manifests manifests;

  @BeforeAll
  static void scrape() throws Exception {
    manifests = Manifests.copy(directory);
    try (TokenServer server = Outcomes.startServer(directory, "text")) {
      Outcomes.cause(server);
      scrape = Scrape.of(server);
    }
  }

  private static KubernetesObject rules() throws Exception {
    return manifests.object("monitoring", "PrometheusRule", "registry-auth").part("spec");
  }

  private static List<KubernetesObject> alerts() throws Exception {
    return rules().parts("groups/rules").toList();
  }

  private static KubernetesObject dashboard() throws IOException {
    return new KubernetesObject(
        Json.object(Files.readString(MONITORING.resolve("dashboard.json"))));
  }

  /** Returns the dashboard's queries, with Grafana's variables replaced as Grafana would. */
  private static List<String> queries() throws IOException {
    return dashboard()
        .texts("panels/targets/expr")
        .map(query -> query.replace("$__rate_interval", "5m").replace("$instance", ".*"))
        .toList();
  }

  private static Stream<String> expressions() throws Exception {
    return Stream.concat(alerts().stream().map(alert -> alert.text("expr")), queries().stream());
  }

  @Test
  void name_inAnAlertOrAQuery_isShownByTheServer() throws Exception {
    Set<String> there =
        scrape.samples().stream().map(Scrape.Sample::name).collect(Collectors.toSet());
    List<String> names =
        expressions()
            .flatMap(text -> NAME.matcher(text).results())
            .map(result -> result.group())
            .toList();
    assertThat(names).hasSizeGreaterThan(40).allSatisfy(name -> assertThat(there).contains(name));
  }

  @Test
  void selector_inAnAlertOrAQuery_findsWhatTheServerShows() throws Exception {
    for (String expression : expressions().toList()) {
      Matcher selector = SELECTOR.matcher(expression);
      assertThat(selector.find()).as(expression).isTrue();
      do {
        if (!selector.group(1).equals("up")) {
          assertThat(scrape.samples(selector.group(1)))
              .as(selector.group())
              .anyMatch(sample -> matches(sample, selector.group(2)));
        }
        assertThat(selector.group(2)).as(expression).contains("job=\"registry-auth\"");
      } while (selector.find());
    }
  }

  private static boolean matches(Scrape.Sample sample, String matchers) {
    return MATCHER
        .matcher(matchers)
        .results()
        .filter(matcher -> !OF_PROMETHEUS.contains(matcher.group(1)))
        .allMatch(
            matcher -> {
              assertThat(sample.labels()).containsKey(matcher.group(1));
              String value = sample.label(matcher.group(1));
              return switch (matcher.group(2)) {
                case "=" -> value.equals(matcher.group(3));
                case "!=" -> !value.equals(matcher.group(3));
                case "=~" -> value.matches(matcher.group(3));
                default -> !value.matches(matcher.group(3));
              };
            });
  }

  @Test
  void grouping_inAnAlertOrAQuery_isByLabelsThatThereAre() throws Exception {
    for (String expression : expressions().toList()) {
      Matcher grouping = GROUPING.matcher(expression);
      while (grouping.find()) {
        Set<String> labels =
            NAME.matcher(expression)
                .results()
                .flatMap(result -> scrape.samples(result.group()).stream())
                .flatMap(sample -> sample.labels().keySet().stream())
                .collect(Collectors.toSet());
        labels.addAll(OF_PROMETHEUS);
        assertThat(labels).as(expression).contains(grouping.group(1).split(", "));
      }
    }
  }

  @Test
  void alerts_checkedAndTestedByPromtool_areRight() throws Exception {
    Path rules = Files.createTempDirectory(directory, "rules-");
    Files.writeString(rules.resolve("rules.json"), rules().toJson());
    Files.copy(MONITORING.resolve("rules-test.yaml"), rules.resolve("rules-test.yaml"));

    promtool(rules, "check", "rules", "--lint=all", "--lint-fatal", "rules.json");
    promtool(rules, "test", "rules", "rules-test.yaml");
  }

  @Test
  void alerts_eachOfThem_areTestedToFireAndNotToFire() throws Exception {
    String tests = Files.readString(MONITORING.resolve("rules-test.yaml"));
    for (KubernetesObject alert : alerts()) {
      String name = alert.text("alert");
      assertThat(tests)
          .contains("alertname: " + name + ", exp_alerts: []")
          .contains("alertname: " + name + "\n        exp_alerts:\n          - exp_labels:");
    }
  }

  @Test
  void queries_ofTheDashboard_areTakenByPromtool() throws Exception {
    Path rules = Files.createTempDirectory(directory, "queries-");
    List<Map<String, Object>> records = new ArrayList<>();
    for (String query : queries()) {
      records.add(Map.of("record", "query" + records.size(), "expr", query));
    }
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("name", "queries");
    group.put("rules", records);
    Files.writeString(
        rules.resolve("queries.json"), JsonUtil.toJson(Map.of("groups", List.of(group))));

    assertThat(promtool(rules, "check", "rules", "--lint=none", "queries.json").output())
        .contains(records.size() + " rules found");
  }

  private static Completed promtool(Path working, String... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of(Peers.program("promtool").toString()), Stream.of(arguments))
            .toList();
    Completed completed = RunningProcess.run(working, command, Map.of());
    assertThat(completed.status()).as(completed.toString()).isZero();
    return completed;
  }

  @Test
  void alert_ofEach_hasASeverityASummaryAndARunbookLine() throws Exception {
    String page = Files.readString(DOCS);
    List<String> names = new ArrayList<>();
    for (KubernetesObject alert : alerts()) {
      String name = alert.text("alert");
      names.add(name);
      assertThat(alert.text("labels/severity")).isIn("warning", "critical");
      assertThat(alert.text("annotations/summary")).isNotEmpty();
      assertThat(alert.text("annotations/runbook")).isEqualTo("docs/monitoring.md, " + name);
      assertThat(page).contains("\n| `" + name + "` | " + alert.text("labels/severity") + " |");
    }
    assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(10);
    assertThat(
            Pattern.compile("(?m)^\\| `(RegistryAuth\\w+)` ")
                .matcher(page)
                .results()
                .map(result -> result.group(1)))
        .containsExactlyElementsOf(names);
  }

  @Test
  void dashboard_ofEachPanel_hasAPlaceAndANumberOfItsOwn() throws Exception {
    List<KubernetesObject> panels = dashboard().parts("panels").toList();
    assertThat(panels.stream().map(panel -> panel.text("id"))).doesNotHaveDuplicates();
    assertThat(
            panels.stream().map(panel -> panel.text("gridPos/x") + "," + panel.text("gridPos/y")))
        .doesNotHaveDuplicates();
    assertThat(dashboard().texts("panels/targets/datasource/uid")).containsOnly("${datasource}");
    assertThat(
            manifests
                .object("monitoring", "ConfigMap", "registry-auth-dashboard")
                .part("data")
                .text("dashboard.json"))
        .isEqualTo(Files.readString(MONITORING.resolve("dashboard.json")));
  }

  @Test
  void podMonitor_selectsThePodsAndAPortOfTheirs_andPrometheusMayComeIn() throws Exception {
    KubernetesObject monitor = manifests.object("monitoring", "PodMonitor", "registry-auth");
    KubernetesObject deployment = manifests.object("monitoring", "Deployment", "registry-auth");
    KubernetesObject pod = deployment.part("spec/template");
    assertThat(monitor.namespace()).isEqualTo(deployment.namespace());
    assertThat(pod.hasLabels(monitor.part("spec/selector/matchLabels"))).isTrue();
    // The alerts' job.
    assertThat(pod.part("metadata/labels").json())
        .containsEntry(monitor.text("spec/jobLabel"), "registry-auth");
    String port = monitor.text("spec/podMetricsEndpoints/port");
    KubernetesObject container =
        pod.parts("spec/containers/ports")
            .filter(candidate -> candidate.text("name").equals(port))
            .findFirst()
            .orElseThrow();
    assertThat(container.text("containerPort")).isEqualTo("8081");
    KubernetesObject policy = manifests.object("monitoring", "NetworkPolicy", "registry-auth");
    assertThat(
            policy
                .parts("spec/ingress")
                .filter(rule -> rule.text("ports/port").equals("8081"))
                .map(rule -> rule.part("from/namespaceSelector/matchLabels").json()))
        .containsExactly(Map.of("kubernetes.io/metadata.name", "monitoring"));
  }
}
