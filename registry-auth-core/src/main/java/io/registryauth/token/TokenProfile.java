// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static com.google.common.base.Preconditions.checkArgument;

import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jose4j.jws.AlgorithmIdentifiers;

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
   * Returns whether tokens carry the certificates of their key, by which a registry verifies them
   * whatever their key id is.
   */
  public boolean sendsCertificates() {
    return this == DISTRIBUTION_2_8;
  }

  /**
   * Checks that the registry takes tokens of a key.
   *
   * @throws IllegalArgumentException if this sends certificates and the key has none, or if its
   *     registry does not take the kind of key
   */
  public void check(SigningKey key) {
    checkArgument(
        this != DISTRIBUTION_2_8 || !key.algorithm().equals(AlgorithmIdentifiers.EDDSA),
        "A registry of the profile %s takes no tokens of an Ed25519 key; valid are RSA and EC keys",
        this);
    checkArgument(
        this != DISTRIBUTION_2_8 || !key.certificates().isEmpty(),
        "The profile %s sends the certificate of the key, and the key has none; make it with"
            + " SigningKey.fromPem",
        this);
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
