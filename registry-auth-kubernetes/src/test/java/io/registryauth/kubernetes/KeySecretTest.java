// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.gson.JsonObject;
import io.registryauth.key.JwksReader;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeySecretTest {
  private static final String SECRETS = "/api/v1/namespaces/registry/secrets/";
  private static final String KEYS = SECRETS + "registry-auth-keys";
  private static final String JWKS = SECRETS + "registry-auth-keys-jwks";
  private static final ObjectName KEYS_NAME = ObjectName.parse("registry/registry-auth-keys");
  private static final ObjectName JWKS_NAME = ObjectName.parse("registry/registry-auth-keys-jwks");
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String CONFLICT = "{\"message\": \"was modified\"}";

  private final KeyEntries first =
      new KeyEntries(Map.of("tls.key", pem("first.key"), "tls.crt", pem("first.crt")));
  private final KeyEntries staged = stage(first);
  private final KeyEntries promoted = staged.promote(NOW, STYLE);

  private FakeObjects api;
  private KeySecret secret;

  @BeforeEach
  void start() throws IOException {
    api = new FakeObjects();
    secret = new KeySecret(api.client(), KEYS_NAME, JWKS_NAME, STYLE);
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private static String pem(String file) {
    try (InputStream in = KeySecretTest.class.getResourceAsStream("/keys/" + file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyEntries stage(KeyEntries entries) {
    return entries.stage(pem("second.key"), pem("second.crt"), STYLE, KeyIdStyle.fixed("second"));
  }

  private void store(KeyEntries entries) {
    put(KEYS, "registry-auth-keys", entries.texts());
    put(
        JWKS,
        "registry-auth-keys-jwks",
        Map.of("jwks.json", entries.keySet(STYLE).jwks(), "other", "kept"));
  }

  private void put(String path, String name, Map<String, String> texts) {
    JsonObject data = new JsonObject();
    texts.forEach(
        (key, text) ->
            data.addProperty(key, Base64.getEncoder().encodeToString(text.getBytes(UTF_8))));
    api.put(
        path,
        """
        {"apiVersion": "v1", "kind": "Secret", "data": %s,
         "metadata": {"namespace": "registry", "name": "%s"}}
        """
            .formatted(data, name));
  }

  private String entry(String path, String key) {
    String text = api.object(path).orElseThrow().getAsJsonObject("data").get(key).getAsString();
    return new String(Base64.getDecoder().decode(text), UTF_8);
  }

  private List<String> published() {
    return ids(entry(JWKS, "jwks.json"));
  }

  private static List<String> ids(String jwks) {
    return JwksReader.read(jwks).stream().map(VerificationKey::keyId).toList();
  }

  @CanIgnoreReturnValue
  private List<String> update(UnaryOperator<KeyEntries> change) throws IOException {
    return secret.update(change).stream().map(ObjectReport::toString).toList();
  }

  @Test
  void update_thatAdds_publishesFirst() throws IOException {
    store(first);
    List<String> meanwhile = new ArrayList<>();
    api.before("PATCH", KEYS, () -> meanwhile.addAll(published()));
    assertThat(update(KeySecretTest::stage))
        .containsExactly(
            "updated   Secret registry/registry-auth-keys-jwks",
            "updated   Secret registry/registry-auth-keys");
    assertThat(meanwhile).containsExactly("signer", "second");
    assertThat(published()).isEqualTo(meanwhile);
    assertThat(secret.read()).isEqualTo(staged);
    assertThat(entry(JWKS, "other")).isEqualTo("kept");
  }

  @Test
  void update_thatTakesOut_publishesLast() throws IOException {
    store(promoted);
    List<String> meanwhile = new ArrayList<>();
    api.before(
        "PATCH",
        JWKS,
        () -> meanwhile.addAll(api.object(KEYS).orElseThrow().getAsJsonObject("data").keySet()));
    assertThat(update(KeyEntries::retireAtOnce))
        .containsExactly(
            "updated   Secret registry/registry-auth-keys",
            "updated   Secret registry/registry-auth-keys-jwks");
    assertThat(meanwhile).containsExactlyInAnyOrder("tls.key", "tls.crt", "tls.kid");
    assertThat(published()).containsExactly("second");
    assertThat(ids(entry(JWKS, "withdrawn.json"))).containsExactly("signer");
  }

  /** The change is made by then, and would be refused the second time. */
  @Test
  void update_conflictWhenAKeyIsTakenOut_isTriedAgainForThatAlone() throws IOException {
    store(promoted);
    api.answer("PATCH", JWKS, 409, CONFLICT);
    api.answer("PATCH", JWKS, 409, CONFLICT);
    assertThat(update(KeyEntries::retireAtOnce)).hasSize(2);
    assertThat(published()).containsExactly("second");
  }

  @Test
  void update_keyThatCannotBeTakenOut_saysWhatIsDoneAndWhatIsLeft() throws IOException {
    store(promoted);
    for (int i = 0; i < 5; i++) {
      api.answer("PATCH", JWKS, 409, CONFLICT);
    }
    assertThatThrownBy(() -> update(KeyEntries::retireAtOnce))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "The Secret registry/registry-auth-keys is changed",
            "registry/registry-auth-keys-jwks still has signer",
            "was modified");
    assertThat(secret.read().texts()).doesNotContainKey("retired.key");
    assertThat(published()).contains("signer");
  }

  @Test
  void update_conflictAtTheKeys_isTriedAgainAsAWhole() throws IOException {
    store(first);
    api.before("PATCH", KEYS, () -> store(staged));
    assertThat(update(entries -> entries.unstage())).hasSize(2);
    assertThat(secret.read()).isEqualTo(first);
    assertThat(published()).containsExactly("signer");
  }

  @Test
  void update_keyThatIsPublishedUnderAnotherId_isRefusedAndChangesNothing() {
    store(first);
    int writes = api.writes();
    KeySecret asAnother = new KeySecret(api.client(), KEYS_NAME, JWKS_NAME, KeyIdStyle.rfc7638());
    assertThatThrownBy(() -> asAnother.update(KeySecretTest::stage))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("has the id signer", "--key-id");
    assertThatThrownBy(() -> asAnother.manifest(KeySecretTest::stage))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(api.writes()).isEqualTo(writes);
  }

  @Test
  void update_keyThatComesBack_isNoLongerAmongThoseTakenOut() throws IOException {
    store(promoted);
    update(KeyEntries::retireAtOnce);
    update(
        entries ->
            entries.stage(pem("first.key"), pem("first.crt"), STYLE, KeyIdStyle.fixed("signer")));
    assertThat(published()).containsExactly("second", "signer");
    assertThat(ids(entry(JWKS, "withdrawn.json"))).isEmpty();
  }

  @Test
  void manifest_hasTheSecretsInTheOrderInWhichTheyAreWritten() throws IOException {
    store(first);
    assertThat(secret.manifest(KeySecretTest::stage).indexOf("next.kid:"))
        .isGreaterThan(secret.manifest(KeySecretTest::stage).indexOf("jwks.json:"));
    store(promoted);
    String retired = secret.manifest(KeyEntries::retireAtOnce);
    assertThat(retired).contains("withdrawn.json:", "jwks.json:");
    assertThat(retired.indexOf("jwks.json:")).isGreaterThan(retired.indexOf("tls.kid:"));
  }
}
