// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Duration;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Answers requests for tokens on as many threads as there are processors: to sign is to compute, so
 * more at a time would be done no sooner. What waits, in the order it came, holds no thread. While
 * one of them waits for a store, another takes its place: whatever waits says so, see {@link
 * ForkJoinPool#managedBlock}. All else, a probe above all, is answered beside them.
 *
 * <p>So the thread that reads from the network only reads: it hands each request on, and no other
 * thread need be woken while there is work.
 */
final class Workers extends Handler.Wrapper {
  /** More than may wait for stores and for bcrypt, so that some are left to sign. */
  private static final int MAX_THREADS = 200;

  private static final Duration KEEP_ALIVE = Duration.ofMinutes(1);

  private final ForkJoinPool pool;
  private final InvocationType reading;

  /**
   * Makes it.
   *
   * @param pool what {@link #pool} made
   * @param reading whether a thread may read from the network for all connections in turn
   */
  Workers(Handler handler, ForkJoinPool pool, InvocationType reading) {
    super(handler);
    this.pool = pool;
    this.reading = reading;
  }

  /** Makes the threads. */
  static ForkJoinPool pool() {
    int processors = Runtime.getRuntime().availableProcessors();
    return new ForkJoinPool(
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

  /**
   * Makes the threads for all else. A task that a worker has for them, to look for a connection's
   * next request, the worker does itself: to wake another thread would cost more than the task.
   */
  static QueuedThreadPool others(ForkJoinPool workers) {
    return new QueuedThreadPool(MAX_THREADS) {
      @Override
      public void execute(Runnable task) {
        if (ForkJoinTask.getPool() == workers) {
          workers.execute(task);
        } else {
          super.execute(task);
        }
      }
    };
  }

  @Override
  public InvocationType getInvocationType() {
    return reading;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (Capacity.isForToken(request)) {
      pool.execute(() -> answer(request, response, callback));
    } else {
      getServer().getThreadPool().execute(() -> answer(request, response, callback));
    }
    return true;
  }

  private void answer(Request request, Response response, Callback callback) {
    try {
      if (!super.handle(request, response, callback)) {
        Response.writeError(request, response, callback, 404);
      }
    } catch (Exception e) {
      Response.writeError(request, response, callback, e);
    }
  }
}
