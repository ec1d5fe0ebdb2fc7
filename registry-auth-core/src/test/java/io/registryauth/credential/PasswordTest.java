// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordTest {
  @ParameterizedTest
  @ValueSource(strings = {"p", "test-password-123", "pass:word", " ", "pässwörd€😀"})
  void matches_sameText_isTrue(String text) {
    assertThat(Password.of(text).matches(Password.of(text))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"s", "secre", "secret ", " secret", "Secret", "secretsecret", "sécret"})
  void matches_otherText_isFalse(String text) {
    assertThat(Password.of(text).matches(Password.of("secret"))).isFalse();
    assertThat(Password.of("secret").matches(Password.of(text))).isFalse();
  }

  @Test
  void toString_anyPassword_isTheSame() {
    assertThat(Password.of("secret")).hasToString("Password[redacted]");
  }

  @Test
  void of_emptyText_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Password.of(""))
        .withMessage("A password is empty; it needs at least one character");
  }
}
