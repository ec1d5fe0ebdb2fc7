// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static io.registryauth.kubernetes.KeySecretTest.pem;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What others do to the keys at the same time; the rest is tested with a real API server. */
class RegistryBootstrapTest {
  private static final ObjectName KEYS = ObjectName.parse("registry/registry-auth-keys");
  private static final ObjectName OTHER = ObjectName.parse("registry/other-keys");
  private static final ObjectName JWKS = ObjectName.parse("registry/registry-auth-keys-jwks");
  private static final ObjectName HTTP = ObjectName.parse("registry/registry-registry-auth");
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");

  private final KeyEntries first =
      new KeyEntries(Map.of("tls.key", pem("first.key"), "tls.crt", pem("first.crt")));
  private final KeyEntries promoted =
      first
          .stage(pem("second.key"), pem("second.crt"), STYLE, KeyIdStyle.fixed("second"))
          .promote(Instant.parse("2026-11-25T12:00:00Z"), STYLE);
  private final KeyEntries retired = promoted.retireAtOnce();

  private final List<String> reports = new ArrayList<>();
  private FakeObjects api;

  @BeforeEach
  void start() throws IOException {
    api = new FakeObjects();
    api.put(HTTP, Map.of("http-secret", "by-hand"));
    api.put(KEYS, promoted.texts());
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private RegistryBootstrap bootstrap(String... keySecrets) {
    return RegistryBootstrap.builder(api.client())
        .keySecrets(List.of(keySecrets))
        .keyIdStyle(STYLE)
        .waitFor(Duration.ZERO)
        .reports(report -> reports.add(report.toString()))
        .build();
  }

  private static Map<String, String> jwks(KeyEntries entries) {
    return Map.of("jwks.json", entries.keySet(STYLE).jwks());
  }

  private List<String> published() {
    return KeySecretTest.ids(api.entry(JWKS, "jwks.json"));
  }

  private void retire() {
    api.put(KEYS, retired.texts());
    api.put(JWKS, jwks(retired));
  }

  @Test
  void run_keyThatIsRetiredWhileAnotherIsAwaited_doesNotComeBack() throws Exception {
    api.put(JWKS, jwks(promoted));
    api.before(
        "GET",
        FakeObjects.path(OTHER),
        () -> {
          api.put(OTHER, Map.of("tls.crt", pem("second.crt"), "tls.kid", "other"));
          retire();
        });
    bootstrap(KEYS.name(), OTHER.name()).run();
    assertThat(published()).containsExactly("second", "other");
  }

  @Test
  void run_keyThatIsRetiredBeforeTheJwkSetIsWritten_doesNotComeBack() throws Exception {
    api.put(JWKS, jwks(first));
    api.before("PATCH", FakeObjects.path(JWKS), this::retire);
    bootstrap(KEYS.name()).run();
    assertThat(published()).containsExactly("second");
  }

  @Test
  void run_keyThatIsRetiredBeforeTheJwkSetIsCreated_doesNotComeBack() throws Exception {
    api.before("POST", "/api/v1/namespaces/registry/secrets", this::retire);
    bootstrap(KEYS.name()).run();
    assertThat(published()).containsExactly("second");
    assertThat(reports).contains("updated   Secret registry/registry-auth-keys-jwks");
  }

  @Test
  void run_keyThatWasTakenOutByHand_isLeftOutAndNamed() throws Exception {
    api.put(
        JWKS,
        Map.of(
            "jwks.json",
            retired.keySet(STYLE).jwks(),
            "withdrawn.json",
            first.keySet(STYLE).jwks()));
    assertThat(bootstrap(KEYS.name()).manifest())
        .contains("# Secret registry/registry-auth-keys-jwks is without signer, which was taken");
    bootstrap(KEYS.name()).run();
    assertThat(published()).containsExactly("second");
    assertThat(reports)
        .contains(
            "updated   Secret registry/registry-auth-keys-jwks: without signer, which was taken out"
                + " of it before, and is in withdrawn.json");
  }
}
