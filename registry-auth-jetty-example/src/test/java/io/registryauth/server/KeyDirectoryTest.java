// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.key.KeyEntries;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class KeyDirectoryTest {
  private static final KeyDirectory.Change STAGE = entries -> with(entries, "next");

  @TempDir private Path path;
  private KeyDirectory directory;

  @BeforeEach
  void writeCurrent() throws IOException {
    Files.writeString(path.resolve("tls.key"), "current key");
    Files.writeString(path.resolve("tls.crt"), "current certificate");
    directory = new KeyDirectory(path);
  }

  private static KeyEntries with(KeyEntries entries, String slot) {
    Map<String, String> texts = new HashMap<>(entries.texts());
    for (String part : List.of(".key", ".crt", ".kid")) {
      texts.put(slot + part, "of the " + slot);
    }
    return new KeyEntries(texts);
  }

  private List<String> hidden() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(n -> n.startsWith(".."))
          .toList();
    }
  }

  @Test
  void update_changed_isReadBack() throws IOException {
    KeyEntries staged = directory.update(STAGE);
    assertThat(staged.texts()).hasSize(5);
    assertThat(directory.read()).isEqualTo(staged);
    assertThat(hidden()).hasSize(3).contains("..data", "..lock");
  }

  /**
   * All files come to be there by the one exchange of {@code ..data}: their links are there before,
   * or a reader would find the key, and not yet its certificate.
   */
  @Test
  void update_thatCannotExchange_hasMadeTheLinksFirstAndLeavesNothingElse() throws IOException {
    KeyEntries before = directory.update(entries -> with(entries, "tls"));
    Path version = path.resolve("..data").toRealPath();
    Files.delete(path.resolve("..data"));
    Files.move(version, path.resolve("..data")); // a directory, in the place of which no link comes
    assertThatThrownBy(() -> directory.update(STAGE)).isInstanceOf(FileSystemException.class);
    assertThat(directory.read()).isEqualTo(before);
    for (String part : List.of("key", "crt", "kid")) {
      assertThat(path.resolve("next." + part)).isSymbolicLink();
    }
    assertThat(hidden()).containsExactlyInAnyOrder("..data", "..lock");
  }

  @Test
  void update_afterOneThatBrokeOff_tidiesUp() throws IOException {
    Path left = Files.createDirectory(path.resolve("..keys-1"));
    Files.writeString(left.resolve("next.key"), "left");
    Files.createSymbolicLink(path.resolve("..tmp"), Path.of("..keys-1"));
    KeyEntries staged = directory.update(STAGE);
    assertThat(directory.read()).isEqualTo(staged);
    assertThat(hidden()).hasSize(3).doesNotContain("..keys-1", "..tmp");
  }

  @Test
  void update_thatIsRefused_changesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                directory.update(
                    entries -> {
                      throw new IllegalStateException("not now");
                    }))
        .hasMessage("not now");
    assertThat(path.resolve("tls.key")).isRegularFile();
    assertThat(hidden()).containsExactly("..lock");
  }

  @Test
  void update_whileAnotherChanges_waitsAndLosesNothing_orSaysWhy() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CompletableFuture<KeyEntries> first =
        run(
            directory,
            entries -> {
              begun.countDown();
              await(goOn);
              return with(entries, "next");
            });
    await(begun);
    KeyDirectory impatient = new KeyDirectory(path, Duration.ofMillis(1));
    assertThatThrownBy(() -> impatient.update(STAGE))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("Another command changes the keys", path.toString());
    CompletableFuture<KeyEntries> second =
        run(new KeyDirectory(path, Duration.ofMinutes(1)), entries -> with(entries, "retired"));
    goOn.countDown();
    assertThat(first.get(30, TimeUnit.SECONDS).texts()).hasSize(5);
    assertThat(second.get(30, TimeUnit.SECONDS).texts()).hasSize(8);
    assertThat(directory.read().texts()).hasSize(8);
  }

  private static CompletableFuture<KeyEntries> run(
      KeyDirectory directory, KeyDirectory.Change change) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return directory.update(change);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        },
        task -> new Thread(task).start());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
