// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.scope.ResourceScope;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamespaceExtractorTest {
  @ParameterizedTest
  @CsvSource({
    "test-build/myapp, test-build",
    "test-build/team/myapp, test-build",
    "a/b, a",
    "localhost/a, localhost",
    "a--b/c, a--b",
    "team/a__b, team",
  })
  void extract_repositoryOfTwoOrMoreComponents_isOfTheFirst(String name, String namespace) {
    assertThat(NamespaceExtractor.extract(repository(name))).contains(new NamespaceName(namespace));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "alpine",
        "test-build",
        "A/b",
        "TEAM/app",
        "host:5000/a/b",
        "host:5000/a",
        "[::1]:5000/a/b",
        "docker.io/a/b",
        "127.0.0.1/a",
        "a__b/c",
        "a_b/c",
        "a.b/c"
      })
  void extract_nameWithoutANamespace_isNobodys(String name) {
    assertThat(NamespaceExtractor.extract(repository(name))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {63, 64})
  void extract_longFirstComponent_isANamespaceUpTo63Characters(int length) {
    ResourceScope scope = repository("a".repeat(length) + "/b");

    assertThat(NamespaceExtractor.extract(scope).isPresent()).isEqualTo(length == 63);
  }

  @ParameterizedTest
  @CsvSource({
    "registry, catalog",
    "registry, test-build/myapp",
    "repository(plugin), test-build/myapp",
    "unknown, test-build/myapp",
  })
  void extract_otherTypeThanRepository_isNobodys(String type, String name) {
    assertThat(NamespaceExtractor.extract(new ResourceScope(type, name, Set.of("pull")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/../b", "a//b", "../b", "/a/b", "a/", "./a", "a/b\u0000"})
  void extract_attackWithAPath_hasNoScopeToExtractFrom(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> repository(name));
  }

  private static ResourceScope repository(String name) {
    return new ResourceScope(ResourceScope.REPOSITORY, name, Set.of("pull"));
  }
}
