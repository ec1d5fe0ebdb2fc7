// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import io.registryauth.tenant.AccountName;

/**
 * A refresh token of ours. Who has {@link #value} is the tenant as long as its password stays, so
 * {@link #toString} leaves it out.
 *
 * @param value the JWT in its compact form
 * @param tokenId the {@code jti} claim
 * @param keyId the id of the key that signed it
 * @param account the {@code sub} claim: whose it is
 * @param fingerprint the {@code credential} claim: which stored password it was given for
 */
public record RefreshToken(
    String value, String tokenId, String keyId, AccountName account, String fingerprint) {
  @Override
  public String toString() {
    return "RefreshToken[" + tokenId + "]";
  }
}
