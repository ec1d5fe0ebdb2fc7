// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.kubernetes.ObjectReport.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectReportTest {
  /** Names of hosts in a docker config are whatever a tenant writes there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\nok        Secret a/b",
        "\r\u001b[2K\u001b[1A",
        "\u009b2J",
        "\u007f",
        "\u2028",
        "\u202e",
        "\u200b",
        "\ud800",
        "\ue000",
        "\udb40\udc41"
      })
  void toString_whatATenantWrote_isOneLineOfPrintableCharacters(String host) {
    String line = new ObjectReport(Status.WRONG, "Secret a/b", "for " + host + ", x").toString();

    assertThat(line).startsWith("wrong     Secret a/b: for \\u").matches("[ -~]+").endsWith(", x");
  }

  @Test
  void toString_letters_areAsTheyAre() {
    assertThat(new ObjectReport(Status.OK, "Secret a/b", "für … 日本 \ud83d\ude00"))
        .hasToString("ok        Secret a/b: für … 日本 \ud83d\ude00");
  }
}
