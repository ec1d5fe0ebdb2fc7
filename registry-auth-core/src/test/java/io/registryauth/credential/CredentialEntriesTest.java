// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialEntriesTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String HASH_OF_SECRET =
      "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

  private final Map<String, byte[]> entries = new HashMap<>();

  @Test
  void read_noEntry_isEmpty() {
    assertThat(read()).isEmpty();
    put("something", "else");
    assertThat(read()).isEmpty();
  }

  @Test
  void read_usernameAndPassword_areTheCredentials() {
    put("username", "team");
    put("password", "secret");

    assertThat(accepts("secret")).isTrue();
    assertThat(accepts("wrong")).isFalse();
    assertProblem(null);
  }

  @Test
  void read_passwordHash_isForThePasswordAndNotForItself() {
    put("username", "team");
    put("password-hash", HASH_OF_SECRET + "\n");

    assertThat(accepts("secret")).isTrue();
    assertThat(accepts("wrong")).isFalse();
    assertThat(accepts(HASH_OF_SECRET)).isFalse();
    assertProblem(null);
  }

  /** Whoever could read it would know a password that works. */
  @ParameterizedTest
  @ValueSource(strings = {"password", "password-previous"})
  void attack_hashInPlaceOfAPassword_isNoPassword(String name) {
    put("username", "team");
    put("password", "secret-of-now");
    put(name, HASH_OF_SECRET);

    assertThat(accepts("secret")).isFalse();
    assertThat(accepts(HASH_OF_SECRET)).isFalse();
    assertProblem(name + "-is-a-hash");
  }

  /** Whoever takes the password away means to shut the tenant out. */
  @Test
  void read_previousPasswordAlone_refusesEverybody() {
    put("username", "team");
    put("password-previous", "previous");

    assertThat(accepts("previous")).isFalse();
    assertProblem("password-is-missing");
  }

  @Test
  void read_passwordAndHash_areBothRefusedWithThePrevious() {
    put("username", "team");
    put("password", "secret");
    put("password-hash", HASH_OF_SECRET);
    put("password-previous", "previous");

    assertThat(accepts("secret")).isFalse();
    assertThat(accepts("previous")).isFalse();
    assertProblem("password-and-password-hash-are-both-there");
  }

  @Test
  void read_previousPassword_isAcceptedUntilItsTime() {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");

    assertThat(accepts("previous")).isTrue();
    put("password-previous-expires", "2026-11-25T13:00:00+01:00");
    assertThat(accepts("previous")).isFalse();
    put("password-previous-expires", "2026-11-25T12:00:01Z");
    assertThat(accepts("previous")).isTrue();
    assertThat(accepts("secret")).isTrue();
    assertProblem(null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tomorrow", "2026-11-26", "2026-11-26T12:00:00", "1800000000", "24h"})
  void read_timeThatIsNoTime_refusesThePreviousPasswordAlone(String time) {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");
    put("password-previous-expires", time);

    assertThat(accepts("previous")).isFalse();
    assertThat(accepts("secret")).isTrue();
    assertProblem("password-previous-expires-is-no-rfc-3339-time");
  }

  @Test
  void read_emptyTime_refusesThePreviousPassword() {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");
    put("password-previous-expires", "");

    assertThat(accepts("previous")).isFalse();
    assertThat(accepts("secret")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "secret, password-hash-is-no-bcrypt-hash-of-cost-4-to-12",
    "$2b$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW,"
        + " password-hash-is-no-bcrypt-hash-of-cost-4-to-12",
  })
  void read_hashThatIsNone_refusesEverybody(String hash, String problem) {
    put("username", "team");
    put("password-hash", hash);

    assertThat(accepts("secret")).isFalse();
    assertThat(accepts(hash)).isFalse();
    assertProblem(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void read_emptyPassword_refusesEverybody(String password) {
    put("username", "team");
    put("password", password);

    assertThat(read().orElseThrow().passwords()).isEmpty();
    assertProblem("password-is-missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"username", "password", "password-hash", "password-previous"})
  void read_entryThatIsNotUtf8_isNotUsed(String name) {
    put("username", "team");
    if (name.equals("password-previous")) {
      put("password", "secret");
    }
    entries.put(name, new byte[] {'p', (byte) 0xff});

    assertThat(accepts("p\ufffd")).isFalse();
    assertProblem(name + "-is-not-utf-8");
  }

  @Test
  void read_entryOf1024Bytes_isUsedAndALargerOneIsNot() {
    put("username", "team");
    put("password", "p".repeat(1024));
    assertThat(accepts("p".repeat(1024))).isTrue();

    put("password", "p".repeat(1025));
    assertThat(accepts("p".repeat(1025))).isFalse();
    assertProblem("password-has-more-than-1024-bytes");
  }

  @Test
  void read_expires_endsEachPassword() {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");
    put("expires", "2026-11-25T13:00:01+01:00");

    assertThat(accepts("secret")).isTrue();
    assertThat(accepts("previous")).isTrue();
    put("expires", "2026-11-25T12:00:00Z");
    assertThat(accepts("secret")).isFalse();
    assertThat(accepts("previous")).isFalse();
    assertProblem(null);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-25T12:00:00Z, 2026-11-26T00:00:00Z",
    "2026-11-26T00:00:00Z, 2026-11-25T12:00:00Z"
  })
  void read_twoEndsOfAPassword_theEarlierCounts(String expires, String previousExpires) {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");
    put("expires", expires);
    put("password-previous-expires", previousExpires);

    assertThat(accepts("previous")).isFalse();
  }

  @Test
  void read_withoutRestriction_hasNone() {
    put("username", "team");
    put("password", "secret");

    assertThat(read().orElseThrow().restriction()).isSameAs(Restriction.NONE);
  }

  @Test
  void read_actionsAndRepositories_restrict() {
    put("username", "team");
    put("password", "secret");
    put("actions", "pull, push\n");
    put("repositories", "team/app\nteam/base/*,shared/os");

    assertThat(read().orElseThrow().restriction())
        .isEqualTo(
            new Restriction(
                Optional.of(Set.of("pull", "push")),
                Optional.of(List.of("team/app", "team/base/*", "shared/os"))));
    assertThat(accepts("secret")).isTrue();
    assertProblem(null);
  }

  /** What was meant to narrow must not widen by a mistake. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "expires | '' | is-no-rfc-3339-time",
        "expires | 2026-12-31 | is-no-rfc-3339-time",
        "expires | never | is-no-rfc-3339-time",
        "expires | 2999-02-30T00:00:00Z | is-no-rfc-3339-time",
        "actions | '' | is-no-list-of-pull-push-and-delete",
        "actions | , | is-no-list-of-pull-push-and-delete",
        "actions | read | is-no-list-of-pull-push-and-delete",
        "actions | pull;push | is-no-list-of-pull-push-and-delete",
        "actions | Pull | is-no-list-of-pull-push-and-delete",
        "actions | * | is-no-list-of-pull-push-and-delete",
        "repositories | '' | is-no-list-of-repositories",
        "repositories | * | is-no-list-of-repositories",
        "repositories | /* | is-no-list-of-repositories",
        "repositories | team/* team/[a-z] | is-no-list-of-repositories",
        "repositories | team/a* | is-no-list-of-repositories",
        "repositories | team/*/app | is-no-list-of-repositories",
        "repositories | team/ | is-no-list-of-repositories",
        "repositories | team/.. | is-no-list-of-repositories",
        "repositories | TEAM/app | is-no-list-of-repositories"
      })
  void attack_restrictionThatMakesNoSense_refusesEverybody(
      String name, String text, String problem) {
    put("username", "team");
    put("password", "secret");
    put("password-previous", "previous");
    put(name, text);

    assertThat(read().orElseThrow().passwords()).isEmpty();
    assertProblem(name + "-" + problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"expires", "actions", "repositories"})
  void attack_restrictionThatCannotBeRead_refusesEverybody(String name) {
    put("username", "team");
    put("password", "secret");
    entries.put(name, new byte[] {'p', (byte) 0xff});
    assertThat(read().orElseThrow().passwords()).isEmpty();
    assertProblem(name + "-is-not-utf-8");

    put(name, "team/a,".repeat(147));
    assertThat(read().orElseThrow().passwords()).isEmpty();
    assertProblem(name + "-has-more-than-1024-bytes");
  }

  private void put(String name, String text) {
    entries.put(name, text.getBytes(UTF_8));
  }

  private Optional<StoredCredentials> read() {
    return CredentialEntries.read(name -> Optional.ofNullable(entries.get(name)));
  }

  private boolean accepts(String password) {
    return read().orElseThrow().accept(new Credentials("team", Password.of(password)), NOW);
  }

  private void assertProblem(String problem) {
    assertThat(read().orElseThrow().problem()).isEqualTo(Optional.ofNullable(problem));
  }
}
