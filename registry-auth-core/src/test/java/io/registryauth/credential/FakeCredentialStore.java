// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.AccountName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store that records what it is asked, and fails on demand. Thread-safe. */
final class FakeCredentialStore implements CredentialStore {
  private final InMemoryCredentialStore stored = new InMemoryCredentialStore();
  private final List<AccountName> reads = new CopyOnWriteArrayList<>();
  private volatile Runnable failure = () -> {};

  void store(String namespace, String... passwords) {
    stored.put(namespace, passwords);
  }

  void delete(String namespace) {
    stored.remove(AccountName.parse(namespace).orElseThrow());
  }

  /** Makes each lookup run this, which may throw, before anything is found. */
  void failWith(Runnable newFailure) {
    failure = newFailure;
  }

  void fail() {
    failWith(
        () -> {
          throw new CredentialStoreException("The store is down");
        });
  }

  void recover() {
    failure = () -> {};
  }

  /** Returns the namespaces of all lookups, failed ones too. */
  List<AccountName> reads() {
    return reads;
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    reads.add(lookup.account());
    failure.run();
    return stored.find(lookup);
  }
}
