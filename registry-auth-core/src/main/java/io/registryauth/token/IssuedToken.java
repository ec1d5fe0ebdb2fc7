// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import java.time.Duration;
import java.time.Instant;

/**
 * A signed token. Who has {@link #value} has its access, so {@link #toString} leaves it out.
 *
 * @param value the JWT in its compact form
 * @param tokenId the {@code jti} claim
 * @param keyId the {@code kid} header
 * @param issuedAt when it was handed out, in whole seconds: the {@code iat} claim, or later if it
 *     is {@linkplain TokenIssuer.Builder#reuse handed out again}
 * @param lifetime from then to {@code exp}
 */
public record IssuedToken(
    String value, String tokenId, String keyId, Instant issuedAt, Duration lifetime) {
  @Override
  public String toString() {
    return "IssuedToken[" + tokenId + "]";
  }
}
