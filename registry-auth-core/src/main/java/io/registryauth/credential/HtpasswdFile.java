// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import io.registryauth.tenant.NamespaceName;
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
  private static final String USER_IS =
      "the user is not a namespace; valid are 1 to 63 of a-z, 0-9 and -, with no - at either end";

  private HtpasswdFile() {}

  /**
   * Reads all lines.
   *
   * @throws IllegalArgumentException if one of them is wrong; the message begins with its number
   */
  static Map<NamespaceName, StoredCredentials> parse(String text) {
    Map<NamespaceName, StoredCredentials> found = new HashMap<>();
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

  private static void add(String line, int number, Map<NamespaceName, StoredCredentials> found) {
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw wrong(number, "there is no colon; valid is NAMESPACE:HASH");
    }
    Optional<NamespaceName> namespace = NamespaceName.parse(line.substring(0, colon));
    if (namespace.isEmpty()) {
      throw wrong(number, USER_IS);
    }
    StoredCredentials credentials =
        new StoredCredentials(
            namespace.get().value(), ImmutableList.of(password(line.substring(colon + 1), number)));
    if (found.put(namespace.get(), credentials) != null) {
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
