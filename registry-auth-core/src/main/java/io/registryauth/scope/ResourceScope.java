// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import com.google.common.collect.ImmutableSet;
import java.util.Optional;
import java.util.Set;

/**
 * One resource scope of a token request: what is asked, never what is granted. {@code
 * repository:test-build/myapp:push,pull} has the type {@code repository}, the name {@code
 * test-build/myapp} and the actions {@code push} and {@code pull}.
 *
 * <p>The parts keep to the grammar of the <a
 * href="https://distribution.github.io/distribution/spec/auth/scope/">token scope
 * specification</a>; a name that is not a well-formed image name, such as {@code a/../b}, has no
 * instance.
 *
 * @param type the kind of resource, with its class in parentheses where it has one
 * @param name the resource's name, at most 255 characters
 * @param actions what is asked to be done, in the order asked; may be empty
 */
public record ResourceScope(String type, String name, Set<String> actions) {
  /** The type of a repository. */
  public static final String REPOSITORY = "repository";

  /** The action that stands for all actions. */
  public static final String ALL_ACTIONS = "*";

  private static final String ACTIONS = "[a-z]+ or *";

  /**
   * Checks the parts and copies the actions.
   *
   * @throws IllegalArgumentException if a part breaks the grammar
   */
  public ResourceScope {
    checkPart(ScopeGrammar.isType(type), "type", type, "[a-z0-9]+ with or without a (class)");
    checkPart(ScopeGrammar.isName(name), "name", name, "lower-case components, 255 characters");
    actions = ImmutableSet.copyOf(actions);
    actions.forEach(action -> checkPart(ScopeGrammar.isAction(action), "action", action, ACTIONS));
  }

  private static void checkPart(boolean valid, String part, String value, String grammar) {
    if (!valid) {
      throw new IllegalArgumentException(
          "The " + part + " of a resource scope is \"" + value + "\"; valid is " + grammar);
    }
  }

  /**
   * Grants what is both asked and allowed: the only way to make an {@link Access}, so that nothing
   * can be granted that was not asked. {@code *} asks for all that is allowed.
   *
   * @param allowed the actions that policy allows on this resource
   * @return the access, or empty if nothing of what is asked is allowed
   * @throws IllegalArgumentException if an action would be granted that breaks the grammar, which a
   *     policy of one's own may name; the message names it
   */
  public Optional<Access> narrowTo(Set<String> allowed) {
    ImmutableSet.Builder<String> granted = ImmutableSet.builder();
    for (String action : actions) {
      if (action.equals(ALL_ACTIONS)) {
        granted.addAll(allowed);
      } else if (allowed.contains(action)) {
        granted.add(action);
      }
    }
    ImmutableSet<String> grantedActions = granted.build();
    grantedActions.forEach(this::checkGranted);
    return grantedActions.isEmpty()
        ? Optional.empty()
        : Optional.of(new Access(type, name, grantedActions));
  }

  private void checkGranted(String action) {
    if (!ScopeGrammar.isAction(action)) {
      throw new IllegalArgumentException(
          "The authorizer allows the action \"%s\" on %s:%s; valid is %s"
              .formatted(action, type, name, ACTIONS));
    }
  }

  /** Returns the scope as a client writes it: {@code type:name:action,action}. */
  @Override
  public String toString() {
    return type + ":" + name + ":" + String.join(",", actions);
  }
}
