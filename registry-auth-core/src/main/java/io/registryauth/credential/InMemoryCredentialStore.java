// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Credentials in memory, for tests and for platforms that keep them elsewhere. Thread-safe. */
public final class InMemoryCredentialStore implements CredentialStore {
  private final Map<AccountName, StoredCredentials> credentials = new ConcurrentHashMap<>();

  /**
   * Stores the passwords of a namespace's own account in place of those it had.
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
    return put(
        AccountName.of(new NamespaceName(namespace)), new StoredCredentials(namespace, stored));
  }

  /** Stores an account's credentials in place of those it had. */
  @CanIgnoreReturnValue
  public InMemoryCredentialStore put(AccountName account, StoredCredentials stored) {
    credentials.put(account, stored);
    return this;
  }

  /** Forgets an account. */
  public void remove(AccountName account) {
    credentials.remove(account);
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    return Optional.ofNullable(credentials.get(lookup.account()));
  }
}
