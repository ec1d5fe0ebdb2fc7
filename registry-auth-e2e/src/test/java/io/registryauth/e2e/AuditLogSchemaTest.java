// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code docs/audit-log.schema.json} holds for each event of a run with every outcome. */
class AuditLogSchemaTest {
  private static final Path SCHEMA = Path.of("../docs/audit-log.schema.json");

  @TempDir private static Path directory;
  private static List<String> lines;
  private static List<String> events;
  private static JsonSchema schema;

  @BeforeAll
  static void ask() throws Exception {
    schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(Files.readString(SCHEMA));
    try (TokenServer server = Outcomes.startServer(directory, "json")) {
      Outcomes.cause(server);
      lines = server.log().lines().toList();
      events =
          lines.stream()
              .filter(line -> line.contains("\"loggerName\":\"io.registryauth.audit\""))
              .toList();
    }
  }

  private static Set<String> problems(String event) {
    return schema.validate(event, InputFormat.JSON).stream()
        .map(Object::toString)
        .collect(Collectors.toSet());
  }

  private static String event(String outcome) {
    return events.stream()
        .filter(event -> event.contains("{\"outcome\":\"" + outcome + "\"}"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No event has the outcome " + outcome));
  }

  @Test
  void event_ofEachOutcome_fitsTheSchema() {
    assertThat(events)
        .hasSizeGreaterThan(20)
        .allSatisfy(event -> assertThat(problems(event)).isEmpty());
    assertThat(Outcomes.ALL).allSatisfy(outcome -> assertThat(event(outcome)).isNotEmpty());
  }

  @Test
  void line_ofAnyLogger_hasItsArgumentsInItsMessageAlone() {
    assertThat(lines)
        .hasSizeGreaterThan(events.size())
        .allSatisfy(line -> assertThat(line).doesNotContain("\"arguments\""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "issued | {\"client\":\"127.0.0.1\"}, | ''",
        "issued | {\"client\":\"127.0.0.1\"} | {\"client\":\"127.0.0.1\",\"more\":\"\"}",
        "issued | {\"outcome\":\"issued\"} | {\"outcome\":\"granted\"}",
        "issued | {\"outcome\":\"issued\"} | {\"outcome\":\"denied\"}",
        "issued | {\"reason\":\"\"} | {\"reason\":\"wrong-password\"}",
        "issued | {\"ignored\":\"\"} | {\"ignored\":null}",
        "issued | {\"subject\":\"test-build\"} | {\"subject\":\"Test Build\"}",
        "issued | \"formattedMessage\":\"token\" | \"formattedMessage\":\"tokens\"",
        "issued | \"level\":\"INFO\" | \"level\":\"INFO\",\"more\":1",
        "denied | {\"granted\":\"\"} | {\"granted\":\"repository:a/b:pull\"}",
        "denied | {\"reason\":\"nothing-granted\"} | {\"reason\":\"\"}",
        "unavailable | {\"jti\":\"\"} | {\"jti\":\"00000000-0000-4000-8000-000000000000\"}"
      })
  void event_thatIsChanged_doesNotFit(String outcome, String from, String to) {
    String event = event(outcome);
    assertThat(event).contains(from);

    assertThat(problems(event.replace(from, to))).isNotEmpty();
  }

  @Test
  void fields_ofTheSchema_areExplained() throws Exception {
    KubernetesObject json = new KubernetesObject(Json.object(Files.readString(SCHEMA)));
    List<KubernetesObject> fields =
        json.parts("properties/kvpList/prefixItems").map(item -> item.part("properties")).toList();
    assertThat(fields).hasSize(12);
    for (KubernetesObject field : fields) {
      String name = field.json().keySet().iterator().next();
      assertThat(field.text(name + "/description")).as(name).isNotEmpty();
    }
  }
}
