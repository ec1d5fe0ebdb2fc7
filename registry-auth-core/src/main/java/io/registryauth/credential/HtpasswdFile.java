// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import io.registryauth.tenant.AccountName;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * The text of an htpasswd file, as {@code htpasswd -B} writes it. A fault in it is told by the
 * number of its line and never by what the line holds: that may be a hash, or a password in the
 * wrong place.
 */
final class HtpasswdFile {
  private static final String USER_IS = "the user is no account; valid is " + AccountName.VALID;

  private HtpasswdFile() {}

  /**
   * Reads all lines.
   *
   * @throws IllegalArgumentException if one of them is wrong; the message begins with its number
   */
  static Map<AccountName, StoredCredentials> parse(String text) {
    Map<AccountName, StoredCredentials> found = new HashMap<>();
    int number = 0;
    for (Iterator<String> lines = text.lines().iterator(); lines.hasNext(); ) {
      String line = lines.next().strip();
      number++;
      if (!line.isEmpty() && !line.startsWith("#")) {
        add(line, number, found);
      }
    }
    return found;
  }

  private static void add(String line, int number, Map<AccountName, StoredCredentials> found) {
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw wrong(number, "there is no colon; valid is USER:HASH");
    }
    Optional<AccountName> account = AccountName.parse(line.substring(0, colon));
    if (account.isEmpty()) {
      throw wrong(number, USER_IS);
    }
    StoredCredentials credentials =
        new StoredCredentials(
            account.get().username(),
            ImmutableList.of(password(line.substring(colon + 1), number)));
    if (found.put(account.get(), credentials) != null) {
      throw wrong(number, "a line above has the same user; valid is one line for each user");
    }
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
