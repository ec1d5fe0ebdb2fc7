// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a client with good credentials gets when it asks for access and may have none of it. */
public enum DeniedResponse {
  /** 401 with the code {@code DENIED}: the client reports at once what is wrong. */
  UNAUTHORIZED("unauthorized"),

  /**
   * 200 and a token without access, as the token specification has it: the registry refuses the
   * client afterwards.
   */
  EMPTY_TOKEN("empty-token");

  private final String id;

  DeniedResponse(String id) {
    this.id = id;
  }

  /**
   * Reads a setting.
   *
   * @throws IllegalArgumentException if there is no such response; the message names those there
   *     are
   */
  public static DeniedResponse parse(String text) {
    return Stream.of(values())
        .filter(response -> response.id.equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "\""
                        + text
                        + "\" is no denied response; valid are "
                        + Stream.of(values()).map(r -> r.id).collect(Collectors.joining(", "))));
  }

  /** Returns the name that {@link #parse} reads. */
  @Override
  public String toString() {
    return id;
  }
}
