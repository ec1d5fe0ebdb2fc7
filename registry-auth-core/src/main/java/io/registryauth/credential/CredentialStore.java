// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the credentials that are stored for an account. A store only finds: comparing, caching and
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
   * @return the credentials, or empty if the account has none. Empty is an answer, as sure as any
   *     other: when it cannot be told, throw.
   * @throws CredentialStoreException if it cannot be told whether, or which, credentials are stored
   */
  Optional<StoredCredentials> find(CredentialLookup lookup);

  /**
   * Returns a password that nobody knows, and that takes as long to check as those of this store
   * do. It stands in for an account that the store does not have, so that the time says nothing of
   * which accounts there are. A store of passwords in the clear leaves this as it is.
   */
  default StoredPassword standIn() {
    return StoredPassword.NOBODYS;
  }

  /**
   * Asks several stores in order; the first that has credentials for the account answers, even if
   * they let nobody in.
   *
   * <p>A store that cannot tell is not skipped. It may hold the credentials that count, in place of
   * older ones that a later store still has: an outage must not bring back a password that was
   * replaced.
   *
   * @param stores the stores, at least one
   * @throws IllegalArgumentException if there is none
   */
  static CredentialStore firstOf(List<CredentialStore> stores) {
    ImmutableList<CredentialStore> inOrder = ImmutableList.copyOf(stores);
    if (inOrder.isEmpty()) {
      throw new IllegalArgumentException(
          "firstOf takes at least one store; none would know nobody");
    }
    return new FirstOf(inOrder);
  }
}
