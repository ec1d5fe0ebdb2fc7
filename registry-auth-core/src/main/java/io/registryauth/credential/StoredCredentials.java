// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * What a store keeps for a namespace.
 *
 * @param username the user name, which must be the namespace to be of use
 * @param passwords the passwords that are valid now; several while a rotation lasts, none if what
 *     is stored is incomplete, which refuses everybody
 */
public record StoredCredentials(String username, List<Password> passwords) {
  /** Copies the passwords. */
  public StoredCredentials {
    passwords = ImmutableList.copyOf(passwords);
  }

  /**
   * Says whether a client's credentials are these. Compares the password with each stored one, and
   * does so even if the user name differs, so that the time says nothing of which part was wrong.
   *
   * @param presented what the client sent
   */
  public boolean accept(Credentials presented) {
    boolean usernameMatches = username.equals(presented.username());
    boolean passwordMatches = false;
    for (Password stored : passwords) {
      passwordMatches |= presented.password().matches(stored);
    }
    return usernameMatches && passwordMatches;
  }
}
