// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Does the same from several threads that begin at once. */
final class ManyThreads {
  private static final int THREADS = 8;
  private static final int TIMES = 25;
  private static final int MAX_SECONDS = 60;

  private ManyThreads() {}

  /** Runs a check over and over in each thread; the first failure of any is thrown. */
  static void run(Runnable check) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      CyclicBarrier start = new CyclicBarrier(THREADS);
      Callable<Void> work =
          () -> {
            int unused = start.await(MAX_SECONDS, TimeUnit.SECONDS);
            for (int i = 0; i < TIMES; i++) {
              check.run();
            }
            return null;
          };
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        running.add(threads.submit(work));
      }
      for (Future<Void> one : running) {
        Void unused = one.get(MAX_SECONDS, TimeUnit.SECONDS);
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error failure) {
        throw failure; // what an assertion says
      }
      throw e;
    } finally {
      List<Runnable> unused = threads.shutdownNow();
    }
  }
}
