// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.HexFormat;

/**
 * Logback's JSON with nothing but printable ASCII on a line: what a client sent may be in it, and
 * other characters can be commands to a terminal, or the end of a line to a viewer.
 */
public final class AsciiJsonEncoder extends JsonEncoder {
  /** Made by {@link LogConfiguration}, or by Logback as a file of the user's own says. */
  public AsciiJsonEncoder() {}

  @Override
  public byte[] encode(ILoggingEvent event) {
    byte[] line = super.encode(event);
    return isAscii(line) ? line : escaped(new String(line, UTF_8));
  }

  private static boolean isAscii(byte[] line) {
    for (byte b : line) {
      if (b < 0 || b == 0x7f) {
        return false;
      }
    }
    return true;
  }

  private static byte[] escaped(String json) {
    StringBuilder ascii = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      // Beyond ASCII there are only strings in JSON, and there the escape means the same.
      if (c < 0x7f) {
        ascii.append(c);
      } else {
        ascii.append("\\u").append(HexFormat.of().toHexDigits(c));
      }
    }
    return ascii.toString().getBytes(US_ASCII);
  }
}
