// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.WRITE;

import io.registryauth.key.KeyEntries;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A directory with the files of {@link KeyEntries}, which change all at once, or not at all: as in
 * a Secret that Kubernetes mounts, each is a link to {@code ..data/NAME}, and {@code ..data} is a
 * link to the directory that really has them, which a change exchanges. Owner and rights of new
 * files are those of {@code tls.key} and {@code tls.crt}. One process at a time changes it, which
 * holds a lock on {@code ..lock} meanwhile.
 */
final class KeyDirectory {
  private static final String DATA = "..data";
  private static final String TEMPORARY = "..tmp";
  private static final String VERSION = "..keys-";
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Path directory;
  private final Duration wait;

  /** Makes other keys of those that are there. */
  @FunctionalInterface
  interface Change {
    KeyEntries apply(KeyEntries entries) throws IOException;
  }

  KeyDirectory(Path directory) {
    this(directory, WAIT);
  }

  /** Names the directory, and how long to wait for another that changes it. */
  KeyDirectory(Path directory, Duration wait) {
    this.directory = directory;
    this.wait = wait;
  }

  /**
   * Returns what is there.
   *
   * @throws IllegalArgumentException if a file cannot be read
   */
  KeyEntries read() {
    Map<String, String> texts = new HashMap<>();
    for (String name : KeyEntries.NAMES) {
      if (Files.exists(directory.resolve(name))) {
        texts.put(name, OptionValues.contents(directory.resolve(name).toString()));
      }
    }
    return new KeyEntries(texts);
  }

  /**
   * Changes the keys, while nobody else does.
   *
   * @return what is there then
   * @throws IOException if it cannot be written, or another process changes it for too long; then
   *     all is as it was, and nothing is left of the attempt
   */
  KeyEntries update(Change change) throws IOException {
    try (FileChannel file = FileChannel.open(directory.resolve("..lock"), CREATE, WRITE);
        FileLock lock = lock(file)) {
      assert lock.isValid();
      KeyEntries after = change.apply(read());
      try {
        write(after);
      } finally {
        sweep();
      }
      return after;
    }
  }

  private FileLock lock(FileChannel file) throws IOException {
    long start = System.nanoTime();
    do {
      Optional<FileLock> lock = tryLock(file);
      if (lock.isPresent()) {
        return lock.get();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    } while (System.nanoTime() - start < wait.toNanos());
    throw new IOException(
        "Another command changes the keys in "
            + directory
            + ", and was not done within "
            + wait.toSeconds()
            + " s; nothing is changed");
  }

  private static Optional<FileLock> tryLock(FileChannel file) throws IOException {
    try {
      return Optional.ofNullable(file.tryLock());
    } catch (OverlappingFileLockException e) {
      return Optional.empty(); // another thread of this process has it
    }
  }

  /** Deletes what changes have left that broke off. */
  private void sweep() throws IOException {
    Files.deleteIfExists(directory.resolve(TEMPORARY));
    Path data = directory.resolve(DATA);
    Optional<Path> inUse = Files.exists(data) ? Optional.of(data.toRealPath()) : Optional.empty();
    try (DirectoryStream<Path> versions = Files.newDirectoryStream(directory, VERSION + "*")) {
      for (Path version : versions) {
        if (!inUse.equals(Optional.of(version.toRealPath()))) {
          delete(version);
        }
      }
    }
  }

  private static void delete(Path version) throws IOException {
    for (String name : KeyEntries.NAMES) {
      Files.deleteIfExists(version.resolve(name));
    }
    Files.deleteIfExists(version);
  }

  private void write(KeyEntries entries) throws IOException {
    KeyEntries before = read();
    if (!before.texts().keySet().stream().allMatch(this::isLink)) {
      exchange(before); // so that the files become links while nothing else changes
    }
    exchange(entries);
  }

  private boolean isLink(String name) {
    return Files.isSymbolicLink(directory.resolve(name))
        && Files.exists(directory.resolve(DATA).resolve(name));
  }

  private void exchange(KeyEntries entries) throws IOException {
    Path data = directory.resolve(DATA);
    Path before = Files.exists(data) ? data.toRealPath() : directory.resolve("..none");
    Path version = Files.createTempDirectory(directory, VERSION);
    for (Map.Entry<String, String> entry : entries.texts().entrySet()) {
      Path file = version.resolve(entry.getKey());
      // In a directory that nobody else may enter yet.
      Files.writeString(file, entry.getValue(), CREATE_NEW, WRITE, DSYNC);
      boolean secret = entry.getKey().endsWith(".key");
      copyOwnerAndRights(directory.resolve(secret ? "tls.key" : "tls.crt"), file);
    }
    copyOwnerAndRights(directory, version);
    for (String name : entries.texts().keySet()) {
      if (!Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        link(directory.resolve(name), Path.of(DATA, name)); // leads nowhere yet: all come together
      }
    }
    link(data, version.getFileName());
    for (String name : KeyEntries.NAMES) {
      if (entries.texts().containsKey(name)) {
        link(directory.resolve(name), Path.of(DATA, name));
      } else {
        Files.deleteIfExists(directory.resolve(name));
      }
    }
    delete(before);
  }

  private void link(Path link, Path target) throws IOException {
    if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(target)) {
      return;
    }
    Path temporary = directory.resolve(TEMPORARY);
    Files.deleteIfExists(temporary); // of a run that broke off
    Path made = Files.createSymbolicLink(temporary, target);
    Files.move(made, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void copyOwnerAndRights(Path from, Path to) throws IOException {
    PosixFileAttributeView target =
        Files.getFileAttributeView(to, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    if (target == null) {
      return; // not a system that has such
    }
    PosixFileAttributes wanted = Files.readAttributes(from, PosixFileAttributes.class);
    PosixFileAttributes now = target.readAttributes();
    if (!Objects.equals(now.group(), wanted.group())) {
      target.setGroup(wanted.group());
    }
    target.setPermissions(wanted.permissions());
    if (!Objects.equals(now.owner(), wanted.owner())) {
      target.setOwner(wanted.owner());
    }
  }
}
