// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * What a token request asks for: the well-formed scopes, each resource once, and what could not be
 * read.
 *
 * @param scopes the well-formed scopes, in the order of their first mention
 * @param malformed what was left out, and why
 */
public record RequestedScopes(List<ResourceScope> scopes, List<MalformedScope> malformed) {
  /** Copies the lists. */
  public RequestedScopes {
    scopes = ImmutableList.copyOf(scopes);
    malformed = ImmutableList.copyOf(malformed);
  }
}
