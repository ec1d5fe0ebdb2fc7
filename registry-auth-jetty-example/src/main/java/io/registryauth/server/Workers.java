// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The threads of the server. Tokens are made by as many as there are processors: to sign is to
 * compute, so more at a time would be done no sooner. What waits, in the order it came, holds no
 * thread. While one of them waits for a store, another takes its place: whatever waits long says
 * so, see {@link ForkJoinPool#managedBlock}. All else, a probe above all, is done beside them, by
 * Jetty's pool.
 *
 * <p>A task that a worker has for Jetty's pool, to look for a connection's next request, it puts
 * into its own line: to wake another thread for it would cost more than the task. Thread-safe.
 */
final class Workers extends QueuedThreadPool {
  /** More than may wait for stores and for bcrypt, so that some are left to sign. */
  private static final int MAX_THREADS = 200;

  private static final Duration KEEP_ALIVE = Duration.ofMinutes(1);

  private final ForkJoinPool pool;

  // The pool by itself prefers what its own threads bring, and the newest of that: what has waited
  // longest would wait for ever.
  private final Queue<Runnable> line = new ConcurrentLinkedQueue<>();

  Workers() {
    super(MAX_THREADS);
    int processors = Runtime.getRuntime().availableProcessors();
    pool =
        new ForkJoinPool(
            processors,
            ForkJoinPool.defaultForkJoinWorkerThreadFactory,
            null,
            true,
            processors,
            MAX_THREADS,
            processors,
            full -> true,
            KEEP_ALIVE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Has a token made. */
  void executeInLine(Runnable task) {
    line.add(task);
    pool.execute(() -> Objects.requireNonNull(line.poll()).run());
  }

  /** Has anything else done, beside that. */
  void executeBeside(Runnable task) {
    super.execute(task);
  }

  @Override
  public void execute(Runnable task) {
    if (ForkJoinTask.getPool() == pool) {
      executeInLine(task);
    } else {
      executeBeside(task);
    }
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    pool.shutdownNow();
  }
}
