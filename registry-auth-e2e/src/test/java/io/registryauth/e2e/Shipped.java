// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The limits of the Deployment, and what the image makes of them.
 *
 * @param processors how many the container may use
 * @param memory how much it may have, in MiB
 * @param heapPercent how much of that the heap may become
 */
record Shipped(int processors, int memory, int heapPercent) {
  private static final Path OPTIONS =
      Path.of("../registry-auth-jetty-example/src/package/jvm.options").toAbsolutePath();
  private static final Path DEPLOYMENT = Path.of("../deploy/registry-auth/deployment.yaml");

  /** The image's, by which memory that was taken to compile goes back to the system. */
  static final Map<String, String> ENVIRONMENT =
      Map.of(
          "MALLOC_ARENA_MAX", "1",
          "MALLOC_MMAP_THRESHOLD_", "30000",
          "MALLOC_TOP_PAD_", "65536",
          "MALLOC_TRIM_THRESHOLD_", "65536");

  private static final Pattern LIMITS =
      Pattern.compile("limits:\\s+cpu: \"(\\d+)\"\\s+memory: (\\d+)Mi");
  private static final Pattern HEAP = Pattern.compile("(?m)^-XX:MaxRAMPercentage=(\\d+)$");

  static Shipped read() throws IOException {
    Matcher limits = LIMITS.matcher(Files.readString(DEPLOYMENT));
    Matcher heap = HEAP.matcher(Files.readString(OPTIONS));
    assertThat(limits.find()).isTrue();
    assertThat(heap.find()).isTrue();
    return new Shipped(
        Integer.parseInt(limits.group(1)),
        Integer.parseInt(limits.group(2)),
        Integer.parseInt(heap.group(1)));
  }

  /** How much the JVM may take beside its heap, in MiB. */
  int besideHeap() {
    return memory - memory * heapPercent / 100;
  }

  /** Returns options by which a JVM takes itself to be in that container, and the image's. */
  List<String> jvmOptions() {
    return List.of(
        "-XX:TieredStopAtLevel=4",
        "-XX:ActiveProcessorCount=" + processors,
        "-XX:MaxRAM=" + memory + "m",
        "@" + OPTIONS.normalize());
  }

  /** Returns them with the option by which the image has its archive of class data. */
  List<String> jvmOptionsWithArchive() {
    return Stream.concat(
            jvmOptions().stream(), Stream.of("-XX:SharedArchiveFile=" + ServerJar.archive()))
        .toList();
  }
}
