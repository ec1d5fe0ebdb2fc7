// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamespaceNameTest {
  private static final String LONGEST = "a".repeat(63);

  @ParameterizedTest
  @ValueSource(strings = {"a", "z", "0", "9", "test-build", "a--b", "0a9-z", "123"})
  void parse_dnsLabel_isANamespace(String text) {
    assertThat(NamespaceName.parse(text)).contains(new NamespaceName(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "-a",
        "a-",
        "A",
        "Test",
        "a_b",
        "a.b",
        "a/b",
        "a:b",
        "a b",
        " a",
        "a\n",
        "a\u0000",
        "..",
        "{",
        "`",
        "\u0430", // a Cyrillic a
        "\u0661" // an Arabic digit one
      })
  void parse_noDnsLabel_isEmpty(String text) {
    assertThat(NamespaceName.parse(text)).isEmpty();
  }

  @Test
  void parse_atMost63Characters_isANamespace() {
    assertThat(NamespaceName.parse(LONGEST)).isPresent();
    assertThat(NamespaceName.parse(LONGEST + "a")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; []",
        "' '; []",
        "','; []",
        "a; [a]",
        "a,b; [a, b]",
        "'  b , a,'; [b, a]",
      })
  void parseList_namesWithCommas_areReadInOrder(String text, String names) {
    assertThat(NamespaceName.parseList(text)).hasToString(names);
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "a,B", "a b", "a;b", "*", "a/b"})
  void parseList_anyNoDnsLabel_isRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> NamespaceName.parseList(text));
  }

  @Test
  void constructor_pathTraversal_isRefusedWithWhatIsValid() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NamespaceName(".."))
        .withMessage(
            "\"..\" is not a namespace: valid are 1 to 63 of a-z, 0-9 and -, with no - at either"
                + " end");
  }

  @Test
  void toString_isTheNameItself() {
    assertThat(new NamespaceName("test-build")).hasToString("test-build");
  }
}
