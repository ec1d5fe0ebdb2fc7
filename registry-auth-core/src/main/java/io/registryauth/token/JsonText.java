// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import com.google.common.base.CharMatcher;
import java.util.Collection;
import java.util.Map;
import org.jose4j.json.JsonUtil;

/**
 * Writes the texts of a token's claims. Nearly all are of characters that mean themselves in JSON;
 * the library writes the others.
 */
final class JsonText {
  private static final CharMatcher PLAIN =
      CharMatcher.inRange(' ', '~').and(CharMatcher.noneOf("\"\\")).precomputed();

  private JsonText() {}

  /** Appends a text in quotes. */
  static void append(StringBuilder json, String text) {
    if (PLAIN.matchesAllOf(text)) {
      json.append('"').append(text).append('"');
    } else {
      String object = JsonUtil.toJson(Map.of("", text));
      json.append(object, object.indexOf(":") + 1, object.length() - 1);
    }
  }

  /** Appends texts as an array. */
  static void append(StringBuilder json, Collection<String> texts) {
    String separator = "[";
    for (String text : texts) {
      append(json.append(separator), text);
      separator = ",";
    }
    json.append(texts.isEmpty() ? "[]" : "]");
  }
}
