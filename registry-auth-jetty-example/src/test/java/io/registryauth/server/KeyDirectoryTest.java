// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.registryauth.key.KeyEntries;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class KeyDirectoryTest {
  private static final KeyDirectory.Publication NOBODY = entries -> {};

  @TempDir private Path path;
  private KeyDirectory directory;

  @BeforeEach
  void writeCurrent() throws IOException {
    Files.writeString(path.resolve("tls.key"), "current key");
    Files.writeString(path.resolve("tls.crt"), "current certificate");
    directory = new KeyDirectory(path);
  }

  private static KeyEntries stage(KeyEntries entries) {
    return with(entries, "next");
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
    KeyEntries staged = directory.update(KeyDirectoryTest::stage, NOBODY);
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
    KeyEntries before = directory.update(entries -> with(entries, "tls"), NOBODY);
    Path version = path.resolve("..data").toRealPath();
    Files.delete(path.resolve("..data"));
    Files.move(version, path.resolve("..data")); // a directory, in the place of which no link comes
    assertThatThrownBy(() -> directory.update(KeyDirectoryTest::stage, NOBODY))
        .isInstanceOf(FileSystemException.class);
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
    KeyEntries staged = directory.update(KeyDirectoryTest::stage, NOBODY);
    assertThat(directory.read()).isEqualTo(staged);
    assertThat(hidden()).hasSize(3).doesNotContain("..keys-1", "..tmp");
  }

  /** As {@code cp -a} copies a Secret that Kubernetes has mounted. */
  private Path copyOfAMount() throws IOException {
    Path version = Files.createDirectory(path.resolve("..2026_11_25_12_00_00.1"));
    Files.writeString(version.resolve("ca.crt"), "of an authority");
    Files.createSymbolicLink(path.resolve("..data"), version.getFileName());
    Files.createSymbolicLink(path.resolve("ca.crt"), Path.of("..data", "ca.crt"));
    for (String name : List.of("tls.key", "tls.crt")) {
      Files.move(path.resolve(name), version.resolve(name));
      Files.createSymbolicLink(path.resolve(name), Path.of("..data", name));
    }
    return version;
  }

  @Test
  void update_ofACopyOfAMountedSecret_keepsWhatElseItHas() throws IOException {
    Path version = copyOfAMount();
    Files.setPosixFilePermissions(
        version.resolve("ca.crt"), PosixFilePermissions.fromString("r--r-----"));
    KeyEntries staged = directory.update(KeyDirectoryTest::stage, NOBODY);
    assertThat(directory.read()).isEqualTo(staged);
    assertThat(path.resolve("ca.crt")).isSymbolicLink().hasContent("of an authority");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.resolve("ca.crt"))))
        .isEqualTo("r--r-----");
    assertThat(version).doesNotExist();
    assertThat(hidden()).hasSize(3).contains("..data", "..lock");
  }

  @Test
  void update_ofWhatElseCannotBeKept_isRefusedAndChangesNothing() throws IOException {
    Path other = Files.createDirectories(copyOfAMount().resolve("more/below"));
    AtomicBoolean published = new AtomicBoolean();
    assertThatThrownBy(() -> directory.update(KeyDirectoryTest::stage, keys -> published.set(true)))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(other.getParent().toString(), "valid are files alone");
    assertThat(directory.read().texts()).containsOnlyKeys("tls.key", "tls.crt");
    assertThat(other).exists();
    assertThat(published).as("a key that nobody has").isFalse();
    assertThat(hidden()).hasSize(3);
  }

  @Test
  void update_thatCannotBePublished_changesNothing() throws IOException {
    KeyDirectory.Publication full =
        entries -> {
          assertThat(entries.texts()).hasSize(5);
          throw new IOException("No space left");
        };
    assertThatThrownBy(() -> directory.update(KeyDirectoryTest::stage, full))
        .hasMessage("No space left");
    assertThat(directory.read().texts()).hasSize(2);
    assertThat(path.resolve("next.key")).doesNotExist();
    assertThat(hidden()).hasSize(3).contains("..data", "..lock");
  }

  @Test
  void update_whereTheDataIsElsewhere_leavesThatAlone(@TempDir Path elsewhere) throws IOException {
    Files.writeString(elsewhere.resolve("tls.key"), "of others");
    Files.createSymbolicLink(path.resolve("..data"), elsewhere);
    KeyEntries unused = directory.update(KeyDirectoryTest::stage, NOBODY);
    assertThat(elsewhere.resolve("tls.key")).hasContent("of others");
  }

  /** What is done is done, and the reason why something is not done is not to be hidden. */
  @Test
  void update_thatCannotTidyUp_isDoneOrFailsAsItWould() throws IOException {
    Logger logger = (Logger) LoggerFactory.getLogger(KeyDirectory.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try {
      Path left = path.resolve("..keys-1");
      Files.createDirectories(left.resolve("below/below"));
      KeyEntries staged = directory.update(KeyDirectoryTest::stage, NOBODY);
      assertThat(directory.read()).isEqualTo(staged);
      Files.createDirectories(path.resolve("..data").toRealPath().resolve("more"));
      assertThatThrownBy(() -> directory.update(KeyDirectoryTest::stage, NOBODY))
          .hasMessageContaining("is not a file");
      assertThat(log.list)
          .hasSize(2)
          .allSatisfy(event -> assertThat(event.getFormattedMessage()).contains(left + " is left"));
    } finally {
      logger.detachAppender(log);
    }
  }

  @Test
  void update_thatIsRefused_changesNothing() throws IOException {
    assertThatThrownBy(
            () ->
                directory.update(
                    entries -> {
                      throw new IllegalStateException("not now");
                    },
                    NOBODY))
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
    assertThatThrownBy(() -> impatient.update(KeyDirectoryTest::stage, NOBODY))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("Another command changes the keys", path.toString());
    CompletableFuture<KeyEntries> second =
        run(new KeyDirectory(path, Duration.ofMinutes(1)), entries -> with(entries, "retired"));
    goOn.countDown();
    assertThat(first.get(30, TimeUnit.SECONDS).texts()).hasSize(5);
    assertThat(second.get(30, TimeUnit.SECONDS).texts()).hasSize(8);
    assertThat(directory.read().texts()).hasSize(8);
  }

  /** Else a key would meet the certificate of another, and that would be said of good files. */
  @Test
  void read_whileAnotherChanges_isOfBeforeOrAfter() throws Exception {
    KeyEntries unused = directory.update(entries -> all("0"), NOBODY);
    CompletableFuture<Void> changes =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 1; i <= 50; i++) {
                KeyEntries changed = all(String.valueOf(i));
                run(directory, entries -> changed).join();
              }
            },
            task -> new Thread(task).start());
    while (!changes.isDone()) {
      tryToRead().ifPresent(keys -> assertThat(Set.copyOf(keys.texts().values())).hasSize(1));
    }
    changes.get(30, TimeUnit.SECONDS);
  }

  private Optional<KeyEntries> tryToRead() {
    try {
      return Optional.of(directory.read());
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // that the files change while they are read is a right answer, too
    }
  }

  private static KeyEntries all(String text) {
    return new KeyEntries(
        KeyEntries.NAMES.stream().collect(Collectors.toMap(name -> name, name -> text)));
  }

  private static CompletableFuture<KeyEntries> run(
      KeyDirectory directory, UnaryOperator<KeyEntries> change) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return directory.update(change, NOBODY);
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
