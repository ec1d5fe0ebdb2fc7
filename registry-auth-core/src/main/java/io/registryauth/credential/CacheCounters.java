// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** Counts for {@link CacheStats}, such that threads which count never wait for each other. */
final class CacheCounters {
  private final LongAdder hits = new LongAdder();
  private final LongAdder reads = new LongAdder();
  private final LongAdder stale = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder servedAgeNanos = new LongAdder();

  void hit(long ageNanos) {
    hits.increment();
    servedAgeNanos.add(ageNanos);
  }

  void read() {
    reads.increment();
  }

  void stale(long ageNanos) {
    stale.increment();
    servedAgeNanos.add(ageNanos);
  }

  void failure() {
    failures.increment();
  }

  CacheStats stats(long known, long unknown) {
    return new CacheStats(
        hits.sum(),
        reads.sum(),
        stale.sum(),
        failures.sum(),
        Duration.ofNanos(servedAgeNanos.sum()),
        known,
        unknown);
  }
}
