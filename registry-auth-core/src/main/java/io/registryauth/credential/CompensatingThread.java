// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.util.function.Supplier;

/**
 * A thread of a pool that has as many at work as there are processors, and another in the place of
 * one that waits: it compensates for it, as {@link java.util.concurrent.ForkJoinPool} calls that.
 * What waits here for a store, or for its turn to compute a hash, says so by {@link #callWaiting}.
 * Threads that are none of these just wait.
 */
public interface CompensatingThread {
  /**
   * Calls what may wait, with another thread in the place of this one meanwhile. Called by this
   * thread alone, and perhaps by what it calls there.
   *
   * @return what that returns; what it throws comes out of here
   */
  <T> T compensate(Supplier<T> waiting);

  /** Calls what may wait, by {@link #compensate} if the current thread has it. */
  static <T> T callWaiting(Supplier<T> waiting) {
    return Thread.currentThread() instanceof CompensatingThread thread
        ? thread.compensate(waiting)
        : waiting.get();
  }
}
