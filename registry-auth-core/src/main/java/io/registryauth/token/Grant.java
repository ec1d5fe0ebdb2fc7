// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import com.google.common.collect.ImmutableList;
import io.registryauth.scope.Access;
import java.util.List;

/**
 * What a token will say: all that {@link TokenIssuer} takes from a request.
 *
 * @param subject the {@code sub} claim, empty for nobody
 * @param audience the {@code aud} claim: the service that the token is for
 * @param access the {@code access} claim; may be empty
 */
public record Grant(String subject, String audience, List<Access> access) {
  /** Copies the access. */
  public Grant {
    access = ImmutableList.copyOf(access);
  }
}
