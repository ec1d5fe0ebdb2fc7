// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Time that passes only when a test says so. */
final class FakeTicker implements LongSupplier {
  private final AtomicLong nanoseconds;

  FakeTicker(long start) {
    nanoseconds = new AtomicLong(start);
  }

  void advance(Duration time) {
    nanoseconds.addAndGet(time.toNanos());
  }

  @Override
  public long getAsLong() {
    return nanoseconds.get();
  }
}
