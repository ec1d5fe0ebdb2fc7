// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.key.KeyEntries;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code keys promote}. */
@Command(
    name = "promote",
    description = {
      "Lets the staged key sign, and retires the current one, whose tokens go on to be taken.",
      "Registries must have the staged key by then; --when-accepted-by asks them.",
      "What --dry-run prints has the time of that run as the one from which the tokens of the retired"
          + " key age: apply it at once, or retire may let that key go too early."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class KeysPromoteCommand implements Callable<Integer> {
  @Option(
      names = "--when-accepted-by",
      paramLabel = "URL",
      description =
          "Registry, such as https://registry/v2/, that must take a token of the staged key, and refuse"
              + " to answer without one: each of its addresses, several times in a row. May be"
              + " repeated.")
  private List<String> registries = List.of();

  @Mixin private ProbeOptions probe;
  @Mixin private StoredKeysOptions keys;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (registries.isEmpty()) {
      keys.update(entries -> promote(entries));
      return 0;
    }
    SigningKey next = keys.read(this::next);
    probe.awaitAcceptance(next, keys.keyIds().profile(), registries);
    keys.update(
        entries -> {
          // What is not the key that the registries have taken is not promoted.
          if (!next(entries).verificationKey().equals(next.verificationKey())) {
            throw new IllegalStateException("Another key was staged meanwhile; try again");
          }
          return promote(entries);
        });
    return 0;
  }

  private KeyEntries promote(KeyEntries entries) {
    KeyEntries after = entries.promote(InstantSource.system().instant(), keys.keyIdStyle());
    TokenProfile profile = keys.keyIds().profile();
    try {
      // As serve would, which would go on to sign with the key of before.
      profile.check(after.keySet(keys.keyIdStyle()).current());
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "The staged key is not promoted: "
              + e.getMessage()
              + " (--profile is "
              + profile
              + ", and must be as serve has it)",
          e);
    }
    return after;
  }

  /** Returns the staged key of what could be promoted. */
  private SigningKey next(KeyEntries entries) {
    return promote(entries).keySet(keys.keyIdStyle()).current();
  }
}
