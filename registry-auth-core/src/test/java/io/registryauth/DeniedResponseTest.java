// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeniedResponseTest {
  @ParameterizedTest
  @CsvSource({"unauthorized, UNAUTHORIZED", "empty-token, EMPTY_TOKEN"})
  void parse_itsName_isTheResponse(String text, DeniedResponse response) {
    assertThat(DeniedResponse.parse(text)).isEqualTo(response).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "UNAUTHORIZED", "Unauthorized", "empty_token"})
  void parse_anyOtherText_isRefusedWithWhatIsValid(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeniedResponse.parse(text))
        .withMessage("\"" + text + "\" is no denied response; valid are unauthorized, empty-token");
  }
}
