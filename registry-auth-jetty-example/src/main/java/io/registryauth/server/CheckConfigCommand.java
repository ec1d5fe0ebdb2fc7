// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code check-config}: would {@code serve} start? */
@Command(
    name = "check-config",
    description = {
      "Refuses what serve would refuse, in the same words and with the same status, without serving.",
      "It reads all files, looks up host names, and runs the program that a kubeconfig may have for a"
          + " token.",
      "But it listens nowhere and asks no server: it does not see that a port is in use, that"
          + " Kubernetes does not answer, or that it denies a right."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class CheckConfigCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServeOptions options;

  @Override
  public Integer call() {
    ServeOptions.Prepared server = options.prepare();
    OptionValues.print(
        spec,
        "configuration is good: signing %s with the key %s; credentials of %s; %s on %s, management on %s"
            .formatted(
                server.signer().algorithm(),
                server.signer().keyId(),
                options.store(),
                server.clients().tls().isPresent() ? "https" : "http",
                server.clients().address(),
                server.management()));
    return 0;
  }
}
