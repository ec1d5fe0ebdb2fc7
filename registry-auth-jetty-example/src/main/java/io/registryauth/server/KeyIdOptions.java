// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.token.TokenProfile;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say how keys are named; the same for tokens and for the JWK Set. */
final class KeyIdOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--key-id",
      paramLabel = "ID",
      defaultValue = "${env:SIGNING_KEY_ID}",
      description = {
        "Key id of tokens and JWK Set: a fixed text, rfc7638 or libtrust.",
        "(SIGNING_KEY_ID; default: registry-auth-jwt-signer, or libtrust with the profile"
            + " distribution-2.8)"
      })
  private @Nullable String keyId;

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      defaultValue = "${env:TOKEN_PROFILE:-distribution-3}",
      description = {
        "Shape of tokens, by the registry: distribution-3, or distribution-2.8, which have key ids"
            + " of their own.",
        "(TOKEN_PROFILE; default: distribution-3)"
      })
  private String profile;

  TokenProfile profile() {
    return OptionValues.parse(spec, "--profile", profile, TokenProfile::parse);
  }

  /** Returns the key id as it is set, if it is. */
  Optional<String> id() {
    return Optional.ofNullable(keyId).filter(text -> !text.isEmpty());
  }

  KeyIdStyle keyIdStyle() {
    String byProfile = profile().defaultKeyId();
    return OptionValues.parse(
        spec, "--key-id", Strings.isNullOrEmpty(keyId) ? byProfile : keyId, KeyIdStyle::parse);
  }
}
