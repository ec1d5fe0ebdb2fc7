// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static com.google.common.collect.ImmutableMap.toImmutableMap;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.registryauth.tenant.AccountName;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What an htpasswd file has, as {@code htpasswd -B} writes it. A fault in it is told by the number
 * of its line and never by what the line holds: that may be a hash, or a password in the wrong
 * place.
 *
 * @param maxCost the highest cost of a hash in it; 0 if there is none
 */
record HtpasswdFile(Map<AccountName, StoredCredentials> credentials, int maxCost) {
  /** That of a file that cannot be used. */
  static final HtpasswdFile EMPTY = new HtpasswdFile(ImmutableMap.of(), 0);

  private static final ImmutableMap<Integer, StoredPassword> STAND_INS =
      IntStream.rangeClosed(BcryptHash.MIN_COST, BcryptHash.MAX_COST)
          .boxed()
          .collect(
              toImmutableMap(cost -> cost, cost -> StoredPassword.bcrypt(BcryptHash.random(cost))));

  private static final String USER_IS = "the user is no account; valid is " + AccountName.VALID;

  /**
   * Reads all lines.
   *
   * @throws IllegalArgumentException if one of them is wrong; the message begins with its number
   */
  static HtpasswdFile parse(String text) {
    Map<AccountName, StoredCredentials> found = new HashMap<>();
    int cost = 0;
    int number = 0;
    for (Iterator<String> lines = text.lines().iterator(); lines.hasNext(); ) {
      String line = lines.next().strip();
      number++;
      if (!line.isEmpty() && !line.startsWith("#")) {
        cost = Math.max(cost, add(line, number, found));
      }
    }
    return new HtpasswdFile(ImmutableMap.copyOf(found), cost);
  }

  /** Returns a password that is nobody's, and as costly as the costliest here. */
  StoredPassword standIn() {
    return STAND_INS.getOrDefault(maxCost, StoredPassword.NOBODYS);
  }

  /** Adds a line, and returns the cost of its hash. */
  private static int add(String line, int number, Map<AccountName, StoredCredentials> found) {
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw wrong(number, "there is no colon; valid is USER:HASH");
    }
    Optional<AccountName> account = AccountName.parse(line.substring(0, colon));
    if (account.isEmpty()) {
      throw wrong(number, USER_IS);
    }
    String hash = line.substring(colon + 1);
    StoredCredentials credentials =
        new StoredCredentials(account.get().username(), ImmutableList.of(password(hash, number)));
    if (found.put(account.get(), credentials) != null) {
      throw wrong(number, "a line above has the same user; valid is one line for each user");
    }
    return BcryptHash.cost(hash);
  }

  private static StoredPassword password(String hash, int number) {
    try {
      return StoredPassword.bcrypt(hash);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException wrong(int line, String why) {
    return new IllegalArgumentException("line " + line + ": " + why);
  }
}
