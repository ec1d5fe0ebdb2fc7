// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Credentials in one htpasswd file, a line for each account, as {@code htpasswd -B} writes it:
 *
 * <pre>
 * # comments and blank lines may stand between
 * test-build:$2y$10$...
 * </pre>
 *
 * <p>A line cannot confine its account, which has all that its namespace has. Only bcrypt hashes
 * are taken ({@link StoredPassword#bcrypt} says which); a line with anything else, a user that is
 * no {@link io.registryauth.tenant.AccountName}, or a user that has a line already, makes the whole
 * file wrong. So a mistake is found when the file is written, not when a tenant is turned away.
 *
 * <p>The file is looked at for each request, through links, and read again when it is another or of
 * another size or time. So a change works at once; one that leaves size and time as they were works
 * within a second if it follows the change before that closely, and else never.
 *
 * <p>If the file is gone or wrong, this store cannot tell who is in it, and says so. It does not go
 * on with what it read before: that is what {@link CachingCredentialStore} does in front of it, for
 * as long as the operator allows. Replace the file by renaming another over it: half a file may be
 * a valid one, which lacks the other half's tenants. Thread-safe.
 */
public final class HtpasswdCredentialStore implements CredentialStore {
  /** The most that the file may have, in bytes: room for 50,000 accounts at least. */
  public static final int MAX_BYTES = 10 * 1024 * 1024;

  private static final long SETTLING_NANOS = SECONDS.toNanos(1);

  private final Path file;
  private final LongSupplier ticker;
  private final Object reading = new Object();
  private volatile Version version;

  /** What tells one state of the file from another. */
  private record Stamp(long size, FileTime modified, Optional<Object> key) {}

  /**
   * What was read.
   *
   * @param firstSeen when the file was first seen to have this stamp
   * @param settled whether it was read so long after that a later change must have another stamp: a
   *     file system's clock may tick only a few hundred times a second
   * @param fault what is wrong with the file, if anything
   */
  private record Version(
      Stamp stamp, long firstSeen, boolean settled, HtpasswdFile content, Optional<String> fault) {}

  /**
   * Makes a store, and reads the file.
   *
   * @param file the htpasswd file
   * @throws IllegalArgumentException if it cannot be read or is wrong; the message says in which
   *     line and what is valid, and shows nothing that the file holds
   */
  public HtpasswdCredentialStore(Path file) {
    this(file, System::nanoTime);
  }

  /** Makes a store with a source of elapsed time, in nanoseconds from any origin. */
  HtpasswdCredentialStore(Path file, LongSupplier ticker) {
    this.file = file;
    this.ticker = ticker;
    try {
      Stamp stamp = stamp();
      version = read(stamp, ticker.getAsLong(), false);
    } catch (CredentialStoreException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    version
        .fault()
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(fault);
            });
  }

  /**
   * Finds an account's line.
   *
   * @throws CredentialStoreException if the file cannot be read, or is wrong
   */
  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    Version current = current();
    if (current.fault().isPresent()) {
      throw new CredentialStoreException(current.fault().get());
    }
    return Optional.ofNullable(current.content().credentials().get(lookup.account()));
  }

  @Override
  public StoredPassword standIn() {
    return version.content().standIn();
  }

  private Version current() {
    Version held = version;
    if (isOf(stamp(), held)) {
      return held;
    }
    synchronized (reading) {
      // Before the content, so that a change in between is seen by the next request.
      Stamp stamp = stamp();
      held = version;
      if (!isOf(stamp, held)) {
        long now = ticker.getAsLong();
        version =
            stamp.equals(held.stamp())
                ? read(stamp, held.firstSeen(), true)
                : read(stamp, now, false);
      }
      return version;
    }
  }

  private boolean isOf(Stamp stamp, Version held) {
    return stamp.equals(held.stamp())
        && (held.settled() || ticker.getAsLong() - held.firstSeen() < SETTLING_NANOS);
  }

  private Stamp stamp() {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new CredentialStoreException(named() + " is not a file");
      }
      return new Stamp(
          attributes.size(),
          attributes.lastModifiedTime(),
          Optional.ofNullable(attributes.fileKey()));
    } catch (IOException e) {
      throw new CredentialStoreException(named() + " cannot be read: " + e, e);
    }
  }

  private Version read(Stamp stamp, long firstSeen, boolean settled) {
    byte[] content;
    try (InputStream in = Files.newInputStream(file)) {
      content = in.readNBytes(MAX_BYTES + 1); // one more tells too many
    } catch (IOException e) {
      throw new CredentialStoreException(named() + " cannot be read: " + e, e);
    }
    if (content.length > MAX_BYTES) {
      return wrong(stamp, firstSeen, settled, " has more than " + MAX_BYTES + " bytes");
    }
    try {
      // Names and hashes are ASCII, and comments may be in any encoding.
      HtpasswdFile parsed = HtpasswdFile.parse(new String(content, ISO_8859_1));
      return new Version(stamp, firstSeen, settled, parsed, Optional.empty());
    } catch (IllegalArgumentException e) {
      return wrong(stamp, firstSeen, settled, ", " + e.getMessage());
    }
  }

  private Version wrong(Stamp stamp, long firstSeen, boolean settled, String why) {
    return new Version(stamp, firstSeen, settled, HtpasswdFile.EMPTY, Optional.of(named() + why));
  }

  private String named() {
    return "The htpasswd file \"" + file + "\"";
  }
}
