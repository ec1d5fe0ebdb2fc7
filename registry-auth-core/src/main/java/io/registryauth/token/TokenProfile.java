// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import io.registryauth.key.KeyIdStyle;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The shape of tokens, by the registry that verifies them. */
public enum TokenProfile {
  /** For Docker Distribution 3: {@code aud} is an array, {@code kid} names a key of the JWK Set. */
  DISTRIBUTION_3("distribution-3", KeyIdStyle.DEFAULT_KEY_ID),

  /**
   * For Docker Distribution 2.8, and accepted by 3 too: {@code aud} is a string and the header has
   * the certificates of the key, {@code x5c}, which is an RSA or an EC key.
   */
  DISTRIBUTION_2_8("distribution-2.8", "libtrust");

  private final String id;
  private final String defaultKeyId;

  TokenProfile(String id, String defaultKeyId) {
    this.id = id;
    this.defaultKeyId = defaultKeyId;
  }

  /** Returns the setting of the key id that fits the registry, for {@link KeyIdStyle#parse}. */
  public String defaultKeyId() {
    return defaultKeyId;
  }

  /**
   * Reads a setting.
   *
   * @throws IllegalArgumentException if no profile has this name; the message names those there are
   */
  public static TokenProfile parse(String text) {
    return Stream.of(values())
        .filter(profile -> profile.id.equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "\""
                        + text
                        + "\" is no token profile; valid are "
                        + Stream.of(values()).map(p -> p.id).collect(Collectors.joining(", "))));
  }

  /** Returns the name that {@link #parse} reads. */
  @Override
  public String toString() {
    return id;
  }
}
