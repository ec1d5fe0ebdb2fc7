// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import io.registryauth.scope.ResourceScope;
import java.util.Optional;

/** Says whose a repository is. */
public final class NamespaceExtractor {
  private NamespaceExtractor() {}

  /**
   * Returns the namespace that owns what a scope names: the first of two or more components of a
   * repository's name. {@code test-build/myapp} and {@code test-build/team/myapp} are of {@code
   * test-build}. A name with one component ({@code alpine}), with a host ({@code host:5000/a/b},
   * {@code docker.io/a/b}), or with a first component that is no DNS label ({@code a__b/c}) is
   * nobody's, and so is a resource that is not a repository.
   *
   * @param scope what is asked for
   * @return the namespace, or empty if it is nobody's
   */
  public static Optional<NamespaceName> extract(ResourceScope scope) {
    int slash = scope.name().indexOf('/');
    return scope.type().equals(ResourceScope.REPOSITORY) && slash > 0
        ? NamespaceName.parse(scope.name().substring(0, slash))
        : Optional.empty();
  }
}
