// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.credential.CompensatingThread;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of the server. Tokens are made by as many as there are processors: to sign is to
 * compute, so more at a time would be done no sooner. What waits, in the order it came, holds no
 * thread. While one of them waits for a store, another takes its place: whatever waits long says
 * so, see {@link CompensatingThread}. All else, a probe above all, is done beside them, by Jetty's
 * pool.
 *
 * <p>A task that a worker has for Jetty's pool, to look for a connection's next request, it puts
 * into its own line: to wake another thread for it would cost more than the task. Thread-safe.
 */
final class Workers extends QueuedThreadPool {
  private static final Logger log = LoggerFactory.getLogger(Workers.class);

  /** More than may wait for stores and for bcrypt, so that some are left to sign. */
  private static final int MAX_THREADS = 200;

  private static final int KEEP_ALIVE_SECONDS = 60;

  private final int processors = Runtime.getRuntime().availableProcessors();
  private final AtomicInteger made = new AtomicInteger();
  private final Queue<Runnable> line = new ConcurrentLinkedQueue<>();

  /** Below zero if threads have come back from a wait while others were in their places. */
  private final AtomicInteger freePlaces = new AtomicInteger(processors);

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          processors,
          MAX_THREADS,
          KEEP_ALIVE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Worker::new);

  Workers() {
    super(MAX_THREADS);
  }

  /** Has a token made. */
  void executeInLine(Runnable task) {
    line.add(task);
    startWorker();
  }

  /** Has anything else done, beside that. */
  void executeBeside(Runnable task) {
    super.execute(task);
  }

  @Override
  public void execute(Runnable task) {
    if (Thread.currentThread() instanceof Worker worker && worker.isOf(this)) {
      executeInLine(task);
    } else {
      executeBeside(task);
    }
  }

  /** Starts another worker if there is something to do, and a place to do it. */
  private void startWorker() {
    if (!takePlace()) {
      return;
    }
    try {
      threads.execute(this::work);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // There may be no more threads; those that there are go on with the line.
      freePlaces.incrementAndGet();
      log.warn("There is no thread for another worker: {}", e.toString());
    }
  }

  private void work() {
    do {
      for (Runnable task = line.poll(); task != null; task = line.poll()) {
        run(task);
        if (givesUpPlace()) {
          return;
        }
      }
      freePlaces.incrementAndGet();
      // Something may have come to the line while there was no place.
    } while (takePlace());
  }

  /** Whatever goes wrong, the worker must go on, or its place would be gone for good. */
  private static void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      log.warn("A task of a worker failed", e);
    }
  }

  /** Whether there is something to do, and a place to do it, which is taken then. */
  private boolean takePlace() {
    return !line.isEmpty() && freePlaces.getAndUpdate(free -> free > 0 ? free - 1 : free) > 0;
  }

  /** Whether there are more workers than places, and this one has made up for it. */
  private boolean givesUpPlace() {
    return freePlaces.getAndUpdate(free -> free < 0 ? free + 1 : free) < 0;
  }

  @Override
  protected void doStop() throws Exception {
    super.doStop();
    threads.shutdownNow();
  }

  /** A thread that makes tokens. */
  private final class Worker extends Thread implements CompensatingThread {
    private boolean compensated;

    Worker(Runnable work) {
      super(work, "worker-" + made.incrementAndGet());
      setDaemon(true);
    }

    boolean isOf(Workers workers) {
      return workers == Workers.this;
    }

    @Override
    public <T> T compensate(Supplier<T> waiting) {
      if (compensated) {
        return waiting.get();
      }
      compensated = true;
      freePlaces.incrementAndGet();
      try {
        startWorker();
        return waiting.get();
      } finally {
        freePlaces.decrementAndGet();
        compensated = false;
      }
    }
  }
}
