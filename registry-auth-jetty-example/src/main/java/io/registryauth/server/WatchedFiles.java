// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;

/**
 * A value that is made of a few small files, and made anew when they change: they are read every
 * {@value #POLL_SECONDS} s. Files that are no good are logged, once for each content, and what was
 * good before stays in use.
 *
 * <p>It compares contents, since Kubernetes renews a mounted Secret by exchanging a link to the
 * directory, of which neither a watch on the files nor their times tell. {@link #get} may be called
 * by any thread, {@link #look} by one.
 */
final class WatchedFiles<T> implements Supplier<T>, AutoCloseable {
  private static final int POLL_SECONDS = 5;
  private static final int ATTEMPTS = 3;

  private final ImmutableSet<String> required;
  private final ImmutableSet<String> optional;
  private final Parser<T> parser;
  private final Logger log;
  private final ScheduledExecutorService poller =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "watched-files");
            thread.setDaemon(true);
            return thread;
          });

  private volatile T inUse;
  private volatile boolean refused;
  private String seen;

  /** Makes a value of files. */
  @FunctionalInterface
  interface Parser<T> {
    /**
     * Parses the files.
     *
     * @param contents the texts by the files' paths; an optional file that is not there is missing
     * @throws IllegalArgumentException if they are no good; the message says why, without a secret
     */
    T parse(ImmutableMap<String, String> contents);
  }

  /** Puts a new value to use. */
  @FunctionalInterface
  interface Use<T> {
    /**
     * Takes a value.
     *
     * @throws Exception if that is not possible now; the files are then read again
     */
    void take(T value) throws Exception;
  }

  /**
   * Reads the files.
   *
   * @param optional files that need not be there
   * @param log where it says what became of a change
   * @throws IllegalArgumentException if they are no good; the message says why
   */
  WatchedFiles(
      ImmutableSet<String> required, ImmutableSet<String> optional, Parser<T> parser, Logger log) {
    this.required = required;
    this.optional = optional;
    this.parser = parser;
    this.log = log;
    ImmutableMap<String, String> contents = read(required, optional);
    seen = digest(contents);
    inUse = parser.parse(contents);
  }

  /** Returns what the files were when they were good last. */
  @Override
  public T get() {
    return inUse;
  }

  /** Returns whether the files are no good now, and what was good before is in use. */
  boolean refused() {
    return refused;
  }

  /** Starts to do this, which looks at the files, over and over. */
  void start(Runnable look) {
    start(look, Duration.ofSeconds(POLL_SECONDS));
  }

  void start(Runnable look, Duration delay) {
    var unused =
        poller.scheduleWithFixedDelay(
            () -> goOn(look), delay.toMillis(), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whatever one look fails of, even a want of memory, the next one comes. */
  private void goOn(Runnable look) {
    try {
      look.run();
    } catch (RuntimeException | Error e) {
      log.error("{} were not looked at; the next look comes", names(), e);
    }
  }

  /** Looks at the files, and takes what is new and good. Never fails. */
  void look(Use<T> use) {
    try {
      ImmutableMap<String, String> contents = read(required, optional);
      String digest = digest(contents);
      if (!digest.equals(seen)) {
        take(contents, use);
        seen = digest; // not if it failed for another reason: to be tried again
      }
    } catch (IllegalArgumentException e) {
      String problem = String.valueOf(e.getMessage());
      if (!problem.equals(seen)) {
        refuse(e);
        seen = problem;
      }
    } catch (Exception e) {
      log.error("{} cannot be taken now; the next look comes", names(), e);
    }
  }

  private void take(ImmutableMap<String, String> contents, Use<T> use) throws Exception {
    T renewed;
    try {
      renewed = parser.parse(contents);
    } catch (IllegalArgumentException e) {
      refuse(e);
      return;
    }
    use.take(renewed);
    inUse = renewed;
    refused = false;
  }

  private void refuse(IllegalArgumentException reason) {
    refused = true;
    log.error("{} are no good; {} stays in use: {}", names(), inUse, reason.getMessage());
  }

  private String names() {
    return Joiner.on(" and ").join(required);
  }

  /**
   * Reads files that were there together, not some of before a change.
   *
   * @return the texts by the files' paths; an optional file that is not there is missing
   * @throws IllegalArgumentException if they cannot be read, or change all the time
   */
  static ImmutableMap<String, String> read(
      ImmutableSet<String> required, ImmutableSet<String> optional) {
    ImmutableMap<String, String> before = readOnce(required, optional);
    for (int i = 0; i < ATTEMPTS; i++) {
      ImmutableMap<String, String> after = readOnce(required, optional);
      if (after.equals(before)) {
        return after;
      }
      before = after;
    }
    throw new IllegalArgumentException("the files change while they are read");
  }

  private static ImmutableMap<String, String> readOnce(
      ImmutableSet<String> required, ImmutableSet<String> optional) {
    ImmutableMap.Builder<String, String> contents = ImmutableMap.builder();
    required.forEach(file -> contents.put(file, OptionValues.contents(file)));
    Sets.difference(optional, required)
        .forEach(file -> contentsIfThere(file).ifPresent(text -> contents.put(file, text)));
    return contents.buildOrThrow();
  }

  private static Optional<String> contentsIfThere(String file) {
    try {
      return Files.exists(Path.of(file))
          ? Optional.of(OptionValues.contents(file))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      if (Files.notExists(Path.of(file))) {
        return Optional.empty(); // it vanished in between
      }
      throw e;
    }
  }

  /** Tells one content from another, without keeping a key. */
  private static String digest(ImmutableMap<String, String> contents) {
    Hasher hasher = Hashing.sha256().newHasher();
    for (Map.Entry<String, String> file : contents.entrySet()) {
      hasher.putString(file.getKey(), UTF_8).putChar('\0');
      hasher.putString(file.getValue(), UTF_8).putChar('\0');
    }
    return hasher.hash().toString();
  }

  @Override
  public void close() {
    poller.shutdownNow();
  }
}
