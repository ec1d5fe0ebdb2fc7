// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import java.util.Optional;

/**
 * The user name that a client shows. A namespace has an account of its own name, {@code
 * test-build}, and may have more, {@code test-build+ci}, each with credentials of its own. A plus
 * sign is in no namespace's name, so what stands before it says whose the account is.
 *
 * @param namespace whose account it is
 * @param name the account's name in the namespace; that of the namespace for its own account
 */
public record AccountName(NamespaceName namespace, String name) {
  private static final char SEPARATOR = '+';

  /** What a user name must be, for messages. */
  public static final String VALID =
      "NAMESPACE or NAMESPACE+NAME, each of 1 to 63 of a-z, 0-9 and -, with no - at either end";

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it is no DNS label
   */
  public AccountName {
    NamespaceName.checkLabel(name, "an account name");
  }

  /** Returns a namespace's own account. */
  public static AccountName of(NamespaceName namespace) {
    return new AccountName(namespace, namespace.value());
  }

  /**
   * Reads a user name that may be anything.
   *
   * @return the account, or empty if it is none's. {@code a+a} is none's: each account has one user
   *     name, and that one is {@code a}.
   */
  public static Optional<AccountName> parse(String username) {
    int separator = username.indexOf(SEPARATOR);
    if (separator < 0) {
      return NamespaceName.parse(username).map(AccountName::of);
    }
    String name = username.substring(separator + 1);
    return NamespaceName.parse(username.substring(0, separator))
        .filter(namespace -> NamespaceName.isLabel(name) && !name.equals(namespace.value()))
        .map(namespace -> new AccountName(namespace, name));
  }

  /** Returns the user name: that of the namespace, or {@code namespace+name}. */
  public String username() {
    return name.equals(namespace.value()) ? name : namespace.value() + SEPARATOR + name;
  }

  /** Returns the user name. */
  @Override
  public String toString() {
    return username();
  }
}
