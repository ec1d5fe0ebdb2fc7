// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenProfileTest {
  @ParameterizedTest
  @CsvSource({
    "distribution-3, DISTRIBUTION_3, registry-auth-jwt-signer",
    "distribution-2.8, DISTRIBUTION_2_8, libtrust",
  })
  void parse_itsName_isTheProfile(String text, TokenProfile profile, String defaultKeyId) {
    assertThat(TokenProfile.parse(text)).isEqualTo(profile).hasToString(text);
    assertThat(profile.defaultKeyId()).isEqualTo(defaultKeyId);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "DISTRIBUTION_3", "Distribution-3", "distribution-2"})
  void parse_anyOtherText_isRefusedWithWhatIsValid(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenProfile.parse(text))
        .withMessage(
            "\"" + text + "\" is no token profile; valid are distribution-3, distribution-2.8");
  }
}
