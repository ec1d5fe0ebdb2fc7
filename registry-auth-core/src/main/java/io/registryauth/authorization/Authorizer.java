// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.authorization;

import java.util.Set;

/**
 * Decides what an identity may do to a resource. Called by many request threads at once, for each
 * scope of a request; it should not block.
 */
@FunctionalInterface
public interface Authorizer {
  /**
   * Names all actions that are allowed, whether they are asked or not: what is granted is what is
   * in both. Valid actions are {@code [a-z]+} and {@code *}; a request that would be granted any
   * other fails, with an {@link IllegalArgumentException} that names it.
   *
   * @param request who asks, and for which resource
   * @return the allowed actions, in the order in which {@code *} grants them; empty for none
   */
  Set<String> allowedActions(AuthorizationRequest request);
}
