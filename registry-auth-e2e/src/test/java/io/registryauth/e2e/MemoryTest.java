// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a server takes of the memory as it is shipped. */
@Tag(Alone.TAG)
@EnabledOnOs(OS.LINUX)
class MemoryTest {
  private static final int CLIENTS = 16;
  private static final Duration LOAD = Duration.ofSeconds(20);
  private static final int MAX_RESIDENT = 150;
  private static final Pattern HEAP = Pattern.compile("(?:generation|tenured).* total (\\d+)K");

  @TempDir private Path directory;

  /**
   * With the kind of key that makes for the most tokens, and so for the most of everything else.
   */
  @Test
  void server_underLoadAtTheShippedLimits_takes150MiBAtTheMost() throws Exception {
    Shipped shipped = Shipped.read();
    Keys keys = Keys.generateEc(directory);
    try (TokenServer server =
            TokenServer.start(
                directory,
                Shipped.ENVIRONMENT,
                ServerJar.command(
                    shipped.jvmOptionsWithArchive(),
                    "serve",
                    "--listen=127.0.0.1:0",
                    "--management-listen=127.0.0.1:0",
                    "--credentials=directory:" + TokenServer.credentials(directory),
                    "--signing-key=" + keys.key(),
                    "--signing-cert=" + keys.certificate()));
        Load load = Load.withoutPause()) {
      for (int i = 0; i < CLIENTS; i++) {
        load.add("tenant", server, () -> Tenant.TEST_BUILD);
      }
      Thread.sleep(LOAD.toMillis());
      load.stop();
      int peak = mebibytes(server, "VmHWM");
      int resident = mebibytes(server, "VmRSS");
      int heap = heap(server);
      System.err.printf(
          "%s; at the most %d MiB, now %d of which %d are the heap%n",
          load.outcome("tenant"), peak, resident, heap);

      assertThat(load.outcome("tenant").statuses().keySet()).containsExactly(200);
      assertThat(peak).isLessThanOrEqualTo(MAX_RESIDENT);
      assertThat(resident - heap)
          .as("beside the heap, which may become all that the limit leaves")
          .isLessThanOrEqualTo(shipped.besideHeap());
    }
  }

  /** Returns how much of the memory the heap has, used or not. */
  private static int heap(TokenServer server) throws Exception {
    Matcher heap = HEAP.matcher(server.process().jcmd("GC.heap_info"));
    int kibibytes = 0;
    while (heap.find()) {
      kibibytes += Integer.parseInt(heap.group(1));
    }
    assertThat(kibibytes).isPositive();
    return kibibytes / 1024;
  }

  private static int mebibytes(TokenServer server, String name) throws Exception {
    Path status = Path.of("/proc", String.valueOf(server.process().pid()), "status");
    Matcher matcher = Pattern.compile(name + ":\\s+(\\d+) kB").matcher(Files.readString(status));
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1)) / 1024;
  }
}
