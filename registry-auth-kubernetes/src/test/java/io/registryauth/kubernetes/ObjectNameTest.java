// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.tenant.NamespaceName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectNameTest {
  @ParameterizedTest
  @ValueSource(strings = {"registry/registry-auth", "a/b", "a/b.c-d.0"})
  void parse_namespaceAndName_isBoth(String text) {
    assertThat(ObjectName.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/", "a", "a/", "/a", "../a", "a/..", "a/.", "a/b/c", "a/B", "a/-b", "a/b-", "a/b..c",
        "a/b%2f", "a/b c", "a/b\n", "A/b"
      })
  void parse_whatCouldChangeThePathOfACall_isRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> ObjectName.parse(text));
  }

  @Test
  void name_over253Characters_isRefused() {
    NamespaceName namespace = new NamespaceName("registry");
    assertThat(new ObjectName(namespace, "a".repeat(253)).name()).hasSize(253);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ObjectName(namespace, "a".repeat(254)))
        .withMessageContaining("1 to 253");
  }
}
