// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Instant;

/** How many log lines were dropped: in all, and since the log last said so. Thread-safe. */
final class DroppedLines {
  private long total;
  private long told;
  private Instant since = Instant.EPOCH;

  /** What the log has not said yet. */
  record Untold(long lines, Instant since) {}

  /** Counts lines, the first of which is of that time. */
  synchronized void add(int lines, Instant time) {
    if (total == told) {
      since = time;
    }
    total += lines;
  }

  synchronized long total() {
    return total;
  }

  synchronized boolean areUntold() {
    return total > told;
  }

  synchronized Untold untold() {
    return new Untold(total - told, since);
  }

  /** Notes that the log has said so. */
  synchronized void told(Untold untold) {
    told += untold.lines();
  }
}
