// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.Set;

/** What holds for whatever a client sends as its query. */
class QueryStringFuzzTest {
  @FuzzTest
  void parse_anything_keepsItsPromises(byte[] input) {
    String text = new String(input, UTF_8);

    assertThat(QueryString.parse("a=" + URLEncoder.encode(text, UTF_8)).get("a"))
        .containsExactly(text);

    String name = "n" + text.replace('&', '.').replace('=', '.');
    Set<String> decoded = names(name);
    if (!decoded.isEmpty()) {
      // The JDK's decoder is laxer, but where both decode they agree.
      assertThat(decoded).containsExactly(URLDecoder.decode(name, UTF_8));
    }
  }

  private static Set<String> names(String query) {
    try {
      return QueryString.parse(query).keySet();
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("percent-encoding");
      return Set.of();
    }
  }
}
