// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One line of log for each decision, in both formats, that no client can forge. */
@ParameterizedClass(name = "LOG_FORMAT={0}")
@ValueSource(strings = {"text", "json"})
class AuditLogTest {
  private static final String SCOPE = "repository:test-build/app:push,pull";
  private static final Pattern TEXT_LINE =
      Pattern.compile("\\S+ INFO  audit token( [a-z_]+=\"([^\"\\\\]|\\\\.)*\")+");
  private static final Pattern TEXT_FIELD =
      Pattern.compile(" ([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  @TempDir private static Path directory;
  private static TokenServer server;

  private final String format;
  private final String requestId = UUID.randomUUID().toString();

  AuditLogTest(String format) {
    this.format = format;
  }

  @BeforeParameterizedClassInvocation
  static void start(String format) throws Exception {
    Map<String, String> environment = Map.of("LOG_FORMAT", format);
    server = TokenServer.start(directory, Keys.generate(directory), environment);
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private HttpResponse<String> ask(URI uri, Tenant tenant) throws Exception {
    return Http.send(
        "GET", uri, "X-Request-Id", requestId, "Authorization", tenant.authorization());
  }

  /** Returns the fields of the one line that has this request's id. */
  private Map<String, String> logged() {
    List<String> lines = server.log().lines().filter(line -> line.contains(requestId)).toList();
    assertThat(lines).hasSize(1);
    String line = lines.get(0);
    assertThat(line.chars()).as(line).noneMatch(Character::isISOControl);
    return format.equals("json") ? jsonFields(line) : textFields(line);
  }

  private static Map<String, String> textFields(String line) {
    assertThat(line).matches(TEXT_LINE).matches("[ -~]*");
    Map<String, String> fields = new LinkedHashMap<>();
    Matcher matcher = TEXT_FIELD.matcher(line);
    while (matcher.find()) {
      assertThat(fields.put(matcher.group(1), matcher.group(2))).as(line).isNull();
    }
    return fields;
  }

  private static Map<String, String> jsonFields(String line) {
    Map<String, Object> event = Json.object(line);
    assertThat(event)
        .containsEntry("loggerName", "io.registryauth.audit")
        .containsEntry("formattedMessage", "token");
    Map<String, String> fields = new LinkedHashMap<>();
    for (Map<String, Object> pair : Json.objects(event.get("kvpList"))) {
      pair.forEach((name, value) -> assertThat(fields.put(name, (String) value)).isNull());
    }
    return fields;
  }

  @Test
  void decision_issued_hasEveryField() throws Exception {
    HttpResponse<String> response = ask(server.auth(SCOPE), Tenant.TEST_BUILD);
    String token = (String) Json.object(response.body()).get("token");
    assertThat(logged())
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("request_id", requestId),
                Map.entry("client", "127.0.0.1"),
                Map.entry("subject", "test-build"),
                Map.entry("service", "docker-registry"),
                Map.entry("asked", SCOPE),
                Map.entry("ignored", ""),
                Map.entry("granted", SCOPE),
                Map.entry("outcome", "issued"),
                Map.entry("reason", ""),
                Map.entry("jti", (String) Jwt.parse(token).claims().get("jti")),
                Map.entry("grant_type", ""),
                Map.entry("refresh_jti", "")));
  }

  @Test
  void decision_partlyGranted_showsBoth() throws Exception {
    String foreign = "repository:other-namespace/app:pull";
    ask(server.auth(SCOPE, foreign), Tenant.TEST_BUILD);
    assertThat(logged())
        .containsEntry("asked", SCOPE + " " + foreign)
        .containsEntry("granted", SCOPE)
        .containsEntry("outcome", "issued");
  }

  @Test
  void decision_denied_saysWhy() throws Exception {
    ask(server.auth("repository:other-namespace/app:pull"), Tenant.TEST_BUILD);
    assertThat(logged())
        .containsEntry("subject", "test-build")
        .containsEntry("outcome", "denied")
        .containsEntry("reason", "nothing-granted")
        .containsEntry("granted", "")
        .containsEntry("jti", "");
  }

  @Test
  void decision_wrongPassword_saysWhy() throws Exception {
    ask(server.auth(SCOPE), new Tenant("test-build", "wrong"));
    assertThat(logged())
        .containsEntry("subject", "test-build")
        .containsEntry("outcome", "unauthorized")
        .containsEntry("reason", "wrong-password")
        .containsEntry("granted", "");
  }

  @Test
  void decision_unknownService_saysWhy() throws Exception {
    ask(server.uri().resolve("/auth?service=another"), Tenant.TEST_BUILD);
    assertThat(logged())
        .containsEntry("service", "another")
        .containsEntry("outcome", "unsupported_value")
        .containsEntry("reason", "service-unknown");
  }

  @Test
  void decisions_many_areALineEach() throws Exception {
    long before = server.log().lines().count();
    for (int i = 0; i < 20; i++) {
      server.ask(Tenant.TEST_BUILD, SCOPE);
    }
    assertThat(server.log().lines().count()).isEqualTo(before + 20);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n2026-11-25T00:00:00.000Z INFO  audit token request_id=\"%s\" outcome=\"issued\"",
        "\n{\"loggerName\":\"io.registryauth.audit\",\"request_id\":\"%s\"}",
        "\" outcome=\"issued\" granted=\"everything",
        "\\\" outcome=\"issued\" granted=\"everything",
        "\"},{\"outcome\":\"issued\"},{\"granted\":\"everything",
        "\u001b[2K\u001b[1A\u001b[31mgone",
        "\u2028next\u2029next\u000bnext\u000cnext",
        "\u202egnihton\u200b\ufeff",
        "\u0085next\u009b31mred",
        "${jndi:ldap://localhost/a} %n {}",
      })
  void attack_forgedLogLines_stayOneLineWithTheirOwnFields(String attack) throws Exception {
    long before = server.log().lines().count();
    String text = "x" + attack.replace("%s", requestId);
    String encoded = URLEncoder.encode(text, UTF_8);
    URI uri =
        server
            .uri()
            .resolve(
                "/auth?service=%s&scope=%s&account=%s&%s=1"
                    .formatted(encoded, encoded, encoded, encoded));
    ask(uri, new Tenant(text, "password"));
    assertThat(logged())
        .containsOnlyKeys(
            "request_id",
            "client",
            "subject",
            "service",
            "asked",
            "ignored",
            "granted",
            "outcome",
            "reason",
            "jti",
            "grant_type",
            "refresh_jti")
        .containsEntry("request_id", requestId)
        .containsEntry("subject", "")
        .containsEntry("outcome", "unsupported_value")
        .containsEntry("granted", "")
        .containsEntry("jti", "");
    assertThat(server.log().lines().count()).isEqualTo(before + 1);
    assertThat(server.log().chars()).allMatch(c -> c == '\n' || (c >= ' ' && c <= '~'));
  }

  @Test
  void attack_forgedUserName_isNoSubject() throws Exception {
    ask(server.auth(SCOPE), new Tenant("a\" outcome=\"issued\u2028", "password"));
    assertThat(logged()).containsEntry("subject", "").containsEntry("outcome", "unauthorized");
  }

  @Test
  void attack_forgedRequestId_isReplaced() throws Exception {
    String forged = requestId + "\" outcome=\"issued";
    Http.send("GET", server.auth(SCOPE), "X-Request-Id", forged);
    assertThat(server.log().contains(requestId)).isFalse();
  }

  @Test
  void attack_forgedClientAddress_isIgnored() throws Exception {
    Http.send(
        "GET",
        server.auth(SCOPE),
        "X-Request-Id",
        requestId,
        "X-Forwarded-For",
        "192.0.2.1",
        "Forwarded",
        "for=192.0.2.1");
    assertThat(logged()).containsEntry("client", "127.0.0.1");
  }

  @Test
  void lines_ofTheWholeLog_areEvents() throws Exception {
    ask(server.auth(SCOPE), Tenant.TEST_BUILD);
    assertThat(server.process().stderr().lines())
        .isNotEmpty()
        .allSatisfy(
            line -> {
              if (format.equals("json")) {
                assertThat(Json.object(line)).containsKeys("timestamp", "level", "loggerName");
              } else {
                assertThat(line).matches("\\d{4}-\\d\\d-\\d\\dT\\S+Z INFO  \\w+ .+");
              }
            });
  }
}
