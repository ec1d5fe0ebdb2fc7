// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueryStringTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; {}",
        "&; {}",
        "&&; {}",
        "a=1; {a=[1]}",
        "a=1&b=2; {a=[1], b=[2]}",
        "b=2&a=1; {b=[2], a=[1]}",
        "&&a=1&&b=2&&; {a=[1], b=[2]}",
        "a=1&b=2&a=0&a=1; {a=[1, 0, 1], b=[2]}",
        "a; {a=[]}",
        "a=; {a=[]}",
        "a&a=1; {a=[, 1]}",
        "=1; {=[1]}",
        "=; {=[]}",
        "a=b=c; {a=[b=c]}",
        "a=b+c; {a=[b c]}",
        "a+b=+; {a b=[ ]}",
        "a=%2B; {a=[+]}",
        "a=b%20c; {a=[b c]}",
        "a=%20+%20; {a=[   ]}",
        "%61%3d=%26%3D; {a==[&=]}",
        "a=%c3%A9; {a=[é]}",
        "a=%E2%82%AC%F0%9F%98%80; {a=[€😀]}",
        "a=é; {a=[é]}",
        "a=é%C3%A9+é; {a=[éé é]}",
        "scope=repository%3Aa%2Fb%3Apull; {scope=[repository:a/b:pull]}",
        "scope=repository:a/b:pull; {scope=[repository:a/b:pull]}",
        "a=%41%42; {a=[AB]}",
        "a=%25zz; {a=[%zz]}",
      })
  void parse_wellFormed_decodesNamesAndValues(String query, String parameters) {
    assertThat(QueryString.parse(query)).hasToString(parameters);
  }

  @ParameterizedTest
  @CsvSource({"%00, 0", "%0D%0A, 13", "%7f, 127"})
  void parse_controlCharacters_areDecodedAsTheyAre(String encoded, int first) {
    String value = QueryString.parse("a=" + encoded).get("a").get(0);

    assertThat(value.codePointAt(0)).isEqualTo(first);
  }

  @ParameterizedTest
  @CsvSource({
    "%, %",
    "%2, %2",
    "%zz, %zz",
    "%2z, %2z",
    "%z2, %z2",
    "x%, %",
    "x%4, %4",
    "%%41, %%4",
    "%-1, %-1",
    "%+1, % 1",
    "%u0041, %u0",
    "ok%20%, %",
    "%41%2gx, %2g",
  })
  void parse_brokenPercentEncoding_isRefusedAndNamed(String text, String named) {
    for (String query : List.of("a=" + text, text, "b=1&" + text + "&c=2")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> QueryString.parse(query))
          .withMessage("\"" + named + "\" is no percent-encoding");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "%C0%AF, an overlong slash",
    "%E0%80%AF, a longer one",
    "%C3, half of a pair",
    "%A9, the other half",
    "%ED%A0%80, a surrogate",
    "%F4%90%80%80, beyond Unicode",
    "%FF, never in UTF-8",
    "%C3x, broken off",
  })
  void parse_attackWithInvalidUtf8_isRefusedAndNamed(String text, String unused) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueryString.parse("scope=" + text))
        .withMessage("the percent-encoding of \"" + text + "\" is not UTF-8");
  }
}
