// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyEntriesTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);
  private static final KeyIdStyle NAME = KeyIdStyle.fixed("signer");
  private static final String EC_KEY = pem("ec-256.sec1.key");
  private static final String EC_CERTIFICATE = pem("ec-256.crt");

  private final KeyEntries first =
      new KeyEntries(
          Map.of(
              "tls.key", pem("rsa-2048.pkcs8.key"), "tls.crt", pem("rsa-2048.crt"), "ca.crt", "x"));
  private final KeyEntries staged = first.stage(EC_KEY, EC_CERTIFICATE, NAME, KeyIdStyle.rfc7638());
  private final KeyEntries promoted = staged.promote(NOW, NAME);

  private static List<String> ids(KeyEntries entries) {
    return entries.keySet(NAME).all().stream().map(SigningKey::keyId).toList();
  }

  @Test
  void keySet_ofOneKey_hasTheIdOfTheStyle() {
    assertThat(ids(first)).containsExactly("signer");
    assertThat(first.keySet(NAME).next()).isEmpty();
  }

  @Test
  void withFilesOf_directory_addsWhatIsNotHere(@TempDir Path directory) throws Exception {
    for (Map.Entry<String, String> entry : promoted.texts().entrySet()) {
      Files.writeString(directory.resolve(entry.getKey()), entry.getValue());
    }
    KeyEntries none = new KeyEntries(Map.of());
    KeyEntries retired = none.withFilesOf(directory, List.of("retired.crt", "next.crt"));

    assertThat(none.withFilesOf(directory, KeyEntries.NAMES)).isEqualTo(promoted);
    assertThat(retired.texts()).containsOnlyKeys("retired.crt");
    assertThat(first.withFilesOf(directory, List.of("tls.crt"))).isEqualTo(first);
  }

  @Test
  void withFilesOf_fileThatIsNoGood_isNamed(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("next.key"), "x".repeat(1024 * 1024 + 1));
    assertThatThrownBy(() -> first.withFilesOf(directory, KeyEntries.NAMES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + " is longer than 1048576 bytes");

    Files.delete(file);
    Files.createDirectory(file);
    assertThatThrownBy(() -> first.withFilesOf(directory, KeyEntries.NAMES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file + " cannot be read");
  }

  @Test
  void keySet_withAnIdOfItsOwn_hasThat() {
    Map<String, String> texts = new HashMap<>(first.texts());
    texts.put("tls.kid", "own\n");
    assertThat(ids(new KeyEntries(texts))).containsExactly("own");
  }

  @Test
  void keySet_keyThatItsIdIsNotBoundTo_isRefused() {
    for (String slot : List.of("tls", "retired")) {
      Map<String, String> texts = new HashMap<>(promoted.texts());
      texts.put(slot + ".key", pem("ed25519.key"));
      texts.put(slot + ".crt", pem("ed25519.crt"));
      KeyEntries changed = new KeyEntries(texts);
      assertThatThrownBy(() -> changed.keySet(NAME))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(slot + ".kid is", "the id of another key", "put that key back");
      assertThatThrownBy(() -> changed.verificationKeys(NAME))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(slot + ".kid is");
    }
  }

  /** It may be the key itself, put into the wrong entry. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-----BEGIN PRIVATE KEY-----\nthe-secret\n-----END PRIVATE KEY-----\n",
        "-----BEGIN the-secret",
        "second the-secret",
        "{\"d\":\"the-secret\"}",
        "the-secret-LONG"
      })
  void keySet_entryOfAnIdThatHoldsAnythingElse_isRefusedAndNotShown(String value) {
    String text = value.replace("LONG", "x".repeat(256));
    for (String slot : List.of("tls", "retired")) {
      Map<String, String> texts = new HashMap<>(promoted.texts());
      texts.put(slot + ".kid", text);
      KeyEntries changed = new KeyEntries(texts);
      for (ThrowingCallable reads :
          List.<ThrowingCallable>of(
              () -> changed.keySet(NAME), () -> changed.verificationKeys(NAME))) {
        assertThatThrownBy(reads)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll(slot + ".kid holds something else", "valid are 1 to 255")
            .satisfies(e -> assertThat(stackTrace(e)).doesNotContain("the-secret"));
      }
    }
  }

  private static String stackTrace(Throwable e) {
    StringWriter text = new StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void keySet_anotherCertificateOfTheKeyThatTheIdIsBoundTo_isTaken() {
    KeyEntries first =
        this.first.stage(EC_KEY, EC_CERTIFICATE, KeyIdStyle.rfc7638(), KeyIdStyle.fixed("second"));
    Map<String, String> texts = new HashMap<>(first.promote(NOW, NAME).texts());
    texts.put("tls.crt", EC_CERTIFICATE + pem("rsa-2048.crt"));
    assertThat(ids(new KeyEntries(texts))).containsExactly("second", "signer");
  }

  private static List<VerificationKey> known(String id, String file) {
    return List.of(VerificationKey.fromPem(pem(file), KeyIdStyle.fixed(id)));
  }

  @Test
  void change_asPublished_isMade() {
    List<VerificationKey> published = JwksReader.read(staged.keySet(NAME).jwks());
    assertThat(staged.change(entries -> entries.promote(NOW, NAME), NAME, published))
        .isEqualTo(promoted);
    assertThat(first.change(entries -> staged, NAME, List.of())).isEqualTo(staged);
  }

  @Test
  void change_publishedUnderAnotherId_isRefusedWithThatId() {
    for (List<VerificationKey> published :
        List.of(known("other", "rsa-2048.crt"), known("signer", "rsa-2048-other.crt"))) {
      assertThatThrownBy(() -> first.change(entries -> staged, NAME, published))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(published.get(0).keyId(), "--key-id");
    }
  }

  @Test
  void change_publishedUnderBothIds_isMade() {
    List<VerificationKey> both =
        List.of(known("other", "rsa-2048.crt").get(0), known("signer", "rsa-2048.crt").get(0));
    assertThat(first.change(entries -> staged, NAME, both)).isEqualTo(staged);
  }

  @Test
  void change_idThatAnotherKeyHasOrHad_isRefused() {
    KeyIdStyle second = KeyIdStyle.fixed("second");
    KeyEntries named = first.stage(EC_KEY, EC_CERTIFICATE, NAME, second);
    UnaryOperator<KeyEntries> again =
        entries -> entries.unstage().stage(pem("ed25519.key"), pem("ed25519.crt"), NAME, second);
    for (KeyEntries before : List.of(named, first)) {
      assertThatThrownBy(() -> before.change(again, NAME, known("second", "ec-256.crt")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("second is that of another key", "that no other key has had");
    }
    assertThatThrownBy(() -> named.change(again, NAME, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("second is that of another key");
  }

  @Test
  void rotation_keepsTheIdOfEachKey() {
    String next = ids(staged).get(1);
    assertThat(next).hasSize(43);
    assertThat(ids(staged)).containsExactly("signer", next);
    assertThat(ids(promoted)).containsExactly(next, "signer");
    assertThat(promoted.keySet(KeyIdStyle.fixed("other")).all())
        .extracting(SigningKey::keyId)
        .containsExactly(next, "signer");
    assertThat(ids(promoted.retire(NOW.plus(HOUR), HOUR))).containsExactly(next);
  }

  @Test
  void rotation_movesTheTexts() {
    assertThat(promoted.texts())
        .containsEntry("tls.key", EC_KEY)
        .containsEntry("tls.crt", EC_CERTIFICATE)
        .containsEntry("retired.key", pem("rsa-2048.pkcs8.key"))
        .containsEntry("retired.since", "2026-11-25T12:00:00Z")
        .doesNotContainKeys("next.key", "next.crt", "next.kid");
    assertThat(promoted.retire(NOW.plus(HOUR), HOUR).texts())
        .containsOnlyKeys("tls.key", "tls.crt", "tls.kid");
  }

  @Test
  void rotation_twice_isPossibleOnceTheFirstKeyIsGone() {
    KeyEntries again =
        promoted
            .retire(NOW.plus(HOUR), HOUR)
            .stage(pem("ed25519.key"), pem("ed25519.crt"), NAME, KeyIdStyle.fixed("signer"));
    assertThat(ids(again.promote(NOW, NAME)).get(0)).isEqualTo("signer");
  }

  @Test
  void verificationKeys_needNoPrivateKey() {
    Map<String, String> texts = new HashMap<>(promoted.texts());
    texts.keySet().removeIf(name -> name.endsWith(".key"));
    assertThat(new KeyEntries(texts).verificationKeys(NAME))
        .isEqualTo(promoted.keySet(NAME).all().stream().map(SigningKey::verificationKey).toList());
  }

  @Test
  void jwks_hasAllThatMayVerify() {
    for (KeyEntries entries : List.of(staged, promoted)) {
      assertThat(entries.keySet(NAME).jwks()).contains("\"kid\": \"signer\"", "ES256", "RS256");
    }
  }

  @Test
  void stage_whileOneIsStaged_isRefused() {
    assertThatThrownBy(
            () -> staged.stage(pem("ed25519.key"), pem("ed25519.crt"), NAME, KeyIdStyle.rfc7638()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(ids(staged).get(1) + " is staged already");
    assertThat(staged.unstage()).isEqualTo(first);
  }

  @Test
  void stage_underTheIdOfAnotherKey_isRefused() {
    assertThatThrownBy(() -> first.stage(EC_KEY, EC_CERTIFICATE, NAME, NAME))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("signer is that of another key", "valid are rfc7638");
  }

  @Test
  void stage_theCurrentKeyAgain_isRefused() {
    assertThatThrownBy(
            () ->
                first.stage(
                    pem("rsa-2048.pkcs1.key"), pem("rsa-2048.crt"), NAME, KeyIdStyle.rfc7638()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The key is there already, as signer");
  }

  @Test
  void promote_withoutAStagedKey_isRefused() {
    assertThatThrownBy(() -> first.promote(NOW, NAME))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("No key is staged");
  }

  @Test
  void promote_whileAnotherIsRetired_isRefused() {
    KeyEntries again =
        promoted.stage(pem("ed25519.key"), pem("ed25519.crt"), NAME, KeyIdStyle.rfc7638());
    assertThatThrownBy(() -> again.promote(NOW, NAME))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(
            "signer is still there", "at 2026-11-25T12:00:00Z", "retire it first", "by force");
  }

  @Test
  void retire_withoutARetiredKey_isRefused() {
    assertThatThrownBy(staged::retireAtOnce)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("No key is retired");
  }

  @Test
  void retire_whileTokensMayBeValid_isRefusedUnlessForced() {
    assertThatThrownBy(() -> promoted.retire(NOW.plus(HOUR).minusSeconds(1), HOUR))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(
            "Tokens of the retired key may be valid until 2026-11-25T13:00:00Z",
            "live 3600 s from 2026-11-25T12:00:00Z on",
            "by force");
    assertThat(ids(promoted.retireAtOnce())).hasSize(1);
  }

  @Test
  void retire_ofAnUnknownAge_isRefusedUnlessForced() {
    Map<String, String> texts = new HashMap<>(promoted.texts());
    texts.put("retired.since", "the-secret");
    KeyEntries unknown = new KeyEntries(texts);
    assertThatThrownBy(() -> unknown.retire(NOW.plus(HOUR), HOUR))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("retired.since is no time such as 2026-11-25T12:00:00Z")
        .satisfies(e -> assertThat(stackTrace(e)).doesNotContain("the-secret"));
    KeyEntries again =
        unknown.stage(pem("ed25519.key"), pem("ed25519.crt"), NAME, KeyIdStyle.rfc7638());
    assertThatThrownBy(() -> again.promote(NOW, NAME))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("at an unknown time");
    assertThat(unknown.retireAtOnce().texts()).doesNotContainKey("retired.since");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tls.key", "tls.crt", "next.key", "next.crt"})
  void keySet_halfOfAKeyMissingOrEmpty_isRefusedByItsName(String missing) {
    Map<String, String> texts = new HashMap<>(staged.texts());
    texts.put(missing, "\n");
    KeyEntries half = new KeyEntries(texts);
    assertThatThrownBy(() -> half.keySet(NAME))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(missing + " is missing or empty; valid is PEM");
  }

  @Test
  void keySet_nextOfNoPair_isRefusedByItsName() {
    Map<String, String> texts = new HashMap<>(staged.texts());
    texts.put("next.crt", pem("ed25519.crt"));
    KeyEntries mismatched = new KeyEntries(texts);
    assertThatThrownBy(() -> mismatched.keySet(NAME))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("next.key and next.crt: The private key does not match");
  }

  @Test
  void keySet_withoutAnything_isRefused() {
    KeyEntries none = new KeyEntries(Map.of());
    assertThatThrownBy(() -> none.keySet(NAME))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("There is neither tls.key nor tls.crt");
  }

  @Test
  void toString_showsNoKey() {
    assertThat(first).hasToString("KeyEntries[tls.key, tls.crt]");
  }
}
