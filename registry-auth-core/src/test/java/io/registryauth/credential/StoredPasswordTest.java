// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredPasswordTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  // Made by libxcrypt, not by the library that verifies them here.
  private static final String SALT_AND_HASH =
      "05$abcdefghijklmnopqrstuuCZVJ90P3gTL5sdyo4ukgrAWuuo5renS";

  @Test
  void matches_storedInTheClear_isForThatTextAlone() {
    StoredPassword stored = StoredPassword.of(Password.of("secret"));

    assertThat(matches(stored, "secret")).isTrue();
    assertThat(matches(stored, "secret ")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"$2a$", "$2b$", "$2y$"})
  void matches_bcryptOfEachVersion_isForThatTextAlone(String version) {
    StoredPassword stored = StoredPassword.bcrypt(version + SALT_AND_HASH);

    assertThat(matches(stored, "test-password-123")).isTrue();
    assertThat(matches(stored, "test-password-124")).isFalse();
    assertThat(matches(stored, "test-password-123")).as("from memory").isTrue();
    assertThat(matches(stored, "test-password-124")).as("from memory").isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "pässwörd€😀, $2b$04$abcdefghijklmnopqrstuufiRADj1exOQ2tuS1weDiQ1jvpW1Qy1e",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy,"
        + " $2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i",
  })
  void matches_bcryptOfUnusualText_asOtherProgramsHaveIt(String password, String hash) {
    assertThat(matches(StoredPassword.bcrypt(hash), password)).isTrue();
    assertThat(matches(StoredPassword.bcrypt(hash), "wrong" + password)).isFalse();
  }

  @Test
  void attack_storedHashAsPassword_isRefused() {
    String hash = "$2b$" + SALT_AND_HASH;

    assertThat(matches(StoredPassword.bcrypt(hash), hash)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "$2x$" + SALT_AND_HASH,
        "$2$" + SALT_AND_HASH,
        "$1$" + SALT_AND_HASH,
        "$2b$5$abcdefghijklmnopqrstuuCZVJ90P3gTL5sdyo4ukgrAWuuo5renS",
        "$2b$" + SALT_AND_HASH + "x",
        " $2b$" + SALT_AND_HASH,
        "$2b$05$abcdefghijklmnopqrstuuCZVJ90P3gTL5sdyo4ukgrAWuuo5ren!",
      })
  void bcrypt_noSuchHash_isRefusedWithoutShowingIt(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoredPassword.bcrypt(text))
        .withMessage("This is no bcrypt hash; valid are $2a$, $2b$ and $2y$");
  }

  /** One check of cost 31 takes more than a day. */
  @ParameterizedTest
  @CsvSource({"03, 3", "13, 13", "31, 31", "99, 99"})
  void attack_bcryptOfUnboundedCost_isRefused(String text, int cost) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                StoredPassword.bcrypt(
                    "$2b$" + text + "$abcdefghijklmnopqrstuuCZVJ90P3gTL5sdyo4ukgrAWuuo5renS"))
        .withMessage("A bcrypt hash has the cost " + cost + "; valid are 4 to 12");
  }

  @Test
  void matches_afterItsTime_isRefused() {
    StoredPassword stored = StoredPassword.of(Password.of("secret")).until(NOW);

    assertThat(stored.matches(Password.of("secret"), NOW.minusNanos(1))).isTrue();
    assertThat(stored.matches(Password.of("wrong"), NOW.minusNanos(1))).isFalse();
    assertThat(stored.matches(Password.of("secret"), NOW)).isFalse();
    assertThat(stored.matches(Password.of("secret"), NOW.plusSeconds(1))).isFalse();
  }

  @Test
  void fingerprint_ofTheSame_isTheSameUnderTheSameKeyAlone() {
    byte[] key = {1, 2, 3};
    StoredPassword stored = StoredPassword.of(Password.of("secret"));

    // What other programs make of HMAC-SHA-256 over SHA-256, so that no release changes it.
    assertThat(stored.fingerprint(key))
        .isEqualTo("baf9989d626a4c868362d950a43e1f70767a2deaf96b66cffc4d945b60346682");
    assertThat(StoredPassword.of(Password.of("secret")).until(NOW).fingerprint(key))
        .isEqualTo(stored.fingerprint(key));
    assertThat(stored.fingerprint(new byte[] {1, 2, 4})).isNotEqualTo(stored.fingerprint(key));
    assertThat(StoredPassword.of(Password.of("Secret")).fingerprint(key))
        .isNotEqualTo(stored.fingerprint(key));
  }

  @Test
  void fingerprint_hashAndItsTextAsPassword_areNotTheSame() {
    byte[] key = {1, 2, 3};
    String hash = "$2b$" + SALT_AND_HASH;

    assertThat(StoredPassword.bcrypt(hash).fingerprint(key))
        .isEqualTo(StoredPassword.bcrypt(hash).fingerprint(key))
        .isNotEqualTo(StoredPassword.bcrypt("$2a$" + SALT_AND_HASH).fingerprint(key))
        .isNotEqualTo(StoredPassword.of(Password.of(hash)).fingerprint(key));
  }

  private static boolean matches(StoredPassword stored, String presented) {
    return stored.matches(Password.of(presented), NOW);
  }
}
