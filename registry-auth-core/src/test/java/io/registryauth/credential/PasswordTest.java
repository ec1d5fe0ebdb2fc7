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
  void digest_sameText_isTheSame(String text) {
    assertThat(Password.of(text).digest()).isEqualTo(Password.of(text).digest());
    assertThat(Password.of(text).digest()).hasSameHashCodeAs(Password.of(text).digest());
  }

  @ParameterizedTest
  @ValueSource(strings = {"s", "secre", "secret ", " secret", "Secret", "secretsecret", "sécret"})
  void digest_otherText_isAnother(String text) {
    assertThat(Password.of(text).digest()).isNotEqualTo(Password.of("secret").digest());
  }

  @Test
  void digest_sameBytesDividedOtherwise_isAnother() {
    assertThat(KeyedDigest.of(new byte[] {1}, new byte[] {2, 3}))
        .isEqualTo(KeyedDigest.of(new byte[] {1}, new byte[] {2, 3}))
        .isNotEqualTo(KeyedDigest.of(new byte[] {1, 2}, new byte[] {3}));
  }

  @Test
  void equals_sameText_alone() {
    assertThat(Password.of("secret"))
        .isEqualTo(Password.of("secret"))
        .hasSameHashCodeAs(Password.of("secret"))
        .isNotEqualTo(Password.of("Secret"))
        .isNotEqualTo("secret");
  }

  @Test
  void toString_anyPassword_isTheSame() {
    assertThat(Password.of("secret")).hasToString("Password[redacted]");
    assertThat(Password.of("secret").digest()).hasToString("KeyedDigest[redacted]");
    assertThat(StoredPassword.of(Password.of("secret"))).hasToString("StoredPassword[redacted]");
  }

  @Test
  void of_emptyText_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Password.of(""))
        .withMessage("A password is empty; it needs at least one character");
  }
}
