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

  /**
   * Returns one line without its end. What does not print is escaped as Java does: a tenant may
   * have written a part of it, and an administrator's terminal shows it.
   */
  @Override
  public String toString() {
    String line = "%-9s %s".formatted(status.name().toLowerCase(Locale.ROOT), object);
    StringBuilder printable = new StringBuilder();
    (note.isEmpty() ? line : line + ": " + note)
        .codePoints()
        .forEach(
            c -> {
              if (isPrintable(c)) {
                printable.appendCodePoint(c);
              } else {
                for (char unit : Character.toChars(c)) {
                  printable.append("\\u%04x".formatted((int) unit));
                }
              }
            });
    return printable.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
