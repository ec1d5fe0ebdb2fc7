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
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
      Pattern.compile("(\\d+) log lines were dropped since \\S+Z: .*");
  private static final int CAPACITY = 64 * 1024;

  /** More than the queue has room for, by far. */
  private static final int TOO_MANY = 1000;

  private final LoggerContext context = new LoggerContext();
  private final Logger logger = context.getLogger("test");
  private final Reader reader = new Reader();
  private final QueuedAppender appender = new QueuedAppender(reader, CAPACITY);

  /** A pipe: takes nothing while nobody reads. */
  private static final class Reader extends OutputStream {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private final AtomicInteger writes = new AtomicInteger();
    private final CountDownLatch stuck = new CountDownLatch(1);
    private volatile CountDownLatch reads = new CountDownLatch(0);
    private volatile boolean gone;

    void pause() {
      reads = new CountDownLatch(1);
    }

    void goOn() {
      reads.countDown();
    }

    @Override
    public void write(int b) {
      throw new UnsupportedOperationException("One byte at a time");
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (reads.getCount() > 0) {
        stuck.countDown();
        Uninterruptibles.awaitUninterruptibly(reads);
      }
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

  /** The message alone; one of them cannot be encoded. */
  private static final class Messages extends EncoderBase<ILoggingEvent> {
    @Override
    public byte[] headerBytes() {
      return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
      if (event.getMessage().equals("broken")) {
        throw new IllegalArgumentException("As the test wants it");
      }
      return (event.getFormattedMessage() + "\n").getBytes(UTF_8);
    }

    @Override
    public byte[] footerBytes() {
      return new byte[0];
    }
  }

  @BeforeEach
  void start() {
    context.setMDCAdapter(new LogbackMDCAdapter()); // as SLF4J does
    appender.setContext(context);
    appender.setEncoder(new Messages());
    appender.start();
    logger.addAppender(appender);
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
  private void stick() throws Exception {
    reader.pause();
    logger.info("stuck");
    assertThat(reader.stuck.await(30, TimeUnit.SECONDS)).isTrue();
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
  void lines_ofAStuckReader_areWrittenManyAtATime() throws Exception {
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
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (reader.lines().size() < 2 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(5);
    }

    assertThat(reader.lines()).containsExactly("one", "two");
  }

  @Test
  void argument_thatChangesAfterwards_isWrittenAsItWas() throws Exception {
    stick();
    List<String> argument = new ArrayList<>(List.of("before"));
    logger.info("{}", argument);
    argument.set(0, "after");
    reader.goOn();
    flush();

    assertThat(reader.lines()).containsExactly("stuck", "[before]");
  }

  @Test
  void linesBeyondTheRoom_areDropped_andTheLogSaysHowMany() throws Exception {
    stick();
    IntStream.range(0, TOO_MANY).forEach(i -> logger.info("line {}", i));
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
  void linesBeyondTheRoom_takeBoundedMemory_whateverTheirLength() throws Exception {
    stick();
    IntStream.range(0, 100).forEach(i -> logger.info("x".repeat(CAPACITY / 10)));
    assertThat(appender.waiting()).isBetween(CAPACITY / 2L, (long) CAPACITY);
    reader.goOn();
    flush();

    assertThat(appender.waiting()).isZero();
    assertThat(reader.lines().stream().filter(line -> line.startsWith("x"))).hasSizeBetween(5, 10);
  }

  @Test
  void lineThatIsLongerThanTheRoom_isWritten() {
    logger.info("x".repeat(2 * CAPACITY));
    flush();

    assertThat(reader.lines()).containsExactly("x".repeat(2 * CAPACITY));
  }

  @Test
  void warning_whenThereIsNoRoomForOthers_isNotDropped() throws Exception {
    stick();
    IntStream.range(0, TOO_MANY).forEach(i -> logger.info("line {}", i));
    logger.warn("warning");
    logger.error("error");
    logger.info("dropped");
    reader.goOn();
    flush();

    assertThat(reader.lines()).contains("warning", "error").doesNotContain("dropped");
  }

  @Test
  void linesAfterTheReaderIsBack_areWrittenAgain_andAFurtherPauseIsToldOfAnew() throws Exception {
    stick();
    IntStream.range(0, TOO_MANY).forEach(i -> logger.info("line {}", i));
    reader.goOn();
    flush();
    long before = QueuedAppender.droppedLines();
    logger.info("between");
    flush();
    reader.pause();
    IntStream.range(0, TOO_MANY).forEach(i -> logger.info("line {}", i));
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
    appender.flush(Duration.ofMillis(50));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (QueuedAppender.droppedLines() == 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    reader.gone = false;
    flush();

    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void event_thatCannotBeEncoded_isCounted_andStopsNoOther() {
    logger.info("broken");
    logger.info("whole");
    flush();

    assertThat(reader.lines()).contains("whole");
    assertThat(dropped(reader.lines())).isEqualTo(1);
  }

  @Test
  void flush_whenNobodyReads_endsAllTheSame() throws Exception {
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
