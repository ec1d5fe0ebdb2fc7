// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.AccountName;
import java.time.Duration;
import java.util.Optional;

/** What an {@link Authenticator} found. That it cannot tell is no result but an exception. */
public sealed interface AuthenticationResult {
  /**
   * The credentials are good.
   *
   * @param tenant whose they are
   * @param password the stored password that proved it, if there is one: a refresh token lives as
   *     long as that
   */
  record Authenticated(Identity.Tenant tenant, Optional<StoredPassword> password)
      implements AuthenticationResult {
    /** Says whose the credentials are, for those who know no stored password. */
    public Authenticated(Identity.Tenant tenant) {
      this(tenant, Optional.empty());
    }
  }

  /**
   * The credentials are wrong.
   *
   * @param reason a few lower-case words with hyphens between them, for the audit log and metrics.
   *     The client never sees it.
   * @param account the account that the client claimed to be, if it exists. A user name that is
   *     none may be a mistyped password, which must not get into a log.
   */
  record Refused(String reason, Optional<AccountName> account) implements AuthenticationResult {}

  /**
   * The credentials were not looked at: too many of the client's were wrong before.
   *
   * @param retryAfter when the client may try again
   */
  record Throttled(Duration retryAfter) implements AuthenticationResult {}
}
