// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class WatchedFilesTest {
  @TempDir private Path directory;

  @Test
  void start_lookThatFailsOfAnError_isFollowedByTheNext() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "text");
    CountDownLatch looks = new CountDownLatch(3);
    try (WatchedFiles<String> files =
        new WatchedFiles<>(
            ImmutableSet.of(file.toString()),
            ImmutableSet.of(),
            Object::toString,
            LoggerFactory.getLogger(WatchedFilesTest.class))) {
      files.start(
          () -> {
            looks.countDown();
            throw new StackOverflowError("as the test has it");
          },
          Duration.ofMillis(10));

      assertThat(looks.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
