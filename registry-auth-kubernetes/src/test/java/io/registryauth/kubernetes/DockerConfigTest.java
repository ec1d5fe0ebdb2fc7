// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.google.gson.JsonParser;
import io.registryauth.kubernetes.DockerConfig.Login;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DockerConfigTest {
  private static final String HOST = "registry.registry.svc.cluster.local";
  private static final Login TEST_BUILD = new Login("test-build", "test-password-123");

  private static DockerConfig entry(String json) {
    return DockerConfig.parse("{\"auths\": {\"host\": " + json + "}}");
  }

  @Test
  void with_loginOfTheDocument_isTheFileOfTheDocument() {
    assertThat(JsonParser.parseString(DockerConfig.parse("").with(HOST, TEST_BUILD).toJson()))
        .isEqualTo(
            JsonParser.parseString(
                """
                {
                  "auths": {
                    "registry.registry.svc.cluster.local": {
                      "username": "test-build",
                      "password": "test-password-123",
                      "auth": "dGVzdC1idWlsZDp0ZXN0LXBhc3N3b3JkLTEyMw=="
                    }
                  }
                }
                """));
  }

  @Test
  void with_otherHostsAndSettings_keepsThem() {
    String stored =
        """
        {"auths": {"other.example": {"auth": "YTpi"}, "%s": {"identitytoken": "x"}},
         "credHelpers": {"gcr.io": "gcloud"}}
        """
            .formatted(HOST);
    DockerConfig config = DockerConfig.parse(stored).with(HOST, TEST_BUILD);

    assertThat(config.login(HOST)).contains(TEST_BUILD);
    assertThat(config.login("other.example")).contains(new Login("a", "b"));
    assertThat(config.toJson()).contains("gcloud").doesNotContain("identitytoken");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "null", "\"x\"", "{\"auths\": []}", "{\"auths\": null}"})
  void parse_whatMakesNoSense_isEmpty(String text) {
    DockerConfig config = DockerConfig.parse(text);

    assertThat(config.login(HOST)).isEmpty();
    assertThat(config.with(HOST, TEST_BUILD).login(HOST)).contains(TEST_BUILD);
  }

  @Test
  void login_anyOfItsForms_isRead() {
    assertThat(entry("{\"username\": \"a\", \"password\": \"b\"}").login("host"))
        .contains(new Login("a", "b"));
    assertThat(entry("{\"auth\": \"YTpiOmM=\"}").login("host")).contains(new Login("a", "b:c"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"username\": \"a\"}",
        "{\"auth\": \"!\"}",
        "{\"auth\": \"YQ==\"}",
        "{\"username\": \"x\", \"password\": \"b\", \"auth\": \"YTpi\"}",
        "{\"username\": \"a\", \"password\": \"x\", \"auth\": \"YTpi\"}"
      })
  void login_partsMissingOrContradictory_isNone(String json) {
    assertThat(entry(json).login("host")).isEmpty();
  }

  @Test
  void hostsOf_username_areThoseThatGetIt() {
    DockerConfig config =
        DockerConfig.parse("")
            .with("b.example", TEST_BUILD)
            .with("a.example", TEST_BUILD)
            .with("c.example", new Login("other", "x"));

    assertThat(config.hostsOf("test-build")).containsExactly("a.example", "b.example");
  }

  @Test
  void toString_ofALogin_hidesThePassword() {
    assertThat(TEST_BUILD.toString()).contains("test-build").doesNotContain("test-password-123");
  }

  @ParameterizedTest
  @ValueSource(strings = {HOST, "localhost", "10.0.0.1", "a-b.example"})
  void checkHost_name_isValid(String host) {
    assertThatNoException().isThrownBy(() -> DockerConfig.checkHost(host));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          registry.registry.svc.cluster.local:443 | authorization token required
          localhost:                              | has a port
          https://registry.example                | has a scheme
          https://registry.example:443            | has a scheme
          registry.example/test-build             | is no host
          Registry.example                        | is no host
          -a.example                              | is no host
          a..b                                    | is no host
          ''                                      | is no host
          """)
  void checkHost_anythingElse_saysWhy(String host, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DockerConfig.checkHost(host))
        .withMessageContaining("\"" + host + "\"")
        .withMessageContaining(why)
        .withMessageContaining(HOST);
  }
}
