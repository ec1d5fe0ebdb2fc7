// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

/**
 * Verifies credentials. Called by many request threads at once; it may block, within a bound of its
 * own.
 */
@FunctionalInterface
public interface Authenticator {
  /**
   * Verifies what a client presents.
   *
   * @param request what the client sent, and where it came from
   * @return whose the credentials are, or that they are wrong or not looked at
   * @throws CredentialStoreException if it cannot be told now
   */
  AuthenticationResult authenticate(AuthenticationRequest request);
}
