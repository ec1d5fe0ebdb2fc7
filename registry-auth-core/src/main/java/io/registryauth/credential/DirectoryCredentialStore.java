// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Credentials in files, one directory a namespace, as Kubernetes shows a Secret that is mounted as
 * a volume:
 *
 * <pre>
 * DIRECTORY/test-build/username    test-build
 * DIRECTORY/test-build/password    test-password-123
 * </pre>
 *
 * <p>The files are read for each request, so that a change works at once. They hold UTF-8 text of
 * at most {@value #MAX_FILE_BYTES} bytes; one line end after it is dropped, since a password with a
 * line end could not be sent anyway. Thread-safe.
 */
public final class DirectoryCredentialStore implements CredentialStore {
  private static final int MAX_FILE_BYTES = 1024;

  private final Path directory;

  /**
   * Makes a store.
   *
   * @param directory the directory with a subdirectory for each namespace
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
   * Reads the files of a namespace. Without its directory, or without both files, it has no
   * credentials; without one of them, or with an empty password, it has credentials that nobody can
   * present.
   *
   * @throws CredentialStoreException if a file cannot be read, is too large or is not UTF-8, or if
   *     the whole directory is gone
   */
  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    Path files = directory.resolve(lookup.namespace().value());
    Optional<String> username = Optional.empty();
    Optional<String> password = Optional.empty();
    if (Files.isDirectory(files)) {
      username = read(files.resolve("username"));
      password = read(files.resolve("password"));
    } else if (!Files.isDirectory(directory)) {
      throw new CredentialStoreException("The directory " + directory + " is gone");
    }
    if (username.isEmpty() && password.isEmpty()) {
      return Optional.empty();
    }
    ImmutableList<Password> passwords =
        password
            .filter(text -> !text.isEmpty())
            .map(text -> ImmutableList.of(Password.of(text)))
            .orElse(ImmutableList.of());
    return Optional.of(new StoredCredentials(username.orElse(""), passwords));
  }

  private static Optional<String> read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CredentialStoreException("Cannot read " + file + ": it is not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) {
        throw new CredentialStoreException(file + " is larger than " + MAX_FILE_BYTES + " bytes");
      }
      return Optional.of(
          withoutLineEnd(UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new CredentialStoreException("Cannot read " + file, e);
    }
  }

  private static String withoutLineEnd(String text) {
    if (text.endsWith("\r\n")) {
      return text.substring(0, text.length() - 2);
    }
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }
}
