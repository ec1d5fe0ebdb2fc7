// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Credentials in memory, for tests and for platforms that keep them elsewhere. Thread-safe. */
public final class InMemoryCredentialStore implements CredentialStore {
  private final Map<NamespaceName, StoredCredentials> credentials = new ConcurrentHashMap<>();

  /**
   * Stores a namespace's passwords in place of those it had.
   *
   * @param namespace the namespace, which is the user name too
   * @param passwords the passwords that are valid from now on, none of them empty
   * @return this store
   * @throws IllegalArgumentException if the namespace is no DNS label or a password is empty
   */
  @CanIgnoreReturnValue
  public InMemoryCredentialStore put(String namespace, String... passwords) {
    List<StoredPassword> stored =
        Stream.of(passwords)
            .map(password -> StoredPassword.of(Password.of(password)))
            .collect(ImmutableList.toImmutableList());
    credentials.put(new NamespaceName(namespace), new StoredCredentials(namespace, stored));
    return this;
  }

  /** Forgets a namespace. */
  public void remove(NamespaceName namespace) {
    credentials.remove(namespace);
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    return Optional.ofNullable(credentials.get(lookup.namespace()));
  }
}
