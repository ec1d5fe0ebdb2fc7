// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import com.google.common.collect.ImmutableList;
import io.registryauth.scope.Access;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a token will say: all that {@link TokenIssuer} takes from a request.
 *
 * @param subject the {@code sub} claim, empty for nobody
 * @param audience the {@code aud} claim: the service that the token is for
 * @param access the {@code access} claim; may be empty
 * @param end when the credentials end that the token is given for, and it with them; if they do
 */
public record Grant(String subject, String audience, List<Access> access, Optional<Instant> end) {
  /** Copies the access. */
  public Grant {
    access = ImmutableList.copyOf(access);
  }

  /** Makes the grant of somebody whose credentials do not end. */
  public Grant(String subject, String audience, List<Access> access) {
    this(subject, audience, access, Optional.empty());
  }
}
