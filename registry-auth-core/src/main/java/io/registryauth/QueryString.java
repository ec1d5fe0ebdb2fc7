// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableListMultimap;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/**
 * Decodes a query string, {@code application/x-www-form-urlencoded}. Strict where servlet
 * containers and the JDK each do something else: a broken percent-encoding, or one that is not
 * UTF-8, is an error.
 */
final class QueryString {
  private static final Splitter PAIRS = Splitter.on('&').omitEmptyStrings();

  private QueryString() {}

  /**
   * Decodes a query string.
   *
   * @throws IllegalArgumentException if an encoding is broken; the message names it
   */
  static ImmutableListMultimap<String, String> parse(String query) {
    ImmutableListMultimap.Builder<String, String> parameters = ImmutableListMultimap.builder();
    for (String pair : PAIRS.split(query)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      parameters.put(decode(name), decode(value));
    }
    return parameters.build();
  }

  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text.replace('+', ' ');
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    byte[] encoded = text.replace('+', ' ').getBytes(UTF_8);
    for (int at = 0; at < encoded.length; at++) {
      if (encoded[at] == '%') {
        bytes.write(octet(encoded, at));
        at += 2;
      } else {
        bytes.write(encoded[at]);
      }
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "the percent-encoding of \"" + text + "\" is not UTF-8", e);
    }
  }

  private static int octet(byte[] encoded, int percent) {
    int high = percent + 2 < encoded.length ? Character.digit(encoded[percent + 1], 16) : -1;
    int low = percent + 2 < encoded.length ? Character.digit(encoded[percent + 2], 16) : -1;
    if (high < 0 || low < 0) {
      String rest = new String(encoded, percent, Math.min(3, encoded.length - percent), UTF_8);
      throw new IllegalArgumentException("\"" + rest + "\" is no percent-encoding");
    }
    return high * 16 + low;
  }
}
