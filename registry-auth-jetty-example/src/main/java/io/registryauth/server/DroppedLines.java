// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Instant;

/** How many log lines were dropped: in all, and since the log last said so. Thread-safe. */
final class DroppedLines {
  private long total;
  private volatile Gap untold = Gap.NONE;

  /** So many lines, the first of which is of that time. */
  record Gap(long lines, Instant since) {
    static final Gap NONE = new Gap(0, Instant.MAX);

    Gap and(Gap other) {
      return new Gap(lines + other.lines, since.isBefore(other.since) ? since : other.since);
    }

    Gap andLineOf(Instant time) {
      return and(new Gap(1, time));
    }
  }

  /** Counts lines that are dropped. */
  synchronized void add(Gap gap) {
    total += gap.lines();
    untold = untold.and(gap);
  }

  synchronized long total() {
    return total;
  }

  /** Returns what the log has not said yet, for the caller to say it, or to give it back. */
  Gap take() {
    if (untold.lines() == 0) {
      return Gap.NONE; // without a lock, since it is asked for each line
    }
    synchronized (this) {
      Gap taken = untold;
      untold = Gap.NONE;
      return taken;
    }
  }

  synchronized void giveBack(Gap gap) {
    untold = untold.and(gap);
  }
}
