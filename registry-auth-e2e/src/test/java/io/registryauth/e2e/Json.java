// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.util.List;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/** JSON as maps, lists, texts, integers as {@link Long}. */
final class Json {
  private Json() {}

  static Map<String, Object> object(String json) {
    try {
      return JsonUtil.parseJson(json);
    } catch (JoseException e) {
      throw new AssertionError("Not a JSON object: " + json, e);
    }
  }

  @SuppressWarnings("unchecked")
  static List<Map<String, Object>> objects(Object array) {
    return (List<Map<String, Object>>) array;
  }
}
