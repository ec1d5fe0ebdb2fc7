// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

/** What an {@link Authenticator} found. That it cannot tell is no result but an exception. */
public sealed interface AuthenticationResult {
  /**
   * The credentials are good.
   *
   * @param tenant whose they are
   */
  record Authenticated(Identity.Tenant tenant) implements AuthenticationResult {}

  /**
   * The credentials are wrong.
   *
   * @param reason a few lower-case words with hyphens between them, for the audit log and metrics.
   *     The client never sees it.
   */
  record Refused(String reason) implements AuthenticationResult {}
}
