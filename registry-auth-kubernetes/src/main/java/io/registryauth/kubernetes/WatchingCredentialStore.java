// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.StoredCredentials;
import java.time.Duration;
import java.util.Optional;

/**
 * Knows every account's credentials by watching the Secrets of the cluster, so that a rotation or a
 * deletion takes effect within a second, and most requests need no read. What it keeps of a Secret
 * is a digest of each password: 100,000 namespaces take some 25 MB.
 *
 * <p>What the watch does not know, or knows otherwise than a client has it, is looked up as without
 * a watch. So is everything while the watch is interrupted, and what it knew serves as the copy
 * that a {@link CachingCredentialStore} has.
 *
 * <p>It needs the right to {@code list} and {@code watch} all Secrets of the cluster: weigh that
 * against the second that it saves. Thread-safe; close it to end its thread.
 */
public final class WatchingCredentialStore implements CredentialStore, AutoCloseable {
  private final SecretWatch watch;
  private final CachingCredentialStore lookups;

  private WatchingCredentialStore(SecretWatch watch, CachingCredentialStore lookups) {
    this.watch = watch;
    this.lookups = lookups;
  }

  /**
   * Starts to watch, and does not wait for it.
   *
   * @param client reaches the API server; stays the caller's
   * @param lookups looks credentials up one by one, in front of a {@link KubernetesCredentialStore}
   */
  public static WatchingCredentialStore start(ApiClient client, CachingCredentialStore lookups) {
    return new WatchingCredentialStore(SecretWatch.start(client, lookups), lookups);
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    Optional<StoredCredentials> watched = watch.find(lookup.account());
    Optional<Duration> age = watch.age();
    if (watched.isPresent() && age.isPresent()) {
      if (age.get().isZero() && lookup.accepted().test(watched.get())) {
        return watched;
      }
      if (!age.get().isZero()) {
        lookups.offer(lookup.account(), watched.get(), age.get());
      }
    }
    return lookups.find(lookup);
  }

  /** Ends the watch. */
  @Override
  public void close() {
    watch.close();
  }
}
