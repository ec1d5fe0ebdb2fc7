// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.util.Optional;

/**
 * A text and where it is from: a file, or an entry of a Secret or ConfigMap. {@link #toString}
 * shows where alone, since it may be a secret.
 *
 * @param where for people
 * @param text what it says; nothing if it is not there, or could not be read
 * @param unread why it could not be read; nothing if it is known whether it is there
 */
public record Source(String where, Optional<String> text, Optional<String> unread) {
  /** Makes one that was read. */
  public static Source of(String where, String text) {
    return new Source(where, Optional.of(text), Optional.empty());
  }

  /** Makes one that is not there. */
  public static Source missing(String where) {
    return new Source(where, Optional.empty(), Optional.empty());
  }

  /** Makes one of which it is not known whether it is there. */
  public static Source unread(String where, String why) {
    return new Source(where, Optional.empty(), Optional.of(why));
  }

  boolean isMissing() {
    return text.isEmpty() && unread.isEmpty();
  }

  @Override
  public String toString() {
    return where;
  }
}
