// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a store keeps for an account.
 *
 * @param username the user name, which must be the account's to be of use
 * @param passwords the passwords that are valid; several while a rotation lasts, none if what is
 *     stored is incomplete, which refuses everybody
 * @param problem what makes a part of it unusable, if anything: a few lower-case words with hyphens
 *     between them, for the audit log
 * @param restriction what the account may have at most
 */
public record StoredCredentials(
    String username,
    List<StoredPassword> passwords,
    Optional<String> problem,
    Restriction restriction) {
  /** Copies the passwords. */
  public StoredCredentials {
    passwords = ImmutableList.copyOf(passwords);
  }

  /** Makes credentials without a problem or a restriction. */
  public StoredCredentials(String username, List<StoredPassword> passwords) {
    this(username, passwords, Optional.empty(), Restriction.NONE);
  }

  /** Makes credentials that nobody can present, for the sake of what is said of them. */
  public static StoredCredentials unusable(String username, String problem) {
    return new StoredCredentials(
        username, ImmutableList.of(), Optional.of(problem), Restriction.NONE);
  }

  /**
   * Says whether a client's credentials are these. Compares the password with each stored one, and
   * does so even if the user name differs, so that the time says nothing of which part was wrong.
   *
   * @param presented what the client sent
   * @param now the time, which ends the life of some passwords
   * @throws CredentialStoreException if it cannot be told now, see {@link StoredPassword#matches}
   */
  public boolean accept(Credentials presented, Instant now) {
    return matching(presented, now).isPresent();
  }

  /** Returns the stored password that a client's is, if {@link #accept} accepts it. */
  Optional<StoredPassword> matching(Credentials presented, Instant now) {
    boolean usernameMatches = username.equals(presented.username());
    Optional<StoredPassword> matching = Optional.empty();
    for (StoredPassword stored : passwords) {
      if (stored.matches(presented.password(), now)) {
        matching = Optional.of(stored);
      }
    }
    return usernameMatches ? matching : Optional.empty();
  }

  /**
   * Returns what makes a part of this unusable at a time: {@link #problem()}, or that there were
   * passwords and all have ended.
   */
  public Optional<String> problem(Instant now) {
    boolean ended =
        !passwords.isEmpty() && passwords.stream().noneMatch(password -> password.isValid(now));
    return ended ? Optional.of("credentials-have-expired") : problem;
  }
}
