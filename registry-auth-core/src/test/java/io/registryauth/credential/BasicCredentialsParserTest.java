// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BasicCredentialsParserTest {
  // "user:pass"
  private static final String BASE64 = "dXNlcjpwYXNz";

  @ParameterizedTest
  @ValueSource(strings = {"Basic ", "basic ", "BASIC ", "bAsIc ", "Basic    "})
  void parse_schemeInAnyCase_isRead(String scheme) {
    assertThat(BasicCredentialsParser.parse(scheme + BASE64))
        .hasValueSatisfying(is("user", "pass"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "Basic",
        "Basic ",
        "Basic" + BASE64,
        "Basic\t" + BASE64,
        " Basic " + BASE64,
        "Bearer " + BASE64,
        "Digest username=user",
        "Basicc " + BASE64,
        "Basic realm " + BASE64
      })
  void parse_otherScheme_isEmpty(String header) {
    assertThat(BasicCredentialsParser.parse(header)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "user:pass, user, pass",
    "user:p, user, p",
    "u:pass:with:colons, u, pass:with:colons",
    "u::, u, :",
    "'u: ', u, ' '",
    "'u: padded ', u, ' padded '",
    ":pass, '', pass",
    "us er:pa ss, us er, pa ss",
    "usér:päss€😀, usér, päss€😀",
  })
  void parse_wellFormed_splitsAtTheFirstColon(String text, String username, String password) {
    assertThat(BasicCredentialsParser.parse(basic(text)))
        .hasValueSatisfying(is(username, password));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dXNlcjpwYXNzdw", // no padding
        "dXNlcjpwYXNzdw=", // half of the padding
        "dXNlcjpwYXNzd===", // too much padding
        "dXNlcjpwYXNzdx==", // bits after the end that are not zero
        "dXNlcjpwYXNzdw==dXNl", // text after the padding
        "dXNl cjpwYXNz", // a space within
        "dXNl\r\ncjpwYXNz", // a line end within
        "dXNlcjpw-_8=", // the URL alphabet
        "dXNlcjpwYXN!",
        "dXNlcjpwYXN\u00e9",
        "=",
        "====",
        "d"
      })
  void parse_attackWithLooseBase64_isEmpty(String base64) {
    assertThat(BasicCredentialsParser.parse("Basic " + base64)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"user", "user:", ":", ""})
  void parse_noColonOrEmptyPassword_isEmpty(String text) {
    assertThat(BasicCredentialsParser.parse(basic(text))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user\u0000:pass",
        "user:pass\u0000",
        "user:pass\n",
        "user\r\n:pass",
        "user:\tpass",
        "user:pass\u007f",
        "user:pass\u0085"
      })
  void parse_attackWithControlCharacters_isEmpty(String text) {
    assertThat(BasicCredentialsParser.parse(basic(text))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dTqA", // u:, and a continuation byte
        "dTrD", // u:, and the start of a pair
        "dTrArw==", // u:, and an overlong slash
        "dTrtoIA=", // u:, and half of a surrogate pair
        "dTr/" // u:, and a byte that UTF-8 never has
      })
  void parse_attackWithInvalidUtf8_isEmpty(String base64) {
    assertThat(Base64.getDecoder().decode(base64)).startsWith('u');
    assertThat(BasicCredentialsParser.parse("Basic " + base64)).isEmpty();
  }

  @Test
  void parse_decodedBytes_areAtMost1024() {
    String password = "p".repeat(1022);

    assertThat(BasicCredentialsParser.parse(basic("u:" + password)))
        .hasValueSatisfying(is("u", password));
    assertThat(BasicCredentialsParser.parse(basic("u:" + password + "p"))).isEmpty();
    assertThat(BasicCredentialsParser.parse(basic("u:" + "é".repeat(511)))).isPresent();
    assertThat(BasicCredentialsParser.parse(basic("u:" + "é".repeat(512)))).isEmpty();
  }

  @Test
  void parse_headerCharacters_areAtMost2048() {
    int scheme = "Basic ".length();
    String spaces = " ".repeat(2048 - scheme - BASE64.length());

    assertThat(BasicCredentialsParser.parse("Basic " + spaces + BASE64)).isPresent();
    assertThat(BasicCredentialsParser.parse("Basic " + spaces + " " + BASE64)).isEmpty();
  }

  private static String basic(String text) {
    return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  private static Consumer<Credentials> is(String username, String password) {
    return credentials -> {
      assertThat(credentials.username()).isEqualTo(username);
      assertThat(credentials.password().digest()).isEqualTo(Password.of(password).digest());
    };
  }
}
