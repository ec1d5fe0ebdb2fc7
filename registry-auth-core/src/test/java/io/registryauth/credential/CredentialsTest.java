// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CredentialsTest {
  @ParameterizedTest
  @CsvSource({"team, pw", "'', pw", "a:b, c:d", "../x, ' '", "jürgen, pässwörd"})
  void of_anyText_isTakenAsItIs(String username, String password) {
    assertThat(Credentials.of(username, password))
        .contains(new Credentials(username, Password.of(password)));
  }

  @ParameterizedTest
  @CsvSource({"team, ''", "'te\nam', pw", "team, 'p\u0000w'", "team, 'p\u0085w'"})
  void of_emptyPasswordOrControlCharacters_isNone(String username, String password) {
    assertThat(Credentials.of(username, password)).isEmpty();
  }

  @Test
  void of_moreThanBasicCouldHold_isNone() {
    assertThat(Credentials.of("team", "x".repeat(1019))).isPresent();
    assertThat(Credentials.of("team", "x".repeat(1020))).isEmpty();
    assertThat(Credentials.of("team", "é".repeat(510))).isEmpty();
  }
}
