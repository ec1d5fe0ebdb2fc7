// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;

/**
 * The credentials that a client presents.
 *
 * @param username the user name, which may be anything
 * @param password the password
 */
public record Credentials(String username, Password password) {
  /** The greatest length of user name and password together, in bytes. */
  private static final int MAX_BYTES = 1023;

  /**
   * Takes what a client sent in a form, by the rules of {@link BasicCredentialsParser}.
   *
   * @return the credentials, or empty if the password is, if there are control characters, or more
   *     than 1,023 bytes
   */
  public static Optional<Credentials> of(String username, String password) {
    String both = username + password;
    return password.isEmpty()
            || both.chars().anyMatch(Character::isISOControl)
            || both.getBytes(UTF_8).length > MAX_BYTES
        ? Optional.empty()
        : Optional.of(new Credentials(username, Password.of(password)));
  }
}
