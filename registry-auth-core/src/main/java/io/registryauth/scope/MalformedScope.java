// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

/**
 * A scope, or a part of one, that breaks the grammar.
 *
 * @param text what the client sent, cut after {@value #MAX_TEXT_LENGTH} characters; it may hold
 *     anything, so escape it before it goes to a log
 * @param problem what is wrong with it, and what is valid
 */
public record MalformedScope(String text, String problem) {
  private static final int MAX_TEXT_LENGTH = 300;

  /** Cuts the text. */
  public MalformedScope {
    if (text.length() > MAX_TEXT_LENGTH) {
      text = text.substring(0, MAX_TEXT_LENGTH) + "…";
    }
  }
}
