// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.CharMatcher;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A label of a metric whose values other people's code chooses. Each value costs memory here and in
 * Prometheus for good, so that only so many are kept, and only such as are no text of a client's:
 * anything else is {@value #OTHER}. Thread-safe.
 */
final class BoundedLabel {
  static final String OTHER = "other";

  private static final int MAX_LENGTH = 64;
  private static final CharMatcher VALID =
      CharMatcher.inRange('a', 'z').or(CharMatcher.inRange('0', '9')).or(CharMatcher.is('-'));

  private final int maxValues;
  private final Set<String> values = ConcurrentHashMap.newKeySet();

  BoundedLabel(int maxValues) {
    this.maxValues = maxValues;
  }

  /** Returns the value to use: the given one, or {@value #OTHER}. */
  String of(String value) {
    if (values.contains(value)) {
      return value;
    }
    boolean valid = value.length() <= MAX_LENGTH && VALID.matchesAllOf(value);
    return valid && add(value) ? value : OTHER;
  }

  private synchronized boolean add(String value) {
    return values.size() < maxValues && (values.add(value) || values.contains(value));
  }
}
