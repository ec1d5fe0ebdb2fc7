// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A {@link KeySet} as files of a directory, or as entries of a Secret, hold it, and the steps from
 * one such set to the next:
 *
 * <table>
 * <caption>Entries</caption>
 * <tr><th>current</th><th>next</th><th>retired</th><th>text</th></tr>
 * <tr><td>{@code tls.key}</td><td>{@code next.key}</td><td>{@code retired.key}</td>
 *     <td>the private key, PEM</td></tr>
 * <tr><td>{@code tls.crt}</td><td>{@code next.crt}</td><td>{@code retired.crt}</td>
 *     <td>its certificate, and the issuers', PEM</td></tr>
 * <tr><td>{@code tls.kid}</td><td>{@code next.kid}</td><td>{@code retired.kid}</td>
 *     <td>its key id, and after a space the key's {@link VerificationKey#thumbprint}; if there is
 *     none, a {@link KeyIdStyle} gives the id</td></tr>
 * <tr><td></td><td></td><td>{@code retired.since}</td>
 *     <td>when it stopped to sign, such as {@code 2026-11-25T12:00:00Z}</td></tr>
 * </table>
 *
 * <p>An id with a thumbprint is bound to that key: where somebody changes the key alone, nothing is
 * signed under the id, by which registries know another key.
 *
 * <p>A retired key keeps its private part: refresh tokens carry a fingerprint under it. {@link
 * #toString} shows the names alone. Immutable.
 *
 * @param texts the text of each entry that is there, by its name
 */
public record KeyEntries(Map<String, String> texts) {
  private static final String CURRENT = "tls";
  private static final String NEXT = "next";
  private static final String RETIRED = "retired";
  private static final String KEY = ".key";
  private static final String CERTIFICATE = ".crt";
  private static final String KEY_ID = ".kid";
  private static final String SINCE = RETIRED + ".since";
  private static final Splitter WORDS = Splitter.on(CharMatcher.whitespace()).omitEmptyStrings();
  private static final Pattern THUMBPRINT = Pattern.compile("[A-Za-z0-9_-]{43}");
  private static final int MAX_BYTES = 1024 * 1024;
  private static final ImmutableList<String> PARTS = ImmutableList.of(KEY, CERTIFICATE, KEY_ID);

  /** The names of all entries that there can be. */
  public static final List<String> NAMES =
      Stream.concat(
              Stream.of(CURRENT, NEXT, RETIRED)
                  .flatMap(slot -> PARTS.stream().map(part -> slot + part)),
              Stream.of(SINCE))
          .collect(ImmutableList.toImmutableList());

  /** Leaves out what is none of {@link #NAMES}, and what is empty. */
  public KeyEntries {
    ImmutableMap.Builder<String, String> known = ImmutableMap.builder();
    for (String name : NAMES) {
      String text = texts.get(name);
      if (text != null && !text.isBlank()) {
        known.put(name, text);
      }
    }
    texts = known.buildOrThrow();
  }

  /**
   * Adds entries that are files of a directory, for who reads them once, at a start: what is here
   * stays. A file that is not there is no entry.
   *
   * @param names which of {@link #NAMES} to look for; who may not see private keys leaves those out
   * @throws IllegalArgumentException if a file cannot be read, or is too long
   */
  public KeyEntries withFilesOf(Path directory, Collection<String> names) {
    Map<String, String> all = new HashMap<>();
    for (String name : names) {
      if (!texts.containsKey(name)) {
        contents(directory.resolve(name)).ifPresent(text -> all.put(name, text));
      }
    }
    all.putAll(texts);
    return new KeyEntries(all);
  }

  private static Optional<String> contents(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1); // one more tells too many
      if (bytes.length > MAX_BYTES) {
        throw new IllegalArgumentException(file + " is longer than " + MAX_BYTES + " bytes");
      }
      return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " cannot be read (" + e + ")", e);
    }
  }

  /**
   * Reads the keys.
   *
   * @param style gives a key its id where no entry does
   * @throws IllegalArgumentException if there is no current key, a key without its certificate or
   *     the other way round, what is no such text, a key under the id that is bound to another, or
   *     two keys with one id; the message names the entries, and shows no part of a key
   */
  public KeySet keySet(KeyIdStyle style) {
    return new KeySet(
        key(CURRENT, style)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "There is neither " + CURRENT + KEY + " nor " + CURRENT + CERTIFICATE)),
        key(NEXT, style),
        key(RETIRED, style).stream().toList());
  }

  private Optional<SigningKey> key(String slot, KeyIdStyle style) {
    String key = texts.get(slot + KEY);
    String certificate = texts.get(slot + CERTIFICATE);
    if (key == null && certificate == null) {
      return Optional.empty();
    }
    if (key == null || certificate == null) {
      String missing = slot + (key == null ? KEY : CERTIFICATE);
      throw new IllegalArgumentException(missing + " is missing or empty; valid is PEM");
    }
    try {
      SigningKey parsed = SigningKey.fromPem(key, certificate, style(slot, style));
      checkBinding(slot, parsed.verificationKey());
      return Optional.of(parsed);
    } catch (IllegalArgumentException e) {
      if (slot.equals(CURRENT)) {
        throw e;
      }
      throw new IllegalArgumentException(
          slot + KEY + " and " + slot + CERTIFICATE + ": " + e.getMessage(), e);
    }
  }

  private KeyIdStyle style(String slot, KeyIdStyle otherwise) {
    List<String> words = keyIdAndThumbprint(slot);
    return words.isEmpty() ? otherwise : KeyIdStyle.fixed(words.get(0));
  }

  /** Shows nothing of an entry that holds anything else: it may be a private key by mistake. */
  private List<String> keyIdAndThumbprint(String slot) {
    List<String> words = WORDS.splitToList(texts.getOrDefault(slot + KEY_ID, ""));
    boolean valid =
        switch (words.size()) {
          case 0 -> true;
          case 1 -> VerificationKey.isKeyId(words.get(0));
          case 2 ->
              VerificationKey.isKeyId(words.get(0)) && THUMBPRINT.matcher(words.get(1)).matches();
          default -> false;
        };
    if (!valid) {
      throw new IllegalArgumentException(
          slot
              + KEY_ID
              + " holds something else than a key id, or a key id and a thumbprint; "
              + VerificationKey.VALID_KEY_ID);
    }
    return words;
  }

  private void checkBinding(String slot, VerificationKey key) {
    List<String> words = keyIdAndThumbprint(slot);
    if (words.size() > 1 && !words.equals(List.of(key.keyId(), key.thumbprint()))) {
      throw new IllegalArgumentException(
          slot
              + KEY_ID
              + " is \""
              + String.join(" ", words)
              + "\", the id of another key than "
              + slot
              + CERTIFICATE
              + " has, whose thumbprint is "
              + key.thumbprint()
              + "; put that key back, or delete "
              + slot
              + KEY_ID
              + " and give registries the JWK Set of this one");
    }
  }

  private static String bound(SigningKey key) {
    return key.keyId() + " " + key.verificationKey().thumbprint();
  }

  /**
   * Returns the public keys by the certificates alone, as who may not see the private ones reads
   * them: current, next, retired.
   *
   * @throws IllegalArgumentException if a text is no certificate, its key of another kind, or not
   *     the one that its id is bound to
   */
  public List<VerificationKey> verificationKeys(KeyIdStyle style) {
    return Stream.of(CURRENT, NEXT, RETIRED)
        .flatMap(slot -> verificationKey(slot, style).stream())
        .collect(ImmutableList.toImmutableList());
  }

  private Optional<VerificationKey> verificationKey(String slot, KeyIdStyle style) {
    return Optional.ofNullable(texts.get(slot + CERTIFICATE))
        .map(
            certificate -> {
              VerificationKey key = VerificationKey.fromPem(certificate, style(slot, style));
              checkBinding(slot, key);
              return key;
            });
  }

  /**
   * Changes the keys in a way that registries can follow.
   *
   * @param change one of the steps below; what it throws comes out of here
   * @param style gives keys their ids where no entry does, as the server has it
   * @param published the JWK Set that registries read, as far as it is known
   * @throws IllegalArgumentException if the ids here are not those of the JWK Set, if an id would
   *     come to mean another key than there or before, or if the keys cannot be read
   */
  public KeyEntries change(
      UnaryOperator<KeyEntries> change, KeyIdStyle style, List<VerificationKey> published) {
    KeySet before = keySet(style);
    refuse(
        before.contradiction(published),
        "the key id must be the one that the server gives (--key-id), and the JWK Set the server's");
    KeyEntries after = change.apply(this);
    KeySet keys = after.keySet(style);
    List<VerificationKey> known =
        Stream.concat(before.all().stream().map(SigningKey::verificationKey), published.stream())
            .toList();
    refuse(keys.contradiction(known), "valid is an id that no other key has had");
    return after;
  }

  private static void refuse(Optional<String> contradiction, String valid) {
    if (contradiction.isPresent()) {
      throw new IllegalArgumentException(contradiction.get() + "; " + valid);
    }
  }

  /**
   * Adds a key that will sign.
   *
   * @param style gives a key its id where no entry does
   * @param nextStyle gives the new key its id, which its entry then has
   * @throws IllegalStateException if one is staged already
   * @throws IllegalArgumentException if the texts are no key and its certificate, if the key is one
   *     that is there, or if it would have the id of one
   */
  public KeyEntries stage(
      String keyPem, String certificatePem, KeyIdStyle style, KeyIdStyle nextStyle) {
    KeySet before = keySet(style);
    if (before.next().isPresent()) {
      throw new IllegalStateException(
          "The key "
              + before.next().get().keyId()
              + " is staged already; promote it, or stage another in its place by force");
    }
    SigningKey next = SigningKey.fromPem(keyPem, certificatePem, nextStyle);
    for (SigningKey key : before.all()) {
      if (key.verificationKey().thumbprint().equals(next.verificationKey().thumbprint())) {
        throw new IllegalArgumentException("The key is there already, as " + key.keyId());
      }
      if (key.keyId().equals(next.keyId())) {
        throw new IllegalArgumentException(
            "The key id "
                + next.keyId()
                + " is that of another key, and a registry could not tell them apart; valid are"
                + " rfc7638, libtrust and a text of its own");
      }
    }
    Map<String, String> changed = new HashMap<>(texts);
    changed.put(NEXT + KEY, keyPem);
    changed.put(NEXT + CERTIFICATE, certificatePem);
    changed.put(NEXT + KEY_ID, bound(next));
    return new KeyEntries(changed);
  }

  /** Takes a staged key out, if there is one. */
  public KeyEntries unstage() {
    return without(NEXT);
  }

  /**
   * Makes the next key the current one, and retires that.
   *
   * @param now when the current key stops to sign
   * @param style gives a key its id where no entry does
   * @throws IllegalStateException if none is staged, or another is retired and not gone yet
   * @throws IllegalArgumentException if the keys cannot be read
   */
  public KeyEntries promote(Instant now, KeyIdStyle style) {
    KeySet before = keySet(style);
    SigningKey next =
        before
            .next()
            .orElseThrow(
                () -> new IllegalStateException("No key is staged; stage one, and publish it"));
    if (!before.retired().isEmpty()) {
      throw new IllegalStateException(
          "The key "
              + before.retired().get(0).keyId()
              + " is still there from the promotion before, at "
              + since().map(Instant::toString).orElse("an unknown time")
              + "; retire it first: when its last token has expired, or by force, which ends the"
              + " refresh tokens that it signed");
    }
    Map<String, String> changed = new HashMap<>(without(NEXT).texts);
    for (String part : PARTS) {
      copy(CURRENT + part, RETIRED + part, changed);
      copy(NEXT + part, CURRENT + part, changed);
    }
    // Whatever the style is later on: an id that registries know never changes.
    changed.put(RETIRED + KEY_ID, bound(before.current()));
    changed.put(CURRENT + KEY_ID, bound(next));
    changed.put(SINCE, now.truncatedTo(ChronoUnit.SECONDS).toString());
    return new KeyEntries(changed);
  }

  private void copy(String from, String to, Map<String, String> changed) {
    Optional.ofNullable(texts.get(from)).ifPresent(text -> changed.put(to, text));
  }

  /**
   * Takes the retired key out, once its last token has expired.
   *
   * @param now the time
   * @param lifetime how long its tokens live after it stopped to sign: refresh tokens, too
   * @throws IllegalStateException if none is retired, or its tokens may be alive
   */
  public KeyEntries retire(Instant now, Duration lifetime) {
    KeyEntries left = retireAtOnce();
    Instant since =
        since()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        SINCE
                            + " is no time such as 2026-11-25T12:00:00Z, so that nobody knows how old"
                            + " the retired key's tokens are; retire it by force"));
    Instant end = since.plus(lifetime).truncatedTo(ChronoUnit.SECONDS);
    if (now.isBefore(end)) {
      throw new IllegalStateException(
          "Tokens of the retired key may be valid until "
              + end
              + ", if the longest live "
              + lifetime.toSeconds()
              + " s from "
              + since
              + " on; retire it then, or by force, which ends the refresh tokens that it signed");
    }
    return left;
  }

  /**
   * Takes the retired key out, whatever becomes of its tokens.
   *
   * @throws IllegalStateException if none is retired
   */
  public KeyEntries retireAtOnce() {
    if (!texts.containsKey(RETIRED + CERTIFICATE) && !texts.containsKey(RETIRED + KEY)) {
      throw new IllegalStateException("No key is retired; promote one first");
    }
    return without(RETIRED);
  }

  private Optional<Instant> since() {
    try {
      return Optional.of(Instant.parse(texts.getOrDefault(SINCE, "").strip()));
    } catch (DateTimeParseException unknown) {
      return Optional.empty();
    }
  }

  private KeyEntries without(String slot) {
    Map<String, String> left = new HashMap<>(texts);
    left.keySet().removeIf(name -> name.startsWith(slot + "."));
    return new KeyEntries(left);
  }

  /** Returns the names of the entries, and nothing of what they hold. */
  @Override
  public String toString() {
    return "KeyEntries" + texts.keySet();
  }
}
