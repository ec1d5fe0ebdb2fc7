// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code keys retire}. */
@Command(
    name = "retire",
    description = {
      "Takes the retired key out of those that verify.",
      "Not while its tokens may be valid, of which refresh tokens live longest: clients that have one"
          + " must log in again when its key is gone.",
      "How long they live only serve knows: give the same three options or variables as it has."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class KeysRetireCommand implements Callable<Integer> {
  /** A pod sees a changed Secret within two minutes; a registry takes a token a minute longer. */
  private static final Duration MARGIN = Duration.ofMinutes(3);

  private static final Duration MAX_LIFETIME = Duration.ofDays(366);

  @Spec private CommandSpec spec;

  @Option(
      names = "--expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:TOKEN_EXPIRATION_SEC:-300}",
      description = {
        "How long a token is valid, as serve has it.",
        "(TOKEN_EXPIRATION_SEC; default: 300)"
      })
  private String expiration;

  @Option(
      names = "--push-expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:PUSH_TOKEN_EXPIRATION_SEC:-}",
      description = {
        "How long a token is valid that allows more than to pull, as serve has it.",
        "(PUSH_TOKEN_EXPIRATION_SEC; default: that of --expiration)"
      })
  private String pushExpiration;

  @Option(
      names = "--refresh-expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:REFRESH_TOKEN_EXPIRATION_SEC:-2592000}",
      description = {
        "How long a refresh token is valid, as serve has it; 0 if none are given, or if clients may"
            + " log in again.",
        "(REFRESH_TOKEN_EXPIRATION_SEC; default: 2592000)"
      })
  private String refreshExpiration;

  @Option(
      names = "--force",
      description =
          "Takes it out at once. Registries refuse its tokens once they have been restarted.")
  private boolean force;

  @Mixin private StoredKeysOptions keys;

  @Override
  public Integer call() throws IOException {
    Duration pull = seconds("--expiration", expiration);
    Duration push = pushExpiration.isEmpty() ? pull : seconds("--push-expiration", pushExpiration);
    Duration refresh = seconds("--refresh-expiration", refreshExpiration);
    Duration longest = Collections.max(List.of(pull, push, refresh)).plus(MARGIN);
    keys.update(
        entries ->
            force
                ? entries.retireAtOnce()
                : entries.retire(InstantSource.system().instant(), longest));
    return 0;
  }

  private static Duration lifetime(String text) {
    Duration time = OptionValues.seconds(text);
    if (time.isNegative() || time.compareTo(MAX_LIFETIME) > 0) {
      throw new IllegalArgumentException("valid are 0 to " + MAX_LIFETIME.toSeconds() + " s");
    }
    return time;
  }

  private Duration seconds(String option, String text) {
    return OptionValues.parse(spec, option, text, KeysRetireCommand::lifetime);
  }
}
