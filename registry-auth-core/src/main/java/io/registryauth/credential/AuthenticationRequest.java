// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

/**
 * A question to an {@link Authenticator}.
 *
 * @param credentials what the client sent, well-formed but otherwise of any content
 * @param clientAddress the IP address that the client came from, as far as it is known, or nothing.
 *     It proves nothing; it is there to hold a client back that guesses.
 */
public record AuthenticationRequest(Credentials credentials, String clientAddress) {
  /** Asks without a client's address. */
  public AuthenticationRequest(Credentials credentials) {
    this(credentials, "");
  }
}
