// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccountNameTest {
  private static final NamespaceName TEAM = new NamespaceName("team");
  private static final String LONGEST = "a".repeat(63);

  @ParameterizedTest
  @CsvSource({
    "team, team, team",
    "team+ci, team, ci",
    "a+0, a, 0",
    "team-1+read-only, team-1, read-only"
  })
  void parse_userName_isTheAccountWithThatUserName(String text, String namespace, String name) {
    AccountName account = AccountName.parse(text).orElseThrow();

    assertThat(account).isEqualTo(new AccountName(new NamespaceName(namespace), name));
    assertThat(account.username()).isEqualTo(text);
    assertThat(account).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "+",
        "team+",
        "+ci",
        "team++ci",
        "team+c+i",
        "team+CI",
        "Team+ci",
        "team +ci",
        "team+-ci",
        "team+ci-",
        "team+..",
        "team+a/b",
        "team%2Bci",
        "team+ci\n",
        "team+c\u0456"
      })
  void parse_attackByTextThatIsNoUserName_isEmpty(String text) {
    assertThat(AccountName.parse(text)).isEmpty();
  }

  /**
   * Or one account would have two user names, and the limits of one would not hold for the other.
   */
  @Test
  void parse_attackByNamespaceAsItsOwnAccountsName_isEmpty() {
    assertThat(AccountName.parse("team+team")).isEmpty();
  }

  @Test
  void parse_longNames_areTakenTo63Characters() {
    assertThat(AccountName.parse(LONGEST + "+" + LONGEST.replace('a', 'b'))).isPresent();
    assertThat(AccountName.parse("team+" + LONGEST + "a")).isEmpty();
  }

  @Test
  void of_namespace_isTheAccountOfItsName() {
    assertThat(AccountName.of(TEAM)).isEqualTo(AccountName.parse("team").orElseThrow());
    assertThat(AccountName.of(TEAM).username()).isEqualTo("team");
  }

  @Test
  void constructor_nameThatIsNoLabel_saysWhatIsValid() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AccountName(TEAM, "../x"))
        .withMessage(
            "\"../x\" is not an account name: valid are 1 to 63 of a-z, 0-9 and -, with no - at"
                + " either end");
  }
}
