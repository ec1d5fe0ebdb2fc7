// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import io.registryauth.token.TokenProfile;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of the server, in files, see {@link WatchedFiles}: the two that the options name, and,
 * in the directory of the private key, the others of {@link KeyEntries}. A change is taken as a
 * whole or not at all; and not if a key id would come to mean another key, which registries cannot
 * follow, unless they verify by certificate.
 */
final class SigningKeys implements Supplier<KeySet>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SigningKeys.class);
  private static final String KEY = "tls.key";
  private static final String CERTIFICATE = "tls.crt";

  private final ImmutableMap<String, String> names;
  private final KeyIdStyle style;
  private final TokenProfile profile;
  private final UnaryOperator<SigningKey> signing;
  private final WatchedFiles<Loaded> files;
  private final ValidityWarning warning;

  /** The keys in use, as registries may have them; of the thread that looks. */
  private List<VerificationKey> known = List.of();

  /** A set of keys, and its JWK Set. */
  private record Loaded(KeySet keys, String jwks) {
    @Override
    public String toString() {
      return "the key " + keys.current().keyId();
    }
  }

  /**
   * Reads the files.
   *
   * @param style gives keys their ids where no file does
   * @param profile must be able to use what signs, now or next
   * @param signing gives a key what it is to sign by
   * @throws IllegalArgumentException if they are no good; the message says why
   */
  SigningKeys(
      String keyFile,
      String certificateFile,
      KeyIdStyle style,
      TokenProfile profile,
      UnaryOperator<SigningKey> signing,
      InstantSource clock) {
    this.style = style;
    this.profile = profile;
    this.signing = signing;
    names = files(keyFile, certificateFile);
    files =
        new WatchedFiles<>(
            ImmutableSet.of(keyFile, certificateFile),
            ImmutableSet.copyOf(names.values()),
            this::parse,
            log);
    know(get());
    warning =
        new ValidityWarning(
            log,
            "The signing certificate is not valid now ({}): registries that verify by certificate,"
                + " and not by JWK Set, refuse its tokens",
            clock);
    warning.check(certificate());
  }

  /** Starts to look at the files, over and over. */
  SigningKeys start() {
    files.start(this::poll);
    return this;
  }

  /** Returns the file of each entry. */
  private static ImmutableMap<String, String> files(String keyFile, String certificateFile) {
    Map<String, String> files = new HashMap<>();
    KeyEntries.NAMES.forEach(
        name -> files.put(name, Path.of(keyFile).resolveSibling(name).toString()));
    files.put(KEY, keyFile);
    files.put(CERTIFICATE, certificateFile);
    return ImmutableMap.copyOf(files);
  }

  private Loaded parse(ImmutableMap<String, String> contents) {
    Map<String, String> texts = new HashMap<>();
    names.forEach((name, file) -> texts.put(name, contents.getOrDefault(file, "")));
    KeySet keys = new KeyEntries(texts).keySet(style);
    profile.check(keys.current());
    keys.next().ifPresent(profile::check);
    if (!profile.sendsCertificates()) {
      checkIds(keys);
    }
    return new Loaded(keys.map(signing), keys.jwks());
  }

  private void checkIds(KeySet keys) {
    Optional<String> contradiction = keys.contradiction(known);
    if (contradiction.isPresent()) {
      throw new IllegalArgumentException(
          contradiction.get()
              + "; valid is a new key as the next one (keys stage), and for this one to be taken,"
              + " its JWK Set at the registries and then a restart of this server");
    }
  }

  private void know(KeySet keys) {
    known = keys.all().stream().map(SigningKey::verificationKey).toList();
  }

  /** Looks at the files, and takes what is new and good. */
  void poll() {
    files.look(this::take);
    warning.check(certificate());
  }

  private void take(Loaded renewed) {
    know(renewed.keys);
    warning.reset();
    log.info(
        "Signing {} with the key {}; verified are tokens of {}",
        renewed.keys.current().algorithm(),
        renewed.keys.current().keyId(),
        renewed.keys.all().stream().map(SigningKey::keyId).collect(Collectors.joining(", ")));
  }

  private X509Certificate certificate() {
    return get().current().certificates().get(0);
  }

  /** Returns the keys that are in use. */
  @Override
  public KeySet get() {
    return files.get().keys();
  }

  /** Returns the JWK Set of the keys that are in use. */
  String jwks() {
    return files.get().jwks();
  }

  /** Returns whether the files are no good now, and earlier keys are in use. */
  boolean refused() {
    return files.refused();
  }

  @Override
  public void close() {
    files.close();
  }
}
