// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.google.common.collect.ImmutableSet.toImmutableSet;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A Secret with a tenant's credentials. What of it is of use is not judged here, but asked of what
 * the server reads it with.
 */
record TenantCredentials(V1Secret secret) {
  static final String USERNAME = "username";
  static final String PASSWORD = "password";
  static final String PREVIOUS = "password-previous";
  static final String EXPIRES = "password-previous-expires";
  private static final String HASH = "password-hash";
  private static final Set<String> PROOF = Set.of(USERNAME, PASSWORD, HASH);

  static TenantCredentials of(V1Secret secret) {
    return new TenantCredentials(secret);
  }

  /**
   * Returns credentials with a password that clients can be given.
   *
   * @throws IOException if they have none, or the server would refuse it
   */
  static TenantCredentials usable(NamespaceName tenant, V1Secret secret) throws IOException {
    TenantCredentials credentials = of(secret);
    Optional<String> problem =
        credentials
            .problem(tenant)
            .or(
                () ->
                    Optional.of(
                            "it has a password-hash: its password is managed elsewhere, and not"
                                + " known here")
                        .filter(text -> credentials.isHashed()));
    if (problem.isPresent()) {
      throw new IOException(ManagedObjects.describe(secret) + " cannot be used: " + problem.get());
    }
    return credentials;
  }

  private Optional<StoredCredentials> read(Set<String> keys) {
    return CredentialEntries.read(key -> Optional.of(key).filter(keys::contains).map(data()::get));
  }

  /** Returns an entry without one line end after it, which the server drops too. */
  private Optional<String> text(String key) {
    return ManagedObjects.text(secret, key)
        .map(text -> text.replaceFirst("\\r?\\n\\z", ""))
        .filter(text -> !text.isEmpty());
  }

  /** Returns the password; none if there is only a hash of it. */
  Optional<String> password() {
    return text(PASSWORD);
  }

  /** Returns a password that is or was valid, too. */
  Optional<String> previous() {
    return text(PREVIOUS);
  }

  /** Returns until when the previous password is valid, as it is written; nothing if for ever. */
  Optional<String> expires() {
    return Optional.ofNullable(data().get(EXPIRES)).map(unused -> text(EXPIRES).orElse(""));
  }

  /** Says whether clients' passwords are known by a hash alone. */
  boolean isHashed() {
    return ManagedObjects.entry(secret, HASH).isPresent() && password().isEmpty();
  }

  /** Says what of user name and password the server cannot use, if anything; shows none of them. */
  Optional<String> problem(NamespaceName tenant) {
    return problem(tenant, PROOF, StoredCredentials::problem);
  }

  /** Says the same of all that the server reads, at a time. */
  Optional<String> problem(NamespaceName tenant, Instant now) {
    return problem(tenant, CredentialEntries.NAMES, stored -> stored.problem(now));
  }

  private Optional<String> problem(
      NamespaceName tenant,
      Set<String> keys,
      Function<StoredCredentials, Optional<String>> problemOf) {
    Optional<StoredCredentials> stored = read(keys);
    if (stored.isEmpty()) {
      return Optional.of("it has no credentials");
    }
    return problemOf
        .apply(stored.get())
        .map(problem -> "the server says stored-" + problem)
        .or(
            () ->
                Optional.of("its username is not the namespace, so the server refuses it")
                    .filter(text -> !stored.get().username().equals(tenant.value())));
  }

  /** Says whether the server accepts the previous password at this time. */
  boolean previousIsValid(Instant now) {
    return previous()
        .flatMap(
            text ->
                read(CredentialEntries.NAMES)
                    .filter(
                        stored ->
                            stored.accept(
                                new Credentials(stored.username(), Password.of(text)), now)))
        .isPresent();
  }

  /** Returns the passwords that clients may hold. */
  ImmutableSet<String> passwords() {
    return Stream.of(password(), previous()).flatMap(Optional::stream).collect(toImmutableSet());
  }

  /**
   * Returns the entries that have a meaning for the server, also those without a text: an account
   * whose {@code actions} are empty is shut out, and without them it would have all.
   */
  Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    for (String key : Sets.intersection(CredentialEntries.NAMES, data().keySet())) {
      texts.put(key, text(key).orElse(""));
    }
    return texts;
  }

  private Map<String, byte[]> data() {
    return Optional.ofNullable(secret.getData()).orElse(Map.of());
  }

  /** Returns a text without the passwords. */
  @Override
  public String toString() {
    return "TenantCredentials[redacted]";
  }
}
