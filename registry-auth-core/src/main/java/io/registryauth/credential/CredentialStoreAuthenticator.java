// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.AccountName;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/**
 * Compares the presented credentials with the stored ones of the account that the user name names.
 * Comparison takes the same path and time for an account that has none: a password that nobody
 * knows stands in. Thread-safe; blocks as long as its store does.
 */
public final class CredentialStoreAuthenticator implements Authenticator {
  private final CredentialStore store;
  private final Clock clock;

  /** Makes an authenticator over a store. */
  public CredentialStoreAuthenticator(CredentialStore store) {
    this(store, Clock.systemUTC());
  }

  /** Makes an authenticator with a clock of its own, which ends the life of some passwords. */
  public CredentialStoreAuthenticator(CredentialStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  @Override
  public AuthenticationResult authenticate(AuthenticationRequest request) {
    Credentials credentials = request.credentials();
    Instant now = clock.instant();
    Optional<AccountName> account = AccountName.parse(credentials.username());
    Optional<StoredCredentials> found =
        account.flatMap(
            name ->
                store.find(new CredentialLookup(name, stored -> stored.accept(credentials, now))));
    if (found.isEmpty() || account.isEmpty()) {
      takeTheTime(credentials, now);
      return new AuthenticationResult.Refused("unknown-namespace", Optional.empty());
    }
    Optional<StoredPassword> password = found.get().matching(credentials, now);
    return password.isPresent()
        ? new AuthenticationResult.Authenticated(
            new Identity.Tenant(account.get(), found.get().restriction()), password)
        : new AuthenticationResult.Refused(reason(credentials, found.get(), now), account);
  }

  /**
   * Checks a password that is this user's alone: that it is wrong may be remembered, as for an
   * account that is there, and must not be known when the next name comes with the same password.
   */
  private void takeTheTime(Credentials credentials, Instant now) {
    Password own = credentials.password().with(credentials.username());
    boolean unused = store.standIn().matches(own, now);
  }

  private static String reason(Credentials credentials, StoredCredentials found, Instant now) {
    if (!found.username().equals(credentials.username())) {
      return "stored-username-is-another";
    }
    return found.problem(now).map(problem -> "stored-" + problem).orElse("wrong-password");
  }
}
