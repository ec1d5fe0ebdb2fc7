// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.token.TokenProfile;
import java.util.Optional;

/**
 * What the token server is set to.
 *
 * @param issuer the {@code iss} of its tokens
 * @param service the {@code aud} of its tokens
 * @param profile the shape of its tokens
 * @param keyId the option {@code --key-id}, if it is set
 * @param keysWhere where its keys are
 * @param keys its keys and their certificates, as far as they are known
 */
public record TokenServer(
    String issuer,
    String service,
    TokenProfile profile,
    Optional<String> keyId,
    String keysWhere,
    KeyEntries keys) {
  /** The issuer that serve has by default. */
  public static final String DEFAULT_ISSUER = "registry-token-issuer";

  /** The service that serve has by default. */
  public static final String DEFAULT_SERVICE = "docker-registry";

  KeyIdStyle keyIdStyle() {
    return KeyIdStyle.parse(keyId.orElse(profile.defaultKeyId()));
  }

  /** Returns the options by which other commands name keys as this server does. */
  String keyIdOptions() {
    return (profile.equals(TokenProfile.DISTRIBUTION_3) ? "" : " --profile " + profile)
        + keyId.map(id -> " --key-id " + Fixes.word(id)).orElse("");
  }
}
