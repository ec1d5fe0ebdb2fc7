// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keys}: the commands that change what signs. */
@Command(
    name = "keys",
    description = {
      "Changes the key that signs, in three steps, while tokens of both are taken.",
      "stage adds a key to those that verify, promote lets it sign, retire takes the one before out."
          + " Between stage and promote, restart the registries: they read their JWK Set when they"
          + " start."
    },
    subcommands = {KeysStageCommand.class, KeysPromoteCommand.class, KeysRetireCommand.class},
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
final class KeysCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Without a subcommand there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "A command is needed: stage, promote or retire; see --help");
  }
}
