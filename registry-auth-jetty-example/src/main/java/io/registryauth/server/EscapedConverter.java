// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.HexFormat;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * Writes a log event's message and its key-value pairs on one line. What a client sent may be among
 * them: whatever is not printable ASCII is escaped as Java does, so that no input can end the line,
 * begin another, or look like another pair.
 */
public final class EscapedConverter extends ClassicConverter {
  /** Made by {@link LogConfiguration}, or by Logback as a file of the user's own says. */
  public EscapedConverter() {}

  @Override
  public String convert(ILoggingEvent event) {
    StringBuilder line = new StringBuilder();
    escape(event.getFormattedMessage(), line);
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        line.append(' ').append(pair.key).append("=\"");
        escape(String.valueOf(pair.value), line);
        line.append('"');
      }
    }
    return line.toString();
  }

  private static void escape(String text, StringBuilder to) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        to.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        to.append("\\u").append(HexFormat.of().toHexDigits(c));
      } else {
        to.append(c);
      }
    }
  }
}
