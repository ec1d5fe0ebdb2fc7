// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is no certificate; those that are one have tests with a real API server. */
class CaCertificatesTest {
  @ParameterizedTest
  @CsvSource({
    "'', there is no certificate",
    "ca.crt, no certificate",
    "'-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', no certificate",
    "'-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n', private key"
  })
  void check_whatClientsMustNotGet_saysWhy(String pem, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CaCertificates.check(pem))
        .withMessageContaining(why);
  }
}
