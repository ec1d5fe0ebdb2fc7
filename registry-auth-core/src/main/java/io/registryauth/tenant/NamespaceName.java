// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.tenant;

import com.google.common.base.Splitter;
import java.util.List;
import java.util.Optional;

/**
 * The name of a namespace: a DNS label as RFC 1123 has it and Kubernetes demands it, {@code
 * [a-z0-9]([-a-z0-9]*[a-z0-9])?} with at most 63 characters.
 *
 * @param value the name
 */
public record NamespaceName(String value) {
  private static final int MAX_LENGTH = 63;
  private static final Splitter NAMES = Splitter.on(',').trimResults().omitEmptyStrings();

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it is no DNS label
   */
  public NamespaceName {
    checkLabel(value, "a namespace");
  }

  static void checkLabel(String text, String what) {
    if (!isLabel(text)) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not "
              + what
              + ": valid are 1 to "
              + MAX_LENGTH
              + " of a-z, 0-9 and -, with no - at either end");
    }
  }

  /**
   * Reads a name that may be anything.
   *
   * @param text what may be a name
   * @return the namespace, or empty if the text is no DNS label
   */
  public static Optional<NamespaceName> parse(String text) {
    return isLabel(text) ? Optional.of(new NamespaceName(text)) : Optional.empty();
  }

  /**
   * Reads a setting with several names.
   *
   * @param text names with commas between them, and spaces around them or not; empty for none
   * @throws IllegalArgumentException if a name is no DNS label
   */
  public static List<NamespaceName> parseList(String text) {
    return NAMES.splitToStream(text).map(NamespaceName::new).toList();
  }

  static boolean isLabel(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_LENGTH
        && text.charAt(0) != '-'
        && text.charAt(text.length() - 1) != '-'
        && text.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
  }

  /** Returns the name itself. */
  @Override
  public String toString() {
    return value;
  }
}
