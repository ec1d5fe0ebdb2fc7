// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import io.registryauth.scope.ResourceScope;
import io.registryauth.tenant.NamespaceExtractor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an account's credentials are good for, of all that its namespace may have. It only narrows.
 *
 * @param actions the actions that are left, or empty for all
 * @param repositories the repositories that are left, or empty for all: names such as {@code
 *     test-build/myapp}, and {@code test-build/team/*} for all whose name begins so. Whoever has
 *     such a list has nothing of what is not a repository.
 */
public record Restriction(Optional<Set<String>> actions, Optional<List<String>> repositories) {
  /** Leaves everything. */
  public static final Restriction NONE = new Restriction(Optional.empty(), Optional.empty());

  private static final ImmutableSet<String> ACTIONS = ImmutableSet.of("pull", "push", "delete");
  private static final String BELOW = "/*";
  private static final Splitter LIST =
      Splitter.on(CharMatcher.anyOf(", \t\r\n")).omitEmptyStrings();

  /**
   * Checks and copies the parts.
   *
   * @throws IllegalArgumentException if a list has nothing in it, an action is none of {@code
   *     pull}, {@code push} and {@code delete}, or a repository no name and no beginning of names
   */
  public Restriction {
    actions = actions.map(ImmutableSet::copyOf);
    repositories = repositories.map(ImmutableList::copyOf);
    actions.ifPresent(
        names ->
            checkArgument(
                !names.isEmpty() && ACTIONS.containsAll(names),
                "The actions are %s; valid are one or more of %s",
                names,
                ACTIONS));
    repositories.ifPresent(
        names -> {
          checkArgument(!names.isEmpty(), "There is no repository in the list");
          names.forEach(Restriction::checkRepository);
        });
  }

  /**
   * Returns this with other actions.
   *
   * @param list actions, with commas, spaces or line ends between them
   * @throws IllegalArgumentException as the constructor
   */
  public Restriction toActions(String list) {
    return new Restriction(Optional.of(ImmutableSet.copyOf(LIST.split(list))), repositories);
  }

  /**
   * Returns this with other repositories.
   *
   * @param list repositories, with commas, spaces or line ends between them
   * @throws IllegalArgumentException as the constructor
   */
  public Restriction toRepositories(String list) {
    return new Restriction(actions, Optional.of(LIST.splitToList(list)));
  }

  private static void checkRepository(String pattern) {
    String name =
        pattern.endsWith(BELOW) ? pattern.substring(0, pattern.length() - 1) + "any" : pattern;
    ResourceScope scope = new ResourceScope(ResourceScope.REPOSITORY, name, ImmutableSet.of());
    checkArgument(
        NamespaceExtractor.extract(scope).isPresent(),
        "\"%s\" is not a repository of a namespace, nor such a beginning with %s at its end",
        pattern,
        BELOW);
  }

  /**
   * Takes away what is not left.
   *
   * @param scope the resource
   * @param allowed the actions that policy allows on it
   * @return those of them that are left, in the same order
   */
  public Set<String> narrow(ResourceScope scope, Set<String> allowed) {
    if (repositories.isPresent() && !covers(repositories.get(), scope)) {
      return ImmutableSet.of();
    }
    return actions.isPresent() ? Sets.intersection(allowed, actions.get()) : allowed;
  }

  private static boolean covers(List<String> patterns, ResourceScope scope) {
    return scope.type().equals(ResourceScope.REPOSITORY)
        && patterns.stream().anyMatch(pattern -> covers(pattern, scope.name()));
  }

  private static boolean covers(String pattern, String name) {
    return pattern.endsWith(BELOW)
        ? name.startsWith(pattern.substring(0, pattern.length() - 1))
        : name.equals(pattern);
  }
}
