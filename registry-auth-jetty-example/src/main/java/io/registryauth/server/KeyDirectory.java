// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.WRITE;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import io.registryauth.key.KeyEntries;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory with the files of {@link KeyEntries}, which change all at once, or not at all: as in
 * a Secret that Kubernetes mounts, each is a link to {@code ..data/NAME}, and {@code ..data} is a
 * link to the directory that really has them, which a change exchanges. Owner and rights of new
 * files are those of {@code tls.key} and {@code tls.crt}. Other files behind {@code ..data}, as a
 * copy of a mounted Secret has them, stay as they are. One process at a time changes it, which
 * holds a lock on {@code ..lock} meanwhile.
 */
final class KeyDirectory {
  private static final Logger log = LoggerFactory.getLogger(KeyDirectory.class);
  private static final String DATA = "..data";
  private static final String TEMPORARY = "..tmp";
  private static final String VERSION = "..keys-";
  private static final Duration WAIT = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Path directory;
  private final Duration wait;

  /** Tells others of the keys that there will be. */
  @FunctionalInterface
  interface Publication {
    void publish(KeyEntries entries) throws IOException;
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
   * Returns what is there, all of it before a change of another process or all after.
   *
   * @throws IllegalArgumentException if a file cannot be read
   */
  KeyEntries read() {
    ImmutableSet<String> files =
        KeyEntries.NAMES.stream().map(this::file).collect(ImmutableSet.toImmutableSet());
    ImmutableMap<String, String> contents = WatchedFiles.read(ImmutableSet.of(), files);
    Map<String, String> texts = new HashMap<>();
    KeyEntries.NAMES.forEach(name -> texts.put(name, contents.getOrDefault(file(name), "")));
    return new KeyEntries(texts);
  }

  private String file(String name) {
    return directory.resolve(name).toString();
  }

  /**
   * Changes the keys, while nobody else does.
   *
   * @param change makes other keys of those that are there
   * @param publication is done once all is written, and before it takes effect
   * @return what is there then
   * @throws IOException if it cannot be written, or another process changes it for too long; then
   *     all is as it was, and nothing is left of the attempt but what is logged
   */
  KeyEntries update(UnaryOperator<KeyEntries> change, Publication publication) throws IOException {
    try (FileChannel file = FileChannel.open(directory.resolve("..lock"), CREATE, WRITE);
        FileLock lock = lock(file)) {
      assert lock.isValid();
      KeyEntries before = read();
      KeyEntries after = change.apply(before);
      Optional<Path> used = inUse();
      try {
        write(before, after, publication);
      } finally {
        sweep(used);
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

  private Optional<Path> inUse() throws IOException {
    Path data = directory.resolve(DATA);
    return Files.exists(data) ? Optional.of(data.toRealPath()) : Optional.empty();
  }

  /** Deletes the directory of before, and what changes have left that broke off. Never fails. */
  private void sweep(Optional<Path> before) {
    try {
      Files.deleteIfExists(directory.resolve(TEMPORARY));
      Path here = directory.toRealPath();
      Set<Path> old = new HashSet<>();
      before.filter(path -> here.equals(path.getParent())).ifPresent(old::add);
      try (DirectoryStream<Path> versions = Files.newDirectoryStream(here, VERSION + "*")) {
        versions.forEach(old::add);
      }
      inUse().ifPresent(old::remove);
      old.forEach(KeyDirectory::delete);
    } catch (IOException | DirectoryIteratorException e) {
      log.warn("Keys of before may be left in {} ({})", directory, e.toString());
    }
  }

  private static void delete(Path version) {
    try {
      if (Files.isDirectory(version, LinkOption.NOFOLLOW_LINKS)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(version)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
      }
      Files.delete(version);
    } catch (IOException | DirectoryIteratorException e) {
      log.warn("{} is left, and may have keys of before: delete it ({})", version, e.toString());
    }
  }

  private void write(KeyEntries before, KeyEntries after, Publication publication)
      throws IOException {
    if (!before.texts().keySet().stream().allMatch(this::isLink)) {
      exchange(
          before, unchanged -> {}); // so that the files become links while nothing else changes
    }
    exchange(after, publication);
  }

  private boolean isLink(String name) {
    return Files.isSymbolicLink(directory.resolve(name))
        && Files.exists(directory.resolve(DATA).resolve(name));
  }

  private void exchange(KeyEntries entries, Publication publication) throws IOException {
    Optional<Path> before = inUse();
    Path version = Files.createTempDirectory(directory, VERSION);
    for (Map.Entry<String, String> entry : entries.texts().entrySet()) {
      Path file = version.resolve(entry.getKey());
      // In a directory that nobody else may enter yet.
      Files.writeString(file, entry.getValue(), CREATE_NEW, WRITE, DSYNC);
      boolean secret = entry.getKey().endsWith(".key");
      copyOwnerAndRights(directory.resolve(secret ? "tls.key" : "tls.crt"), file);
    }
    if (before.isPresent()) {
      copyOthers(before.get(), version);
    }
    copyOwnerAndRights(directory, version);
    publication.publish(entries);
    for (String name : entries.texts().keySet()) {
      if (!Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        link(directory.resolve(name), Path.of(DATA, name)); // leads nowhere yet: all come together
      }
    }
    link(directory.resolve(DATA), version.getFileName());
    for (String name : KeyEntries.NAMES) {
      if (entries.texts().containsKey(name)) {
        link(directory.resolve(name), Path.of(DATA, name));
      } else {
        Files.deleteIfExists(directory.resolve(name));
      }
    }
  }

  /** Copies what is behind {@code ..data} beside the keys, such as {@code ca.crt}. */
  private static void copyOthers(Path before, Path version) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(before)) {
      for (Path file : files) {
        Path name = file.getFileName();
        if (KeyEntries.NAMES.contains(name.toString())) {
          continue;
        }
        if (!Files.isRegularFile(file)) {
          throw new IOException(file + " is not a file; valid are files alone beside the keys");
        }
        Path copy = version.resolve(name);
        try (OutputStream out = Files.newOutputStream(copy, CREATE_NEW, WRITE, DSYNC)) {
          Files.copy(file, out);
        }
        copyOwnerAndRights(file, copy);
      }
    }
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
