// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.key.JwksReader;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeySecretTest {
  private static final ObjectName KEYS_NAME = ObjectName.parse("registry/registry-auth-keys");
  private static final ObjectName JWKS_NAME = ObjectName.parse("registry/registry-auth-keys-jwks");
  private static final String KEYS = FakeObjects.path(KEYS_NAME);
  private static final String JWKS = FakeObjects.path(JWKS_NAME);
  private static final KeyIdStyle STYLE = KeyIdStyle.fixed("signer");
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String CONFLICT = "{\"message\": \"was modified\"}";
  private static final String FORBIDDEN = "{\"message\": \"somebody cannot patch\"}";

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

  static String pem(String file) {
    try (InputStream in = KeySecretTest.class.getResourceAsStream("/keys/" + file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static KeyEntries stage(KeyEntries entries) {
    return entries.stage(pem("second.key"), pem("second.crt"), STYLE, KeyIdStyle.fixed("second"));
  }

  private static KeyEntries stageTheFirstAgain(KeyEntries entries) {
    return entries.stage(pem("first.key"), pem("first.crt"), STYLE, KeyIdStyle.fixed("signer"));
  }

  private void store(KeyEntries entries) {
    api.put(KEYS_NAME, entries.texts());
    api.put(JWKS_NAME, Map.of("jwks.json", entries.keySet(STYLE).jwks(), "other", "kept"));
  }

  private List<String> published() {
    return ids(api.entry(JWKS_NAME, "jwks.json"));
  }

  private List<String> withdrawn() {
    return ids(api.entry(JWKS_NAME, "withdrawn.json"));
  }

  static List<String> ids(String jwks) {
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
    assertThat(api.entry(JWKS_NAME, "other")).isEqualTo("kept");
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
    assertThat(withdrawn()).containsExactly("signer");
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
    api.before("PATCH", KEYS, () -> api.put(KEYS_NAME, first.texts()));
    List<KeyEntries> before = new ArrayList<>();
    update(
        entries -> {
          before.add(entries);
          return stage(entries);
        });
    assertThat(before).containsExactly(first, first);
    assertThat(secret.read()).isEqualTo(staged);
    assertThat(published()).containsExactly("signer", "second");
  }

  @Test
  void update_keysThatCannotBeWritten_takesOutWhatWasPublished() throws IOException {
    store(first);
    api.answer("PATCH", KEYS, 403, FORBIDDEN);
    assertThatThrownBy(() -> update(KeySecretTest::stage))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("Cannot patch Secret registry/registry-auth-keys: forbidden");
    assertThat(published()).containsExactly("signer");
    update(KeySecretTest::stage);
    assertThat(published()).containsExactly("signer", "second");
  }

  @Test
  void update_keysThatCannotBeWritten_keyThatWasTakenOutStaysSo() throws IOException {
    store(promoted);
    update(KeyEntries::retireAtOnce);
    api.answer("PATCH", KEYS, 403, FORBIDDEN);
    assertThatThrownBy(() -> update(KeySecretTest::stageTheFirstAgain))
        .isInstanceOf(IOException.class);
    assertThat(published()).containsExactly("second");
    assertThat(withdrawn()).containsExactly("signer");
  }

  @Test
  void update_stepThatIsRefusedAfterAConflict_changesNothing() throws IOException {
    store(first);
    api.answer("PATCH", KEYS, 409, CONFLICT);
    AtomicInteger attempts = new AtomicInteger();
    assertThatThrownBy(
            () ->
                update(
                    entries -> {
                      if (attempts.getAndIncrement() > 0) {
                        throw new IllegalStateException("too late");
                      }
                      return stage(entries);
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("too late");
    assertThat(secret.read()).isEqualTo(first);
    assertThat(published()).containsExactly("signer");
  }

  /** Or its answer was lost, which looks the same. */
  @Test
  void update_keyThatAnotherStagesMeanwhile_staysPublished() {
    store(first);
    api.before("PATCH", KEYS, () -> api.put(KEYS_NAME, staged.texts()));
    assertThatThrownBy(() -> update(KeySecretTest::stage))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("second is staged already");
    assertThat(published()).containsExactly("signer", "second");
  }

  @Test
  void update_keyThatCannotBeTakenOutAfterAFailure_isNamed() {
    store(first);
    api.before(
        "PATCH",
        KEYS,
        () -> {
          api.put(KEYS_NAME, first.texts());
          api.answer("PATCH", JWKS, 403, FORBIDDEN);
        });
    assertThatThrownBy(() -> update(KeySecretTest::stage))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "jwks.json of the Secret registry/registry-auth-keys-jwks may have second by now",
            "have bootstrap make it anew",
            "was modified",
            "somebody cannot patch");
    assertThat(published()).containsExactly("signer", "second");
  }

  @Test
  void update_idOfAnotherKeyThatWasTakenOut_isRefusedAndChangesNothing() {
    api.put(KEYS_NAME, first.texts());
    api.put(
        JWKS_NAME,
        Map.of(
            "jwks.json",
            first.keySet(STYLE).jwks(),
            "withdrawn.json",
            first.keySet(KeyIdStyle.fixed("second")).jwks()));
    int writes = api.writes();
    assertThatThrownBy(() -> update(KeySecretTest::stage))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "The key id second is that of another key",
            "withdrawn.json of the Secret registry/registry-auth-keys-jwks",
            "valid is an id that no other key has had");
    assertThatThrownBy(() -> secret.manifest(KeySecretTest::stage))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(api.writes()).isEqualTo(writes);
  }

  /** As when somebody gave registries another key by hand: steps must go on from there. */
  @Test
  void update_currentKeyUnderTheIdOfOneThatWasTakenOut_isLeftSo() throws IOException {
    api.put(KEYS_NAME, first.texts());
    KeyEntries other =
        new KeyEntries(Map.of("tls.key", pem("second.key"), "tls.crt", pem("second.crt")));
    api.put(
        JWKS_NAME,
        Map.of(
            "jwks.json", first.keySet(STYLE).jwks(), "withdrawn.json", other.keySet(STYLE).jwks()));
    update(KeySecretTest::stage);
    assertThat(published()).containsExactly("signer", "second");
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
    update(KeySecretTest::stageTheFirstAgain);
    assertThat(published()).containsExactly("second", "signer");
    assertThat(withdrawn()).isEmpty();
  }

  @Test
  void manifest_hasTheSecretsInTheOrderInWhichTheyAreWritten() throws IOException {
    store(first);
    assertThat(secret.manifest(KeySecretTest::stage))
        .containsSubsequence("jwks.json:", "next.kid:");
    store(promoted);
    assertThat(secret.manifest(KeyEntries::retireAtOnce))
        .contains("withdrawn.json:")
        .containsSubsequence("tls.kid:", "jwks.json:");
  }

  @Test
  void manifest_withoutASecretToReplace_isRefused() {
    api.put(KEYS_NAME, first.texts());
    assertThatThrownBy(() -> secret.manifest(KeySecretTest::stage))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(
            "registry/registry-auth-keys-jwks with the JWK Set is not there", "bootstrap");
  }
}
