// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Credentials in files, one directory an account, as Kubernetes shows a Secret that is mounted as a
 * volume:
 *
 * <pre>
 * DIRECTORY/test-build/username    test-build
 * DIRECTORY/test-build/password    test-password-123
 * DIRECTORY/test-build+ci/username test-build+ci
 * DIRECTORY/test-build+ci/password ci-password-123
 * </pre>
 *
 * <p>{@link CredentialEntries} says which files there may be. They are read for each request, so
 * that a change works at once. Thread-safe.
 */
public final class DirectoryCredentialStore implements CredentialStore {
  private static final int MAX_ATTEMPTS = 3;

  private final Path directory;

  /**
   * Makes a store.
   *
   * @param directory the directory with a subdirectory for each account, named as its user is
   * @throws IllegalArgumentException if it is not a directory
   */
  public DirectoryCredentialStore(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new IllegalArgumentException(
          "The credentials directory \"" + directory + "\" is not a directory");
    }
    this.directory = directory;
  }

  /**
   * Reads the files of an account.
   *
   * @throws CredentialStoreException if a file cannot be read, or if the whole directory is gone
   */
  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    Path files = directory.resolve(lookup.account().username());
    for (int attempt = 0; attempt < MAX_ATTEMPTS && Files.isDirectory(files); attempt++) {
      Path version = version(files);
      Optional<StoredCredentials> found =
          CredentialEntries.read(name -> read(version.resolve(name)));
      if (version.equals(version(files))) {
        return found;
      }
    }
    if (Files.isDirectory(files)) {
      throw new CredentialStoreException("The files of " + lookup.account() + " keep changing");
    }
    if (!Files.isDirectory(directory)) {
      throw new CredentialStoreException("The directory " + directory + " is gone");
    }
    return Optional.empty();
  }

  /**
   * Returns where all files are of one version: Kubernetes exchanges the link {@code ..data}, and
   * deletes what it led to, while they are being read.
   */
  private static Path version(Path files) {
    try {
      return files.resolve("..data").toRealPath();
    } catch (IOException e) {
      return files; // not written by Kubernetes
    }
  }

  private static Optional<byte[]> read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CredentialStoreException("Cannot read " + file + ": it is not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(in.readNBytes(CredentialEntries.MAX_BYTES + 1)); // one more tells too many
    } catch (NoSuchFileException e) {
      if (Files.isSymbolicLink(file)) {
        // Not as if it were not there: what it was to take away would be had.
        throw new CredentialStoreException("Cannot read " + file + ": the link leads nowhere", e);
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new CredentialStoreException("Cannot read " + file, e);
    }
  }
}
