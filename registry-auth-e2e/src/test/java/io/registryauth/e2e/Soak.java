// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server as it is shipped, for long under everything at once: what it keeps must not grow. Not
 * one of the tests that run always; its profile is {@code soak}, and says how long.
 */
class Soak {
  private static final Duration TIME =
      Duration.ofMinutes(Long.parseLong(System.getProperty("soak.minutes", "15")));
  private static final Duration INTERVAL =
      TIME.dividedBy(12).compareTo(Duration.ofSeconds(30)) < 0
          ? TIME.dividedBy(12)
          : Duration.ofSeconds(30);
  private static final long MEBIBYTE = 1L << 20;

  // What the last third may have more than the first. Connections come and go.
  private static final int MORE_HEAP_PERCENT = 10;
  private static final long MORE_HEAP = 4 * MEBIBYTE;
  private static final int MORE_THREADS = 10;
  private static final int MORE_FILES = 20;

  // And what may be open in the end that was not in the beginning.
  private static final int FILES_LEFT = 5;
  private static final Duration CONNECTIONS_END = Duration.ofMinutes(2);

  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

  @TempDir private Path directory;

  /**
   * What the server has.
   *
   * @param heap what it can reach of its heap, in bytes
   * @param resident what it has of the memory, in bytes
   */
  private record Sample(long heap, int threads, int files, long resident) {}

  @Test
  void server_underEverythingForLong_keepsNoMoreThanBefore() throws Exception {
    List<Keys> keys = List.of(Keys.generateEc(directory), Keys.generateEc(directory));
    MountedSecret secret = MountedSecret.create(directory, keys.get(0));
    Path htpasswd = SoakLoad.writeHtpasswd(directory, 0);
    String[] arguments = {
      "serve",
      "--listen=127.0.0.1:0",
      "--management-listen=127.0.0.1:0",
      "--credentials=htpasswd:" + htpasswd,
      "--signing-key=" + secret.key(),
      "--signing-cert=" + secret.certificate(),
      "--key-id=rfc7638", // with a fixed one, another key would be refused
      "--trusted-proxies=127.0.0.0/8"
    };
    Shipped shipped = Shipped.read();
    List<String> command = ServerJar.command(shipped.jvmOptions(), arguments);
    try (TokenServer server = TokenServer.start(directory, Map.of(), command);
        SoakLoad load = new SoakLoad(server)) {
      Sample idle = sample(server.process());
      load.fill();
      load.start(secret, keys, directory);
      System.out.printf("%d min, every %d s:%n", TIME.toMinutes(), INTERVAL.toSeconds());
      System.out.println("   s  live KiB  threads  files  resident MiB  requests");
      print(0, idle, 0);
      List<Sample> samples = new ArrayList<>();
      for (long i = 1; i <= TIME.dividedBy(INTERVAL); i++) {
        Thread.sleep(INTERVAL.toMillis());
        load.check();
        samples.add(sample(server.process()));
        print(
            INTERVAL.multipliedBy(i).toSeconds(), samples.get(samples.size() - 1), load.requests());
      }
      load.stop();
      System.out.println(new TreeMap<>(load.answers()));

      List<Sample> warm = samples.subList(samples.size() / 5, samples.size());
      SoftAssertions all = new SoftAssertions();
      assertFlat(all, "threads", warm, Sample::threads, 0, MORE_THREADS);
      assertFlat(all, "files", warm, Sample::files, 0, MORE_FILES);
      String heap = "live heap, most of which is\n" + top(server);
      assertFlat(all, heap, warm, Sample::heap, MORE_HEAP_PERCENT, MORE_HEAP);
      all.assertThat(warm).allMatch(sample -> sample.resident() < shipped.memory() * MEBIBYTE);
      all.assertThat(load.keyIds()).as("keys that have signed").hasSameSizeAs(keys);
      all.assertAll();
      awaitFiles(server.process(), idle.files() + FILES_LEFT);
      assertThat(server.log()).doesNotContain("ERROR", "OutOfMemoryError");
    }
  }

  /** By the histogram of a collected heap: a later question would count what came meanwhile. */
  private static Sample sample(RunningProcess server) throws Exception {
    Matcher total = TOTAL.matcher(server.jcmd("GC.class_histogram"));
    assertThat(total.find()).isTrue();
    Path process = Path.of("/proc", String.valueOf(server.pid()));
    String status = Files.readString(process.resolve("status"));
    return new Sample(
        Long.parseLong(total.group(1)),
        (int) number(status, "Threads:\\s+(\\d+)"),
        files(server),
        1024 * number(status, "VmRSS:\\s+(\\d+) kB"));
  }

  private static long number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(pattern).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private static int files(RunningProcess server) {
    String[] files = Path.of("/proc", String.valueOf(server.pid()), "fd").toFile().list();
    assertThat(files).isNotNull();
    return files.length;
  }

  private static void print(long seconds, Sample sample, int requests) {
    System.out.printf(
        "%4d  %8d  %7d  %5d  %12d  %8d%n",
        seconds,
        sample.heap() / 1024,
        sample.threads(),
        sample.files(),
        sample.resident() / MEBIBYTE,
        requests);
  }

  private static String top(TokenServer server) throws Exception {
    return server
        .process()
        .jcmd("GC.class_histogram")
        .lines()
        .limit(15)
        .reduce("", (all, line) -> all + line + "\n");
  }

  private static void assertFlat(
      SoftAssertions all,
      String what,
      List<Sample> samples,
      ToLongFunction<Sample> value,
      int percent,
      long more) {
    int third = samples.size() / 3;
    long first = median(samples.subList(0, third), value);
    long last = median(samples.subList(samples.size() - third, samples.size()), value);
    System.out.printf("%s: %,d, then %,d%n", what.lines().findFirst().get(), first, last);
    all.assertThat(last)
        .as("%s: %,d in the first third, and in the last", what, first)
        .isLessThanOrEqualTo(first + first * percent / 100 + more);
  }

  private static long median(List<Sample> samples, ToLongFunction<Sample> value) {
    return samples.stream()
        .mapToLong(value)
        .sorted()
        .skip(samples.size() / 2)
        .findFirst()
        .getAsLong();
  }

  /** Waits until connections that nobody uses any more are closed, and files with them. */
  private static void awaitFiles(RunningProcess server, int most) throws Exception {
    long began = System.nanoTime();
    while (files(server) > most) {
      assertThat(System.nanoTime() - began)
          .as("%d files are open, and not %d", files(server), most)
          .isLessThan(CONNECTIONS_END.toNanos());
      Thread.sleep(500);
    }
    System.out.printf("files in the end: %d%n", files(server));
  }
}
