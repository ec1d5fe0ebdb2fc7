// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code serve}: the server. */
@Command(
    name = "serve",
    description = "Serves tokens until it is interrupted.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class ServeCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

  @Spec private CommandSpec spec;
  @Mixin private ServeOptions options;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (ExitOnSignal exit = ExitOnSignal.install()) {
      ServeOptions.Prepared prepared = options.prepare();
      prepared.background().forEach(start -> exit.add(start.get()));
      RegistryAuthServer server =
          RegistryAuthServer.start(
              prepared.clients(),
              prepared.management(),
              prepared.service(),
              prepared.keys()::jwks,
              prepared.metrics(),
              prepared.readiness());
      exit.add(server);
      log.info(
          "Signing {} with the key {} by {}; management on {}",
          prepared.signer().algorithm(),
          prepared.signer().keyId(),
          prepared.signer().provider().orElse("the JDK"),
          server.managementUri());
      QueuedAppender.flush();
      OptionValues.print(spec, "listening on " + server.uri());
      server.join();
    }
    return 0;
  }
}
