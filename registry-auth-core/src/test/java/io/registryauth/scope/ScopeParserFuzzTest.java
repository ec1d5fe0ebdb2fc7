// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.Set;

/** What holds for whatever a client sends; an input is one scope parameter a line. */
class ScopeParserFuzzTest {
  private static final Set<String> ALLOWED = Set.of("pull", "delete");

  @FuzzTest
  void parse_anything_keepsItsPromises(byte[] input) {
    List<String> parameters = List.of(new String(input, UTF_8).split("\n", -1));

    RequestedScopes asked = ScopeParser.parse(parameters);

    assertThat(asked.scopes()).hasSizeLessThanOrEqualTo(ScopeParser.MAX_SCOPES);
    assertThat(asked.malformed()).hasSizeLessThanOrEqualTo(ScopeParser.MAX_SCOPES);
    for (ResourceScope scope : asked.scopes()) {
      assertThat(ScopeParser.parse(List.of(scope.toString())))
          .isEqualTo(new RequestedScopes(List.of(scope), List.of()));
      assertThat(scope.narrowTo(Set.of())).isEmpty();
      Set<String> granted = scope.narrowTo(ALLOWED).map(Access::actions).orElse(Set.of());
      assertThat(ALLOWED).containsAll(granted);
      if (!scope.actions().contains(ResourceScope.ALL_ACTIONS)) {
        assertThat(scope.actions()).containsAll(granted);
      }
    }
  }
}
