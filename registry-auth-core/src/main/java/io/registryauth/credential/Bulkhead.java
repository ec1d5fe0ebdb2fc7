// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Bounds how many requests wait for something slow, for each key and in all, so that those who wait
 * never take every thread of the server. There is no queue: who finds it full is told so at once.
 * Thread-safe.
 */
final class Bulkhead<K> {
  private final int maxPerKey;
  private final Semaphore places;
  private final ConcurrentMap<K, Integer> taken = new ConcurrentHashMap<>();

  Bulkhead(int maxPerKey, int maxInAll) {
    this.maxPerKey = maxPerKey;
    this.places = new Semaphore(maxInAll);
  }

  /**
   * Does what is slow, if there is a place.
   *
   * @throws CredentialStoreException if there is none
   */
  <T> T call(K key, Supplier<T> slow) {
    try {
      // The key's own bound first: a burst for one key must not use up what others need.
      if (taken.merge(key, 1, Integer::sum) > maxPerKey) {
        throw new CredentialStoreException("Too many requests wait for the same credentials");
      }
      if (!places.tryAcquire()) {
        throw new CredentialStoreException("Too many requests wait for credentials");
      }
      try {
        return CompensatingThread.callWaiting(slow);
      } finally {
        places.release();
      }
    } finally {
      taken.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
    }
  }
}
