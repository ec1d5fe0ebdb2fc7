// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import io.registryauth.credential.CompensatingThread;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.event.KeyValuePair;

/**
 * Writes log lines to standard error on a thread of its own, many at a time: who logs only puts a
 * line into a queue. That is bounded by the memory that its lines take. If it is full, since nobody
 * reads fast enough, who logs waits for {@value #PATIENCE_MILLIS} ms; then lines are dropped, at
 * once, until half of the room is free again. How many is told before the next. A quarter of the
 * room is for warnings and errors alone. Lines stay in order. Thread-safe once it is started.
 *
 * <p>{@code docs/decisions/0014-log-lines-in-a-queue.md} says why it is not Logback's own.
 */
public final class QueuedAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private static final int PATIENCE_MILLIS = 100;

  /** How long lines may wait for others to be written with them, unless there were none before. */
  private static final int GATHER_MILLIS = 5;

  /** After so long there is something wrong with who reads, and the process must end. */
  private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(3);

  private static final int MAX_BATCH = 256;
  private static final int WRITE_BYTES = 64 * 1024;

  /** What the objects of an event take beside its texts; and what a stack trace does. */
  private static final int EVENT_BYTES = 600;

  private static final int TRACE_BYTES = 8 * 1024;

  private static final String NOTICE =
      "{} log lines were dropped since {}: standard error is not read, or not fast enough, or they"
          + " could not be encoded";

  private static final Set<QueuedAppender> STARTED = ConcurrentHashMap.newKeySet();

  private final BlockingQueue<Line> queue = new LinkedBlockingQueue<>();

  /** Lines that found no room, and those that could not be encoded or written. */
  private final DroppedLines dropped = new DroppedLines();

  private final DroppedLines lost = new DroppedLines();
  private final ByteArrayOutputStream encoded = new ByteArrayOutputStream(WRITE_BYTES);
  private final int capacity;
  private final Duration patience;
  private final Semaphore room;
  private final Semaphore roomOfWarnings;
  private final OutputStream target;
  private final Thread writer = new Thread(this::write, "log");
  private Optional<Encoder<ILoggingEvent>> encoder = Optional.empty();
  private DroppedLines.Gap inBuffer = DroppedLines.Gap.NONE;
  private DroppedLines.Gap toldInBuffer = DroppedLines.Gap.NONE;
  private volatile boolean full;
  private volatile CountDownLatch overdue = new CountDownLatch(0);

  /** What is missing before an event, the event unless it was the last, and who waits for both. */
  private record Line(DroppedLines.Gap gap, Optional<ILoggingEvent> event, Runnable whenWritten) {}

  /** Makes one whose lines take a thirty-second of the heap, 32 MiB at the most. */
  public QueuedAppender() {
    this(
        new FileOutputStream(FileDescriptor.err),
        (int) Math.min(32 << 20, Runtime.getRuntime().maxMemory() / 32),
        Duration.ofMillis(PATIENCE_MILLIS));
  }

  QueuedAppender(OutputStream target, int capacity, Duration patience) {
    this.target = target;
    this.capacity = capacity;
    this.patience = patience;
    room = new Semaphore(capacity - capacity / 4);
    roomOfWarnings = new Semaphore(capacity / 4);
    writer.setDaemon(true);
  }

  /** Sets what makes bytes of an event; before {@link #start}. */
  public void setEncoder(Encoder<ILoggingEvent> lines) {
    encoder = Optional.of(lines);
  }

  @Override
  public void start() {
    if (encoder.isEmpty()) {
      addError("The appender " + getName() + " has no encoder");
      return;
    }
    super.start();
    STARTED.add(this);
    writer.start();
  }

  /** Writes what there is, as {@link #flush} does, and ends. */
  @Override
  public void stop() {
    if (STARTED.remove(this)) {
      super.stop();
      flush(FLUSH_PATIENCE);
      writer.interrupt();
    }
  }

  /**
   * Waits until all lines are written that were logged before: at the end of the process, and
   * before something else is written to the same place. Gives up after 3 s, and at once if it has
   * before, and nobody has read since.
   */
  static void flush() {
    STARTED.forEach(appender -> appender.flush(FLUSH_PATIENCE));
  }

  /** Returns how many lines were dropped so far. */
  static long droppedLines() {
    return STARTED.stream()
        .mapToLong(appender -> appender.dropped.total() + appender.lost.total())
        .sum();
  }

  /** Returns about how many bytes the lines take that are not written yet. */
  static long waitingBytes() {
    return STARTED.stream().mapToLong(QueuedAppender::waiting).sum();
  }

  long waiting() {
    return capacity - room.availablePermits() - (long) roomOfWarnings.availablePermits();
  }

  void flush(Duration atMost) {
    if (overdue.getCount() > 0) {
      return;
    }
    CountDownLatch written = new CountDownLatch(1);
    add(Optional.empty(), written::countDown);
    try {
      if (!written.await(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
        overdue = written;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    try {
      event.prepareForDeferredProcessing();
      int bytes = freeze(event);
      Optional<Semaphore> taken = take(event, bytes);
      if (taken.isPresent()) {
        add(Optional.of(event), () -> taken.get().release(bytes));
        return;
      }
    } catch (RuntimeException | Error e) {
      addError("A log line cannot be taken", e);
    }
    dropped.add(DroppedLines.Gap.NONE.andLineOf(event.getInstant()));
  }

  private void add(Optional<ILoggingEvent> event, Runnable whenWritten) {
    queue.add(new Line(dropped.take(), event, whenWritten));
  }

  /** Makes texts of values, since they may change until they are written; returns the size. */
  private int freeze(ILoggingEvent event) {
    long bytes = (long) EVENT_BYTES + event.getFormattedMessage().length();
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      pairs.replaceAll(
          pair ->
              pair.value instanceof String
                  ? pair
                  : new KeyValuePair(pair.key, String.valueOf(pair.value)));
      for (KeyValuePair pair : pairs) {
        bytes += ((String) pair.value).length();
      }
    }
    if (event.getThrowableProxy() != null) {
      bytes += TRACE_BYTES;
    }
    return (int) Math.min(bytes, capacity / 4);
  }

  private Optional<Semaphore> take(ILoggingEvent event, int bytes) {
    boolean warning = event.getLevel().isGreaterOrEqual(Level.WARN);
    boolean dropping = isFull();
    if ((warning || !dropping) && room.tryAcquire(bytes)) {
      return Optional.of(room);
    }
    if (warning && roomOfWarnings.tryAcquire(bytes)) {
      return Optional.of(roomOfWarnings);
    }
    if (dropping) {
      return Optional.empty();
    }
    try {
      if (awaitRoom(bytes)) {
        return Optional.of(room);
      }
      full = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  /** A reader that is slow must not stop who logs again and again, for each line that it reads. */
  private boolean isFull() {
    if (full && room.availablePermits() >= (capacity - capacity / 4) / 2) {
      full = false;
    }
    return full;
  }

  private boolean awaitRoom(int bytes) throws InterruptedException {
    Optional<Boolean> taken =
        CompensatingThread.callWaiting(
            () -> {
              try {
                return Optional.of(
                    room.tryAcquire(bytes, patience.toNanos(), TimeUnit.NANOSECONDS));
              } catch (InterruptedException e) {
                return Optional.empty();
              }
            });
    return taken.orElseThrow(InterruptedException::new);
  }

  private void write() {
    List<Line> lines = new ArrayList<>(MAX_BATCH);
    try {
      while (true) {
        Line first = queue.poll(1, TimeUnit.SECONDS);
        if (first != null) {
          lines.add(first);
          queue.drainTo(lines, MAX_BATCH - 1);
        } else {
          // Lines may have been dropped, and no other has followed that would say so.
          lines.add(new Line(dropped.take(), Optional.empty(), () -> {}));
        }
        write(lines);
        // Who puts a line into the queue now need not wake this thread, which costs more than the
        // line does.
        if (first != null && lines.size() < MAX_BATCH) {
          Thread.sleep(GATHER_MILLIS);
        }
        lines.clear();
      }
    } catch (InterruptedException e) {
      addInfo("Stopped");
    }
  }

  private void write(List<Line> lines) {
    int from = 0;
    for (int to = 1; to <= lines.size(); to++) {
      Line line = lines.get(to - 1);
      tell(line.gap().and(lost.take()));
      line.event().ifPresent(this::encode);
      // Without an event, somebody waits for it.
      if (encoded.size() >= WRITE_BYTES || line.event().isEmpty() || to == lines.size()) {
        writeOut();
        lines.subList(from, to).forEach(written -> written.whenWritten().run());
        from = to;
      }
    }
  }

  private void tell(DroppedLines.Gap gap) {
    if (gap.lines() == 0) {
      return;
    }
    Logger logger = ((LoggerContext) getContext()).getLogger(QueuedAppender.class);
    Object[] arguments = {gap.lines(), gap.since()};
    LoggingEvent event =
        new LoggingEvent(
            QueuedAppender.class.getName(), logger, Level.WARN, NOTICE, null, arguments);
    try {
      encoded.writeBytes(encoder.orElseThrow().encode(event));
      toldInBuffer = toldInBuffer.and(gap);
    } catch (RuntimeException | Error e) {
      lost.giveBack(gap);
      addError("Dropped log lines cannot be told of", e);
    }
  }

  private void encode(ILoggingEvent event) {
    try {
      encoded.writeBytes(encoder.orElseThrow().encode(event));
      inBuffer = inBuffer.andLineOf(event.getInstant());
    } catch (RuntimeException | Error e) {
      lost.add(DroppedLines.Gap.NONE.andLineOf(event.getInstant()));
      addError("A log line cannot be written", e);
    }
  }

  private void writeOut() {
    try {
      if (encoded.size() > 0) {
        encoded.writeTo(target);
      }
    } catch (IOException | RuntimeException | Error e) {
      lost.add(inBuffer);
      lost.giveBack(toldInBuffer);
      addError("Log lines cannot be written", e);
    } finally {
      encoded.reset();
      inBuffer = DroppedLines.Gap.NONE;
      toldInBuffer = DroppedLines.Gap.NONE;
    }
  }
}
