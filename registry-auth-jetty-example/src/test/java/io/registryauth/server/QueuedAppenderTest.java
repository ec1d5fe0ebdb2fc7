// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.read.ListAppender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log whose reader reads when the test says so. */
@Timeout(60)
class QueuedAppenderTest {
  private static final Pattern DROPPED =
      Pattern.compile(
          "(\\d+) log lines were dropped since (\\S+Z): standard error is not read, or not fast enough,"
              + " or they could not be encoded");
  private static final int CAPACITY = 64 * 1024;

  /** More than the queue has room for, by far. */
  private static final int TOO_MANY = 1000;

  private static final int MANY_READS = 1_000_000;

  private final LoggerContext context = new LoggerContext();
  private final Logger logger = context.getLogger("test");
  private final Reader reader = new Reader();
  private final Messages messages = new Messages();
  private final QueuedAppender appender =
      new QueuedAppender(reader, CAPACITY, Duration.ofMillis(100));

  /** A pipe: takes nothing while nobody reads. */
  private static final class Reader extends OutputStream {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private final AtomicInteger writes = new AtomicInteger();
    private final Semaphore reads = new Semaphore(MANY_READS);
    private volatile boolean gone;

    void pause() {
      reads.drainPermits();
    }

    void readOnce() {
      reads.release();
    }

    void goOn() {
      reads.release(MANY_READS);
    }

    /** Waits until somebody waits for a read, after so many others. */
    void awaitStuck(int after) {
      await(() -> writes.get() == after && reads.hasQueuedThreads());
    }

    @Override
    public void write(int b) {
      throw new UnsupportedOperationException("One byte at a time");
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      reads.acquireUninterruptibly();
      if (gone) {
        throw new IOException("Broken pipe");
      }
      writes.incrementAndGet();
      synchronized (this) {
        read.write(bytes, from, length);
      }
    }

    synchronized List<String> lines() {
      return read.toString(UTF_8).lines().toList();
    }
  }

  /** The message and its values alone; some of them cannot be encoded. */
  private static final class Messages extends EncoderBase<ILoggingEvent> {
    private volatile boolean noticesFail;

    @Override
    public byte[] headerBytes() {
      return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
      if (event.getMessage().equals("broken")) {
        throw new IllegalArgumentException("As the test wants it");
      }
      if (event.getMessage().equals("recursive")) {
        throw new StackOverflowError("As the test wants it");
      }
      if (noticesFail && DROPPED.matcher(event.getFormattedMessage()).matches()) {
        throw new IllegalStateException("As the test wants it");
      }
      StringBuilder line = new StringBuilder(event.getFormattedMessage());
      if (event.getKeyValuePairs() != null) {
        event.getKeyValuePairs().forEach(pair -> line.append(' ').append(pair.value));
      }
      return line.append('\n').toString().getBytes(UTF_8);
    }

    @Override
    public byte[] footerBytes() {
      return new byte[0];
    }
  }

  @BeforeEach
  void start() {
    context.setMDCAdapter(new LogbackMDCAdapter()); // as SLF4J does
    start(appender);
  }

  private void start(QueuedAppender started) {
    started.setContext(context);
    started.setEncoder(messages);
    started.start();
    logger.addAppender(started);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void stop() {
    reader.goOn();
    context.stop();
  }

  private void flush() {
    appender.flush(Duration.ofSeconds(30));
  }

  /** Leaves the writing thread with a line that nobody takes. */
  private void stick() {
    reader.pause();
    int before = reader.writes.get();
    logger.info("stuck");
    reader.awaitStuck(before);
  }

  private void logTooMany() {
    IntStream.range(0, TOO_MANY).forEach(i -> logger.info("line {}", i));
  }

  private static long dropped(List<String> lines) {
    return lines.stream()
        .map(DROPPED::matcher)
        .filter(Matcher::matches)
        .mapToLong(notice -> Long.parseLong(notice.group(1)))
        .sum();
  }

  @Test
  void lines_ofOneThread_stayInOrder_andNoneIsMissing() {
    List<String> logged = IntStream.range(0, TOO_MANY).mapToObj(i -> "line " + i).toList();
    logged.forEach(logger::info);
    flush();

    assertThat(reader.lines()).isEqualTo(logged);
  }

  @Test
  void lines_ofAStuckReader_areWrittenManyAtATime() {
    stick();
    IntStream.range(0, 50).forEach(i -> logger.info("line {}", i));
    int before = reader.writes.get();
    reader.goOn();
    flush();

    assertThat(reader.lines()).hasSize(51);
    assertThat(reader.writes.get() - before).isEqualTo(2);
  }

  @Test
  void line_afterOthers_isWrittenThoughNoOtherFollows() throws Exception {
    logger.info("one");
    flush();
    logger.info("two");
    await(() -> reader.lines().size() == 2);

    assertThat(reader.lines()).containsExactly("one", "two");
  }

  @Test
  void argument_thatChangesAfterwards_isWrittenAsItWas() {
    stick();
    List<String> argument = new ArrayList<>(List.of("before"));
    logger.info("{}", argument);
    argument.set(0, "after");
    reader.goOn();
    flush();

    assertThat(reader.lines()).containsExactly("stuck", "[before]");
  }

  @Test
  void value_thatChangesAfterwards_isWrittenAsItWas() {
    stick();
    List<String> value = new ArrayList<>(List.of("before"));
    logger.atInfo().addKeyValue("value", value).log("line");
    value.set(0, "after");
    reader.goOn();
    flush();

    assertThat(reader.lines()).containsExactly("stuck", "line [before]");
  }

  @Test
  void linesBeyondTheRoom_areDropped_andTheLogSaysHowMany() {
    stick();
    logTooMany();
    long dropped = QueuedAppender.droppedLines();
    reader.goOn();
    flush();

    List<String> lines = reader.lines();
    assertThat(dropped).isBetween(1L, TOO_MANY - 1L).isEqualTo(dropped(lines));
    assertThat(lines.stream().filter(line -> line.startsWith("line ")))
        .hasSize((int) (TOO_MANY - dropped))
        .startsWith("line 0", "line 1");
    assertThat(QueuedAppender.droppedLines()).isEqualTo(dropped);
  }

  @Test
  void linesBeyondTheRoom_takeBoundedMemory_whateverTheirLength() {
    stick();
    IntStream.range(0, 100).forEach(i -> logger.info("x".repeat(CAPACITY / 10)));
    assertThat(appender.waiting()).isBetween(CAPACITY / 2L, (long) CAPACITY);
    reader.goOn();
    flush();

    assertThat(appender.waiting()).isZero();
    assertThat(reader.lines().stream().filter(line -> line.startsWith("x"))).hasSizeBetween(5, 10);
  }

  @Test
  void linesThatAreMissing_areToldOfWhereTheyAreMissing() {
    stick();
    logTooMany();
    long dropped = QueuedAppender.droppedLines();
    reader.readOnce();
    reader.awaitStuck(1);
    logger.warn("warning");
    reader.goOn();
    flush();

    List<String> lines = reader.lines();
    int written = (int) (TOO_MANY - dropped);
    assertThat(lines).hasSize(written + 3).endsWith("warning");
    assertThat(lines.get(written)).isEqualTo("line " + (written - 1));
    assertThat(dropped(lines.subList(written + 1, written + 2))).isEqualTo(dropped);
  }

  @Test
  void linesThatAreMissing_areToldOf_thoughNoOtherFollows() {
    stick();
    logTooMany();
    long dropped = QueuedAppender.droppedLines();
    reader.goOn();
    await(() -> dropped(reader.lines()) > 0);

    assertThat(dropped(reader.lines())).isEqualTo(dropped);
  }

  @Test
  void linesAfterAStall_findNoRoom_untilHalfOfItIsFree() {
    stick();
    logTooMany();
    reader.readOnce();
    reader.awaitStuck(1);
    assertThat(appender.waiting()).isBetween(CAPACITY / 2L, CAPACITY * 3L / 4 - 600);
    logger.info("too early");
    reader.goOn();
    await(() -> appender.waiting() == 0);
    logger.info("in time");
    flush();

    assertThat(reader.lines()).contains("in time").doesNotContain("too early");
  }

  @Test
  void room_ofALineThatIsWritten_isFree_thoughOthersOfItsBatchAreNot() {
    stick();
    logger.info("x".repeat(2 * CAPACITY));
    logger.info("y".repeat(2 * CAPACITY));
    reader.readOnce();
    reader.readOnce();
    reader.awaitStuck(2);

    assertThat(appender.waiting()).isEqualTo(CAPACITY / 4);
  }

  @Test
  void threadOfAPool_thatWaitsForRoom_isReplacedMeanwhile() throws Exception {
    QueuedAppender patient = new QueuedAppender(reader, CAPACITY, Duration.ofHours(1));
    logger.detachAppender(appender);
    start(patient);
    stick();
    while (patient.waiting() < CAPACITY / 2) {
      logger.info("x".repeat(CAPACITY / 4));
    }
    Workers workers = new Workers();
    workers.start();
    CountDownLatch done = new CountDownLatch(Runtime.getRuntime().availableProcessors());
    try {
      // As many as there are workers at a time, and one more, which makes room.
      for (long waits = done.getCount(); waits > 0; waits--) {
        workers.executeInLine(
            () -> {
              logger.info("y".repeat(CAPACITY / 4));
              done.countDown();
            });
      }
      workers.executeInLine(reader::goOn);
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      reader.goOn();
      workers.stop();
    }
    patient.flush(Duration.ofSeconds(30));

    assertThat(reader.lines()).endsWith("y".repeat(CAPACITY / 4));
  }

  @Test
  void lineThatIsLongerThanTheRoom_isWritten() {
    logger.info("x".repeat(2 * CAPACITY));
    flush();

    assertThat(reader.lines()).containsExactly("x".repeat(2 * CAPACITY));
  }

  @Test
  void warning_whenThereIsNoRoomForOthers_isNotDropped() {
    stick();
    logTooMany();
    logger.warn("warning");
    logger.error("error");
    logger.info("dropped");
    reader.goOn();
    flush();

    assertThat(reader.lines()).contains("warning", "error").doesNotContain("dropped");
  }

  @Test
  void linesAfterTheReaderIsBack_areWrittenAgain_andAFurtherPauseIsToldOfAnew() {
    stick();
    logTooMany();
    reader.goOn();
    flush();
    long before = QueuedAppender.droppedLines();
    logger.info("between");
    flush();
    reader.pause();
    logTooMany();
    long dropped = QueuedAppender.droppedLines();
    reader.goOn();
    flush();

    List<String> lines = reader.lines();
    assertThat(dropped).isGreaterThan(before);
    assertThat(dropped(lines)).isEqualTo(dropped);
    assertThat(lines).contains("between");
    assertThat(dropped(lines.subList(0, lines.indexOf("between")))).isEqualTo(before);
  }

  @Test
  void reader_thatIsGone_losesLines_thatAreCounted_andToldWhenThereIsOneAgain() {
    reader.gone = true;
    logger.info("lost");
    flush();
    assertThat(QueuedAppender.droppedLines()).isEqualTo(1);
    reader.gone = false;
    flush();

    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void linesThatAreLost_areMissingSinceTheFirstOfThem() {
    ListAppender<ILoggingEvent> events = new ListAppender<>();
    events.start();
    logger.addAppender(events);
    stick();
    logger.info("first");
    await(() -> Instant.now().isAfter(events.list.get(1).getInstant()));
    logger.info("second");
    reader.readOnce();
    reader.awaitStuck(1);
    reader.gone = true;
    reader.goOn();
    flush();
    assertThat(QueuedAppender.droppedLines()).isEqualTo(2);
    reader.gone = false;
    flush();

    Matcher notice = DROPPED.matcher(reader.lines().get(1));
    assertThat(notice.matches()).isTrue();
    assertThat(notice.group(2)).isEqualTo(events.list.get(1).getInstant().toString());
  }

  @Test
  void event_thatCannotBeEncoded_isCounted_andStopsNoOther() {
    stick();
    logger.info("before");
    logger.info("broken");
    logger.info("whole");
    reader.goOn();
    flush();

    List<String> lines = reader.lines();
    assertThat(lines).hasSize(4).startsWith("stuck", "before").endsWith("whole");
    assertThat(dropped(lines)).isEqualTo(1);
  }

  @Test
  void event_whoseEncodingFailsWithAnError_isCounted_andStopsNoOther() {
    logger.info("recursive");
    flush();
    logger.info("whole");
    flush();

    assertThat(reader.lines()).endsWith("whole");
    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void event_whoseValueHasNoText_isCounted_andToldOf() {
    Object value =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("As the test wants it");
          }
        };
    logger.atInfo().addKeyValue("value", value).log("lost");
    flush();

    assertThat(QueuedAppender.droppedLines()).isEqualTo(1);
    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void notice_thatCannotBeEncoded_stopsNoLine_andIsGivenLater() {
    messages.noticesFail = true;
    logger.info("broken");
    flush();
    logger.info("between");
    flush();
    messages.noticesFail = false;
    logger.info("after");
    flush();

    assertThat(reader.lines()).startsWith("between").endsWith("after");
    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void flush_waitsForNoLineThatCameLater() throws Exception {
    stick();
    Thread flushing = new Thread(() -> appender.flush(Duration.ofHours(1)));
    flushing.start();
    await(() -> flushing.getState() == Thread.State.TIMED_WAITING);
    logger.info("later");
    reader.readOnce();
    flushing.join();

    assertThat(reader.lines()).containsExactly("stuck");
  }

  @Test
  void flush_afterOneThatGaveUp_doesNotWaitAgain_untilSomebodyReads() {
    stick();
    appender.flush(Duration.ofMillis(20));
    appender.flush(Duration.ofHours(1));
    assertThat(reader.lines()).isEmpty();
    reader.goOn();
    await(() -> appender.waiting() == 0);
    logger.info("after");
    await(() -> reader.lines().size() == 2);
    reader.pause();
    logger.info("again");
    reader.awaitStuck(2);
    reader.goOn();
    flush();

    assertThat(reader.lines()).containsExactly("stuck", "after", "again");
  }

  @Test
  void flush_whenNobodyReads_endsAllTheSame() {
    stick();
    appender.flush(Duration.ofMillis(20));

    assertThat(reader.lines()).isEmpty();
  }

  @Test
  void thread_thatIsInterrupted_logsAllTheSame_andStaysInterrupted() {
    Thread.currentThread().interrupt();
    logger.info("line");

    assertThat(Thread.interrupted()).isTrue();
    flush();
    assertThat(reader.lines()).containsExactly("line");
  }
}
