// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import com.google.common.collect.ImmutableSet;
import java.util.Objects;
import java.util.Set;

/**
 * The access that is granted to one resource: an entry of the token's {@code access} claim. It
 * comes only from {@link ResourceScope#narrowTo}, and has at least one action.
 */
public final class Access {
  private final String type;
  private final String name;
  private final ImmutableSet<String> actions;

  Access(String type, String name, ImmutableSet<String> actions) {
    this.type = type;
    this.name = name;
    this.actions = actions;
  }

  /** Returns the kind of resource, such as {@code repository}. */
  public String type() {
    return type;
  }

  /** Returns the resource's name, such as {@code test-build/myapp}. */
  public String name() {
    return name;
  }

  /** Returns what may be done, in the order it was asked. */
  public Set<String> actions() {
    return actions;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Access that
        && type.equals(that.type)
        && name.equals(that.name)
        && actions.equals(that.actions);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, name, actions);
  }

  /** Returns the access in the form of a scope: {@code type:name:action,action}. */
  @Override
  public String toString() {
    return type + ":" + name + ":" + String.join(",", actions);
  }
}
