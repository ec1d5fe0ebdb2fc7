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
import com.google.errorprone.annotations.CanIgnoreReturnValue;
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
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.event.KeyValuePair;

/**
 * Writes log lines to standard error on a thread of its own, many at a time: who logs only puts a
 * line into a queue. That is bounded by the memory that its lines take. If it is full, since nobody
 * reads fast enough, who logs waits for {@value #PATIENCE_MILLIS} ms, once until it moves again;
 * then lines are dropped, and how many is the next that is written, and a metric. A quarter of the
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

  private static final Set<QueuedAppender> STARTED = ConcurrentHashMap.newKeySet();

  private final BlockingQueue<Line> queue = new LinkedBlockingQueue<>();
  private final DroppedLines dropped = new DroppedLines();
  private final ByteArrayOutputStream encoded = new ByteArrayOutputStream(WRITE_BYTES);
  private final int capacity;
  private final Semaphore room;
  private final Semaphore roomOfWarnings;
  private final OutputStream target;
  private final Thread writer = new Thread(this::write, "log");
  private Optional<Encoder<ILoggingEvent>> encoder = Optional.empty();
  private volatile boolean full;

  /** An event, and what it takes of which room until it is written. */
  private record Line(ILoggingEvent event, int bytes, Semaphore room) {}

  /** Made by Logback, by its configuration: a thirty-second of the heap, 32 MiB at the most. */
  public QueuedAppender() {
    this(
        new FileOutputStream(FileDescriptor.err),
        (int) Math.min(32 << 20, Runtime.getRuntime().maxMemory() / 32));
  }

  QueuedAppender(OutputStream target, int capacity) {
    this.target = target;
    this.capacity = capacity;
    room = new Semaphore(capacity - capacity / 4);
    roomOfWarnings = new Semaphore(capacity / 4);
    writer.setDaemon(true);
  }

  /** Set by Logback, by its configuration. */
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
   * before something else is written to the same place. Gives up after 3 s.
   */
  static void flush() {
    STARTED.forEach(appender -> appender.flush(FLUSH_PATIENCE));
  }

  /** Returns how many lines were dropped so far. */
  static long droppedLines() {
    return STARTED.stream().mapToLong(appender -> appender.dropped.total()).sum();
  }

  /** Returns about how many bytes the lines take that are not written yet. */
  static long waitingBytes() {
    return STARTED.stream().mapToLong(QueuedAppender::waiting).sum();
  }

  long waiting() {
    return capacity - room.availablePermits() - (long) roomOfWarnings.availablePermits();
  }

  void flush(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while ((waiting() > 0 || dropped.areUntold()) && System.nanoTime() < deadline) {
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    event.prepareForDeferredProcessing();
    int bytes = bytes(event);
    Optional<Semaphore> taken = take(event, bytes);
    if (taken.isPresent()) {
      queue.add(new Line(event, bytes, taken.get()));
    } else {
      dropped.add(1, event.getInstant());
    }
  }

  private int bytes(ILoggingEvent event) {
    long bytes = (long) EVENT_BYTES + event.getFormattedMessage().length();
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair pair : event.getKeyValuePairs()) {
        bytes += String.valueOf(pair.value).length();
      }
    }
    if (event.getThrowableProxy() != null) {
      bytes += TRACE_BYTES;
    }
    return (int) Math.min(bytes, capacity / 4);
  }

  private Optional<Semaphore> take(ILoggingEvent event, int bytes) {
    if (room.tryAcquire(bytes)) {
      return Optional.of(room);
    }
    if (event.getLevel().isGreaterOrEqual(Level.WARN) && roomOfWarnings.tryAcquire(bytes)) {
      return Optional.of(roomOfWarnings);
    }
    if (full) {
      return Optional.empty();
    }
    try {
      if (room.tryAcquire(bytes, PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        return Optional.of(room);
      }
      full = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private void write() {
    List<Line> lines = new ArrayList<>();
    try {
      while (true) {
        // To tell of dropped lines, though no other follows them.
        Line first = queue.poll(1, TimeUnit.SECONDS);
        if (first != null) {
          lines.add(first);
          queue.drainTo(lines, MAX_BATCH - 1);
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
    Encoder<ILoggingEvent> encoding = encoder.orElseThrow();
    int inBuffer = 0;
    for (Line line : lines) {
      inBuffer += encode(encoding, line.event());
      if (encoded.size() >= WRITE_BYTES) {
        writeOut(inBuffer, line.event());
        inBuffer = 0;
      }
    }
    if (inBuffer > 0) {
      writeOut(inBuffer, lines.get(lines.size() - 1).event());
    }
    full = false;
    tellOfDropped(encoding);
    for (Line line : lines) {
      line.room().release(line.bytes());
    }
  }

  private void tellOfDropped(Encoder<ILoggingEvent> encoding) {
    DroppedLines.Untold untold = dropped.untold();
    if (untold.lines() > 0) {
      Logger logger = ((LoggerContext) getContext()).getLogger(QueuedAppender.class);
      Object[] arguments = {untold.lines(), untold.since()};
      LoggingEvent event =
          new LoggingEvent(
              QueuedAppender.class.getName(),
              logger,
              Level.WARN,
              "{} log lines were dropped since {}: standard error is not read fast enough",
              null,
              arguments);
      encode(encoding, event);
      if (writeOut(0, event)) {
        dropped.told(untold);
      }
    }
  }

  /** Returns how many lines it has added to the buffer: none if the event cannot be encoded. */
  @CanIgnoreReturnValue
  private int encode(Encoder<ILoggingEvent> encoding, ILoggingEvent event) {
    try {
      encoded.writeBytes(encoding.encode(event));
      return 1;
    } catch (RuntimeException e) {
      dropped.add(1, event.getInstant());
      addError("A log line cannot be written", e);
      return 0;
    }
  }

  @CanIgnoreReturnValue
  private boolean writeOut(int lines, ILoggingEvent last) {
    try {
      encoded.writeTo(target);
      return true;
    } catch (IOException e) {
      dropped.add(lines, last.getInstant());
      addError("Log lines cannot be written", e);
      return false;
    } finally {
      encoded.reset();
    }
  }
}
