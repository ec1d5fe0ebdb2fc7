// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tenant}: the commands for one tenant. */
@Command(
    name = "tenant",
    description = "Makes, renews, shows or deletes what a tenant needs in its own namespace.",
    subcommands = {
      TenantCreateCommand.class,
      TenantRotateCommand.class,
      TenantShowCommand.class,
      TenantDeleteCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
final class TenantCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Without a subcommand there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "A command is needed: create, rotate, show or delete; see --help");
  }
}
