// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.WRITE;

import io.registryauth.key.KeyEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A directory with the files of {@link KeyEntries}, which change all at once, or not at all: as in
 * a Secret that Kubernetes mounts, each is a link to {@code ..data/NAME}, and {@code ..data} is a
 * link to the directory that really has them, which a change exchanges. Owner and rights of new
 * files are those of {@code tls.key} and {@code tls.crt}.
 */
final class KeyDirectory {
  private static final String DATA = "..data";

  private final Path directory;

  KeyDirectory(Path directory) {
    this.directory = directory;
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

  void write(KeyEntries entries) throws IOException {
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
    Path version = Files.createTempDirectory(directory, "..keys-");
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
    for (String name : KeyEntries.NAMES) {
      Files.deleteIfExists(before.resolve(name));
    }
    Files.deleteIfExists(before);
  }

  private void link(Path link, Path target) throws IOException {
    if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(target)) {
      return;
    }
    Path temporary = directory.resolve("..tmp");
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
