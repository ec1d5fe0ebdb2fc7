// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import java.util.Locale;

/**
 * What was done with an object of Kubernetes, or found of it. Holds no secret.
 *
 * @param status what
 * @param object its kind and name, such as {@code Secret registry/registry-auth-keys}
 * @param note what else is to be said of it; empty if nothing
 */
public record ObjectReport(Status status, String object, String note) {
  /** What was done or found. */
  public enum Status {
    /** It was not there, and was made. */
    CREATED,
    /** It was there, and was changed. */
    UPDATED,
    /** It was there, and as it should be. */
    UNCHANGED,
    /** It was there, and is left as it is, whatever it holds. */
    KEPT,
    /** It is awaited. */
    WAITING,
    /** It was there, and is deleted. */
    DELETED,
    /** It was to be deleted, and was not there. */
    ABSENT,
    /** It is as it should be. */
    OK,
    /** It should be there. */
    MISSING,
    /** It is there, but not as it should be. */
    WRONG
  }

  /** Returns one line without its end. */
  @Override
  public String toString() {
    String line = "%-9s %s".formatted(status.name().toLowerCase(Locale.ROOT), object);
    return note.isEmpty() ? line : line + ": " + note;
  }
}
