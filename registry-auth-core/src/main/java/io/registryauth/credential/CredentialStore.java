// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.util.Optional;

/**
 * Finds the credentials that are stored for a namespace. A store only finds: comparing, caching and
 * rotation are the callers' ({@link CredentialStoreAuthenticator}, {@link CachingCredentialStore}).
 *
 * <p>Called by many request threads at once. It may block, within a bound of its own: put a time
 * limit on every call that leaves the process. A backend that verifies passwords by itself, as LDAP
 * does, is an {@link Authenticator} instead.
 */
@FunctionalInterface
public interface CredentialStore {
  /**
   * Finds what is stored.
   *
   * @param lookup whose credentials to find
   * @return the credentials, or empty if the namespace has none. Empty is an answer, as sure as any
   *     other: when it cannot be told, throw.
   * @throws CredentialStoreException if it cannot be told whether, or which, credentials are stored
   */
  Optional<StoredCredentials> find(CredentialLookup lookup);
}
