// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import java.util.regex.Pattern;

/**
 * The two grammars that Docker Distribution publishes, as regular expressions that are put together
 * of parts with its names: the <a
 * href="https://github.com/distribution/reference/blob/main/regexp.go">image reference grammar</a>
 * for names, and the <a
 * href="https://distribution.github.io/distribution/spec/auth/scope/#resource-scope-grammar">resource
 * scope grammar</a>. They share nothing with the code under test.
 */
final class ReferenceGrammar {
  private static final String ALPHANUMERIC = "[a-z0-9]+";
  private static final String SEPARATOR = "(?:[._]|__|[-]+)";
  private static final String PATH_COMPONENT =
      ALPHANUMERIC + "(?:" + SEPARATOR + ALPHANUMERIC + ")*";
  private static final String REMOTE_NAME = PATH_COMPONENT + "(?:/" + PATH_COMPONENT + ")*";

  private static final String DOMAIN_NAME_COMPONENT =
      "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
  private static final String DOMAIN_NAME =
      DOMAIN_NAME_COMPONENT + "(?:\\." + DOMAIN_NAME_COMPONENT + ")*";
  private static final String IPV6_ADDRESS = "\\[(?:[a-fA-F0-9:]+)\\]";
  private static final String OPTIONAL_PORT = "(?::[0-9]+)?";
  private static final String NAME_PATTERN =
      "(?:(?:" + DOMAIN_NAME + "|" + IPV6_ADDRESS + ")" + OPTIONAL_PORT + "/)?" + REMOTE_NAME;

  /** A name of the image reference grammar. */
  static final Pattern NAME = Pattern.compile(NAME_PATTERN);

  private static final String RESOURCE_TYPE_PATTERN =
      ALPHANUMERIC + "(?:\\(" + ALPHANUMERIC + "\\))?";
  private static final String RESOURCE_NAME =
      "(?:" + DOMAIN_NAME + OPTIONAL_PORT + "/)?" + REMOTE_NAME;
  private static final String ACTION_PATTERN = "[a-z*]*";

  /** A {@code resourcetype} of the scope grammar. */
  static final Pattern RESOURCE_TYPE = Pattern.compile(RESOURCE_TYPE_PATTERN);

  /** An {@code action} of the scope grammar. */
  static final Pattern ACTION = Pattern.compile(ACTION_PATTERN);

  /** A {@code resourcescope} of the scope grammar. */
  static final Pattern RESOURCE_SCOPE =
      Pattern.compile(
          RESOURCE_TYPE_PATTERN
              + (":" + RESOURCE_NAME)
              + (":" + ACTION_PATTERN + "(?:," + ACTION_PATTERN + ")*"));

  /** The same with the names of the image reference grammar, and any list of actions. */
  static final Pattern WIDER_RESOURCE_SCOPE =
      Pattern.compile(
          "(?<type>%s):(?<name>%s):(?<actions>[^:]*)"
              .formatted(RESOURCE_TYPE_PATTERN, NAME_PATTERN));

  private ReferenceGrammar() {}
}
