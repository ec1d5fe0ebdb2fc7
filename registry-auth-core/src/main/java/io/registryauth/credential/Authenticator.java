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
   * @param credentials what the client sent, well-formed but otherwise of any content
   * @return whose they are, or that they are wrong
   * @throws CredentialStoreException if it cannot be told now
   */
  AuthenticationResult authenticate(Credentials credentials);
}
