// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An account's credentials as entries with names: the keys of a Kubernetes Secret, or the files of
 * a directory.
 *
 * <table>
 * <caption>Entries</caption>
 * <tr><th>name</th><th>what it holds</th></tr>
 * <tr><td>{@code username}</td><td>the user name, which must be the account's</td></tr>
 * <tr><td>{@code password}</td><td>the password</td></tr>
 * <tr><td>{@code password-hash}</td><td>in its place, the password's bcrypt hash</td></tr>
 * <tr><td>{@code password-previous}</td><td>optional: another password, in the clear, that is valid,
 * too, while a rotation lasts</td></tr>
 * <tr><td>{@code password-previous-expires}</td><td>optional: until when, RFC 3339</td></tr>
 * <tr><td>{@code expires}</td><td>optional: until when all of this is valid, RFC 3339</td></tr>
 * <tr><td>{@code actions}</td><td>optional: what the account may do at most, of {@code pull},
 * {@code push} and {@code delete}, with commas between</td></tr>
 * <tr><td>{@code repositories}</td><td>optional: the repositories it is confined to, with commas
 * between; {@code test-build/team/*} is for all below</td></tr>
 * </table>
 *
 * <p>All are UTF-8 of at most {@value #MAX_BYTES} bytes. One line end after the text is dropped: a
 * password with a line end could not be sent anyway. An entry that cannot be made sense of never
 * lets anybody in, and one that would narrow lets nobody in at all; {@link
 * StoredCredentials#problem} says which, for the audit log.
 */
public final class CredentialEntries {
  /** The most that an entry may have, in bytes. */
  public static final int MAX_BYTES = 1024;

  /** The names of all entries. */
  public static final Set<String> NAMES =
      ImmutableSet.of(
          "username",
          "password",
          "password-hash",
          "password-previous",
          "password-previous-expires",
          "expires",
          "actions",
          "repositories");

  private final Function<String, Optional<byte[]>> entries;
  private boolean anyThere;
  private Optional<String> problem = Optional.empty();

  private CredentialEntries(Function<String, Optional<byte[]>> entries) {
    this.entries = entries;
  }

  /**
   * Reads what is stored.
   *
   * @param entries finds an entry by its name
   * @return the credentials, or empty if none of the entries is there
   */
  public static Optional<StoredCredentials> read(Function<String, Optional<byte[]>> entries) {
    return new CredentialEntries(entries).read();
  }

  private Optional<StoredCredentials> read() {
    Optional<String> username = text("username");
    Optional<StoredPassword> password = password();
    // A password of before goes with a password of now: taking that away refuses everybody.
    Stream<StoredPassword> passwords =
        Stream.concat(password.stream(), password.flatMap(now -> previous()).stream());
    if (password.isEmpty()) {
      unusable("password-is-missing");
    }
    Optional<Instant> expires = time("expires");
    Optional<Restriction> restriction = restriction();
    boolean usable = expires.isPresent() && restriction.isPresent();
    return anyThere
        ? Optional.of(
            new StoredCredentials(
                username.orElse(""),
                passwords.filter(any -> usable).map(one -> one.until(expires.get())).toList(),
                problem,
                restriction.orElse(Restriction.NONE)))
        : Optional.empty();
  }

  private Optional<StoredPassword> password() {
    Optional<String> password = text("password");
    Optional<String> hash = text("password-hash");
    if (password.isPresent() && hash.isPresent()) {
      return unusable("password-and-password-hash-are-both-there");
    }
    try {
      return hash.isPresent() ? hash.map(StoredPassword::bcrypt) : clear("password", password);
    } catch (IllegalArgumentException e) {
      return unusable("password-hash-is-no-bcrypt-hash-of-cost-4-to-12");
    }
  }

  private Optional<StoredPassword> previous() {
    Optional<StoredPassword> previous = clear("password-previous", text("password-previous"));
    return time("password-previous-expires")
        .flatMap(expires -> previous.map(password -> password.until(expires)));
  }

  private Optional<Instant> time(String name) {
    return narrowing(
        name, Instant.MAX, text -> OffsetDateTime.parse(text).toInstant(), "-is-no-rfc-3339-time");
  }

  private Optional<Restriction> restriction() {
    return narrowing(
            "actions",
            Restriction.NONE,
            Restriction.NONE::toActions,
            "-is-no-list-of-pull-push-and-delete")
        .flatMap(
            ofActions ->
                narrowing(
                    "repositories",
                    ofActions,
                    ofActions::toRepositories,
                    "-is-no-list-of-repositories"));
  }

  /**
   * Reads an entry that takes something away, which must not be more by a mistake in it.
   *
   * @param absent what holds without it
   * @param parser reads it; fails if it makes no sense
   * @param wrong what is said of it then
   * @return empty if it is there and makes no sense
   */
  private <T> Optional<T> narrowing(
      String name, T absent, Function<String, T> parser, String wrong) {
    if (entries.apply(name).isEmpty()) {
      return Optional.of(absent);
    }
    Optional<T> value = Optional.empty();
    try {
      value = text(name).map(parser);
    } catch (IllegalArgumentException | DateTimeException e) {
      // What it holds may be anything, and is not for the log.
    }
    return value.isPresent() ? value : unusable(name + wrong);
  }

  /** Takes a text for a password, but not a hash: whoever has seen that must not get in by it. */
  private Optional<StoredPassword> clear(String name, Optional<String> text) {
    return text.filter(BcryptHash::isOne).isPresent()
        ? unusable(name + "-is-a-hash")
        : text.map(password -> StoredPassword.of(Password.of(password)));
  }

  /** Returns an entry's text; one that is empty is as good as none. */
  private Optional<String> text(String name) {
    Optional<byte[]> bytes = entries.apply(name);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    anyThere = true;
    if (bytes.get().length > MAX_BYTES) {
      return unusable(name + "-has-more-than-" + MAX_BYTES + "-bytes");
    }
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.get())).toString();
      return Optional.of(withoutLineEnd(text)).filter(value -> !value.isEmpty());
    } catch (CharacterCodingException e) {
      return unusable(name + "-is-not-utf-8");
    }
  }

  /** Notes a problem, if it is the first. */
  @CanIgnoreReturnValue
  private <T> Optional<T> unusable(String what) {
    problem = problem.or(() -> Optional.of(what));
    return Optional.empty();
  }

  private static String withoutLineEnd(String text) {
    if (text.endsWith("\r\n")) {
      return text.substring(0, text.length() - 2);
    }
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }
}
