// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.DeniedResponse;
import io.registryauth.token.TokenProfile;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What editors know of the properties, beside what the server's reference says of its options. */
class MetadataTest {
  private static final String FILE = "META-INF/spring-configuration-metadata.json";

  /** What an application has by Spring Boot itself, or its platform; or by code of its own. */
  private static final Set<String> OF_THE_SERVER_ALONE =
      Set.of(
          "listen",
          "management-listen",
          "tls-cert",
          "tls-key",
          "trusted-proxies",
          "failed-attempts",
          "publish-jwks");

  private static final Set<String> OF_THE_STARTER_ALONE = Set.of("token-paths", "jwks-path");

  /** A row of the reference: the name in the file, and the default. */
  private static final Pattern OPTION =
      Pattern.compile(
          "^\\| `--[a-z-]+[^|]*\\| `[A-Z_0-9]+` \\| `([a-z-]+)` \\| ([^|]*) \\|",
          Pattern.MULTILINE);

  private Map<String, Object> metadata;

  @BeforeEach
  void readMetadata() throws Exception {
    for (URL url : Collections.list(getClass().getClassLoader().getResources(FILE))) {
      try (InputStream in = url.openStream()) {
        String text = new String(in.readAllBytes(), UTF_8);
        if (text.contains("registry-auth.")) {
          metadata = JsonUtil.parseJson(text);
        }
      }
    }
  }

  @SuppressWarnings("unchecked")
  private List<Map<String, Object>> list(String name) {
    return (List<Map<String, Object>>) metadata.get(name);
  }

  private Map<String, Map<String, Object>> properties() {
    return list("properties").stream()
        .collect(
            toMap(
                property -> ((String) property.get("name")).substring("registry-auth.".length()),
                property -> property));
  }

  private static Map<String, String> serversOptions() throws Exception {
    String reference = Files.readString(Path.of("../docs/configuration.md"));
    String serve = reference.substring(0, reference.indexOf("\n## `demo`"));
    return OPTION
        .matcher(serve)
        .results()
        .collect(toMap((MatchResult row) -> row.group(1), row -> row.group(2)));
  }

  @Test
  void properties_areTheServersOptions() throws Exception {
    Stream<String> shared =
        serversOptions().keySet().stream().filter(name -> !OF_THE_SERVER_ALONE.contains(name));

    assertThat(properties().keySet())
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(shared, OF_THE_STARTER_ALONE.stream()).toList());
    assertThat(serversOptions().keySet()).containsAll(OF_THE_SERVER_ALONE);
  }

  @Test
  void default_ofEachProperty_isThatOfTheServersOption() throws Exception {
    Map<String, String> options = serversOptions();
    properties()
        .forEach(
            (name, property) -> {
              String expected = options.getOrDefault(name, "");
              Object actual = property.get("defaultValue");
              if ("[]".equals(actual)) {
                assertThat(expected).as(name).isEqualTo("none");
              } else if (actual == null) { // and the description says it
                assertThat((String) property.get("description")).as(name).contains("By default");
              } else if (!OF_THE_STARTER_ALONE.contains(name)) {
                assertThat(expected).as(name).isIn(actual.toString(), actual + "s");
              }
            });
    assertThat(properties().get("token-paths")).containsEntry("defaultValue", "[/auth, /token]");
  }

  @Test
  void description_ofEachProperty_isASentenceOrMore() {
    assertThat(properties().values())
        .allSatisfy(
            property ->
                assertThat((String) property.get("description"))
                    .as("%s", property.get("name"))
                    .hasSizeGreaterThan(15)
                    .endsWith(".")
                    .doesNotContain("{", "<", "&"));
  }

  @Test
  void hints_haveAllThatIsValid() {
    Map<Object, Object> hints =
        list("hints").stream().collect(toMap(hint -> hint.get("name"), hint -> values(hint)));

    assertThat(hints)
        .containsEntry("registry-auth.profile", names(TokenProfile.values()))
        .containsEntry("registry-auth.denied-response", names(DeniedResponse.values()));
  }

  @SuppressWarnings("unchecked")
  private static Set<Object> values(Map<String, Object> hint) {
    return Set.copyOf(
        ((List<Map<String, Object>>) hint.get("values"))
            .stream().map(value -> value.get("value")).toList());
  }

  private static Set<Object> names(Object[] values) {
    return Set.copyOf(Stream.of(values).map(Object::toString).toList());
  }
}
