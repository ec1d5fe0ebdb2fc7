// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.google.common.collect.ImmutableSet.toImmutableSet;

import com.google.common.collect.ImmutableSet;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The entries of a Secret with a tenant's credentials, as the server reads them.
 *
 * @param username the user name, which must be the namespace
 * @param password the password; none if there is only a hash of it
 * @param previous a password that is valid, too
 * @param expires until when, as it is written
 * @param hashed whether a hash of the password is stored
 */
record TenantCredentials(
    Optional<String> username,
    Optional<String> password,
    Optional<String> previous,
    Optional<String> expires,
    boolean hashed) {
  static final String USERNAME = "username";
  static final String PASSWORD = "password";
  static final String PREVIOUS = "password-previous";
  static final String EXPIRES = "password-previous-expires";
  private static final String HASH = "password-hash";

  static TenantCredentials of(V1Secret secret) {
    return new TenantCredentials(
        text(secret, USERNAME),
        text(secret, PASSWORD),
        text(secret, PREVIOUS),
        text(secret, EXPIRES),
        ManagedObjects.entry(secret, HASH).isPresent());
  }

  /**
   * Returns credentials with a password that clients can be given.
   *
   * @throws IOException if they have none, or the server would refuse it
   */
  static TenantCredentials usable(NamespaceName tenant, V1Secret secret) throws IOException {
    TenantCredentials credentials = of(secret);
    Optional<String> problem = credentials.problem(tenant);
    if (problem.isPresent()) {
      throw new IOException(ManagedObjects.describe(secret) + " cannot be used: " + problem.get());
    }
    return credentials;
  }

  /** Returns an entry without one line end after it, which the server drops too. */
  private static Optional<String> text(V1Secret secret, String key) {
    return ManagedObjects.text(secret, key)
        .map(text -> text.replaceFirst("\\r?\\n\\z", ""))
        .filter(text -> !text.isEmpty());
  }

  /** Says why clients cannot be given these credentials, if so; shows none of them. */
  Optional<String> problem(NamespaceName tenant) {
    if (hashed) {
      return Optional.of(
          "it has a password-hash: its password is managed elsewhere, and not known here");
    }
    if (!username.equals(Optional.of(tenant.value()))) {
      return Optional.of("its username is not the namespace, so the server refuses it");
    }
    return password.isEmpty() ? Optional.of("it has no password") : Optional.empty();
  }

  /** Says whether the server accepts the previous password at this time. */
  boolean previousIsValid(Instant now) {
    try {
      return previous.isPresent()
          && expires
              .map(text -> OffsetDateTime.parse(text).toInstant())
              .filter(end -> !now.isBefore(end))
              .isEmpty();
    } catch (DateTimeException e) {
      return false;
    }
  }

  /** Returns the passwords that clients may hold. */
  ImmutableSet<String> passwords() {
    return Stream.of(password, previous).flatMap(Optional::stream).collect(toImmutableSet());
  }

  /** Returns a text without the passwords. */
  @Override
  public String toString() {
    return "TenantCredentials[redacted]";
  }
}
