// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must be closed when the process is told to end, by SIGTERM or Ctrl-C, or when its command is
 * done: the last that was added first, each once. Told to end, the process exits with status 0: the
 * JVM's own would be 143, which supervisors take for a crash. Thread-safe.
 */
final class ExitOnSignal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ExitOnSignal.class);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Thread hook = new Thread(this::exit, "exit");

  private ExitOnSignal() {}

  /** Starts to listen for the signals. */
  static ExitOnSignal install() {
    ExitOnSignal exit = new ExitOnSignal();
    Runtime.getRuntime().addShutdownHook(exit.hook);
    return exit;
  }

  /** Adds what to close. */
  synchronized void add(AutoCloseable closeable) {
    open.push(closeable);
  }

  private void exit() {
    log.info("Stopping: finishing the requests under way");
    int status = closeAll();
    log.info("Stopped");
    QueuedAppender.flush();
    Runtime.getRuntime().halt(status);
  }

  /** Closes what was added, and leaves the exit status to the command. */
  @Override
  public void close() {
    int unused = closeAll();
    try {
      boolean removed = Runtime.getRuntime().removeShutdownHook(hook);
      log.debug("Done, by itself: {}", removed);
    } catch (IllegalStateException e) {
      log.debug("The process is ending already");
    }
  }

  private synchronized int closeAll() {
    int status = 0;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        log.error("Stopping failed", e);
        status = 1;
      }
    }
    return status;
  }
}
