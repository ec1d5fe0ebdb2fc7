// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedLabelTest {
  private final BoundedLabel label = new BoundedLabel(3);

  @Test
  void of_asManyAsFit_keepsThem_andNoMore() {
    assertThat(Set.of(label.of(""), label.of("one"), label.of("two-2")))
        .contains("", "one", "two-2");
    assertThat(label.of("three")).isEqualTo("other");
    assertThat(label.of("two-2")).isEqualTo("two-2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Upper", "with space", "team/app", "\u00e9", "a\nb", "under_score"})
  void of_whatIsNoFewWords_isOther_andTakesNoPlace(String text) {
    assertThat(label.of(text)).isEqualTo("other");
    assertThat(label.of("x".repeat(65))).isEqualTo("other");

    assertThat(label.of("one")).isEqualTo("one");
    assertThat(label.of("two")).isEqualTo("two");
    assertThat(label.of("x".repeat(64))).hasSize(64);
  }

  @Test
  void attack_manyValuesAtOnce_keepAsManyAsFit() {
    Set<String> kept = ConcurrentHashMap.newKeySet();

    IntStream.range(0, 10_000).parallel().forEach(i -> kept.add(label.of("value-" + i)));

    assertThat(kept).hasSize(4).contains("other");
  }
}
