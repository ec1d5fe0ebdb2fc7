// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "test-build",
        "a \"quoted\" text",
        "back\\slash",
        "slash/es",
        "tab\tline\nnull\0delete\u007f",
        "\u2028Zeile ä 😀",
        "\":,\":\"",
      })
  void append_anyText_isReadAsItWas(String text) throws Exception {
    StringBuilder json = new StringBuilder("{\"name\":");

    JsonText.append(json, text);

    assertThat(JsonUtil.parseJson(json.append('}').toString())).isEqualTo(Map.of("name", text));
  }

  @Test
  void append_everyCharacterOfOneByte_isReadAsItWas() throws Exception {
    for (char c = 0; c < 256; c++) {
      append_anyText_isReadAsItWas("x" + c);
    }
  }

  @Test
  void append_plainText_isNotEscaped() {
    StringBuilder json = new StringBuilder();
    JsonText.append(json, "test-build/my_app.1:push,pull*()");
    assertThat(json).hasToString("\"test-build/my_app.1:push,pull*()\"");
  }

  @Test
  void append_texts_areAnArray() {
    StringBuilder json = new StringBuilder();
    JsonText.append(json, List.of());
    JsonText.append(json, List.of("pull"));
    JsonText.append(json, List.of("push", "pull"));
    assertThat(json).hasToString("[][\"pull\"][\"push\",\"pull\"]");
  }
}
