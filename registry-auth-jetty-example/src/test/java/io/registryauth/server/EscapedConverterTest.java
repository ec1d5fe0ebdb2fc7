// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class EscapedConverterTest {
  private static String line(String message, KeyValuePair... pairs) {
    LoggingEvent event =
        new LoggingEvent(
            "", new LoggerContext().getLogger("test"), Level.INFO, message, null, null);
    event.setKeyValuePairs(List.of(pairs));
    return new EscapedConverter().convert(event);
  }

  @Test
  void pairs_followTheMessage_inQuotes() {
    assertThat(line("token", new KeyValuePair("subject", "test-build"), new KeyValuePair("n", 1)))
        .isEqualTo("token subject=\"test-build\" n=\"1\"");
  }

  @Test
  void attack_lineEndInAValue_beginsNoLine() {
    assertThat(line("token", new KeyValuePair("asked", "a\r\nINFO audit token outcome=\"issued\"")))
        .isEqualTo("token asked=\"a\\u000d\\u000aINFO audit token outcome=\\\"issued\\\"\"");
  }

  @Test
  void attack_quoteInAValue_beginsNoPair() {
    assertThat(line("token", new KeyValuePair("asked", "a\" outcome=\"issued")))
        .isEqualTo("token asked=\"a\\\" outcome=\\\"issued\"");
  }

  @Test
  void attack_backslashBeforeTheQuote_doesNotUndoItsEscape() {
    assertThat(line("token", new KeyValuePair("asked", "a\\\" b")))
        .isEqualTo("token asked=\"a\\\\\\\" b\"");
  }

  @Test
  void attack_terminalEscapesAndUnicodeLineEnds_areShownAsCodes() {
    assertThat(line("token", new KeyValuePair("asked", "\u001b[2J\u2028\u202e\u0085é")))
        .isEqualTo("token asked=\"\\u001b[2J\\u2028\\u202e\\u0085\\u00e9\"");
  }

  @Test
  void message_isEscapedToo() {
    assertThat(line("one\ntwo")).isEqualTo("one\\u000atwo");
  }
}
