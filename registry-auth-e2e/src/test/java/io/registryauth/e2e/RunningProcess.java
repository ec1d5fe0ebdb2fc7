// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program. Of this machine's environment it gets the {@code PATH} alone: neither a variable of a
 * registry nor one of the server can leak in. Its output goes to files, so that it never blocks.
 */
final class RunningProcess implements AutoCloseable {
  private static final int LIMIT_SECONDS = 120;
  private static final int STOP_SECONDS = 10;
  private static final int POLL_MILLIS = 20;
  private static final Pattern USED_HEAP = Pattern.compile("heap +total \\d+K, used (\\d+)K");

  private final String command;
  private final Process process;
  private final Path stdout;
  private final Path stderr;

  private RunningProcess(String command, Process process, Path stdout, Path stderr) {
    this.command = command;
    this.process = process;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /**
   * Starts a program.
   *
   * @param directory its working and home directory, which gets its output too
   */
  static RunningProcess start(Path directory, List<String> command, Map<String, String> environment)
      throws IOException {
    Path stdout = Files.createTempFile(directory, "stdout-", ".txt");
    Path stderr = Files.createTempFile(directory, "stderr-", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(stdout.toFile())
            .redirectError(stderr.toFile());
    builder.environment().keySet().retainAll(List.of("PATH"));
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(environment);
    return new RunningProcess(String.join(" ", command), builder.start(), stdout, stderr);
  }

  /** Runs a program to its end. */
  static Completed run(Path directory, List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    try (RunningProcess process = start(directory, command, environment)) {
      return process.awaitExit();
    }
  }

  /** Waits for the program's own end. */
  Completed awaitExit() throws InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw failure("has not ended within " + LIMIT_SECONDS + " s");
    }
    return new Completed(command, process.exitValue(), stdout(), stderr());
  }

  /** Waits until the output has a match, and returns its first group, if it has one. */
  String awaitOutput(Pattern pattern) throws InterruptedException {
    return awaitOutput(pattern, LIMIT_SECONDS);
  }

  /** Does the same, but gives up after so many seconds. */
  String awaitOutput(Pattern pattern, int seconds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < deadline) {
      // In this order: what a program says last is not missed when it ends.
      boolean alive = process.isAlive();
      Matcher matcher = pattern.matcher(output());
      if (matcher.find()) {
        return matcher.group(Math.min(1, matcher.groupCount()));
      }
      if (!alive) {
        throw failure("ended without saying " + pattern);
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    throw failure("did not say " + pattern + " within " + seconds + " s");
  }

  private AssertionError failure(String problem) {
    return new AssertionError("%s%n%s%n%s".formatted(command, problem, output()));
  }

  String stdout() {
    return read(stdout);
  }

  String stderr() {
    return read(stderr);
  }

  String output() {
    return stdout() + stderr();
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends SIGTERM, and does not wait. */
  void terminate() {
    process.destroy();
  }

  /** Sends SIGINT, as Ctrl-C does, and does not wait. */
  void interrupt() throws IOException, InterruptedException {
    // Java has no call for it.
    String[] kill = {"sh", "-c", "kill -INT " + process.pid()};
    if (new ProcessBuilder(kill).start().waitFor() != 0) {
      throw failure("did not take SIGINT");
    }
  }

  /** Returns how long it has used processors so far. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  /** Returns how much of the heap of a Java program is in use after a garbage collection. */
  long usedHeap() throws IOException, InterruptedException {
    jcmd("GC.run");
    Matcher used = USED_HEAP.matcher(jcmd("GC.heap_info"));
    if (!used.find()) {
      throw failure("did not say how much of its heap it uses");
    }
    return 1024 * Long.parseLong(used.group(1));
  }

  /** Has a Java program do something, and returns what it says. */
  String jcmd(String command) throws IOException, InterruptedException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    return run(stdout.getParent(), List.of(jcmd, "" + process.pid(), command), Map.of()).orFail();
  }

  Stream<ProcessHandle> descendants() {
    return process.descendants();
  }

  /** Ends the program, by SIGKILL if SIGTERM does not help, and whatever it started. */
  @Override
  public void close() {
    List<ProcessHandle> started = descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    started.forEach(ProcessHandle::destroyForcibly);
  }
}
