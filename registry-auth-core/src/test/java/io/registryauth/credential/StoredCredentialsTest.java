// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredCredentialsTest {
  private static final Instant NOW = Instant.EPOCH;

  private final StoredCredentials rotating = stored("team", "new", "previous");

  @ParameterizedTest
  @ValueSource(strings = {"new", "previous"})
  void accept_eachOfSeveralPasswords_isTrue(String password) {
    assertThat(rotating.accept(presented("team", password), NOW)).isTrue();
  }

  @Test
  void accept_wrongPassword_isFalse() {
    assertThat(rotating.accept(presented("team", "wrong"), NOW)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Team", "team ", "other"})
  void accept_otherUsername_isFalse(String username) {
    assertThat(rotating.accept(presented(username, "new"), NOW)).isFalse();
  }

  @Test
  void accept_noPasswordStored_isFalse() {
    assertThat(stored("team").accept(presented("team", "new"), NOW)).isFalse();
  }

  @Test
  void passwords_afterChangeOfTheArgument_areUnchanged() {
    List<StoredPassword> passwords = new ArrayList<>();
    StoredCredentials credentials = new StoredCredentials("team", passwords);
    passwords.add(StoredPassword.of(Password.of("added")));

    assertThat(credentials.passwords()).isEmpty();
  }

  private static StoredCredentials stored(String username, String... passwords) {
    return new StoredCredentials(
        username, Stream.of(passwords).map(text -> StoredPassword.of(Password.of(text))).toList());
  }

  private static Credentials presented(String username, String password) {
    return new Credentials(username, Password.of(password));
  }
}
