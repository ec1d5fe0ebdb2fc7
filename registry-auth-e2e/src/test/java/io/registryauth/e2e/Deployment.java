// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The documented set-up: a key, the server that signs with it, a registry that takes its tokens.
 */
record Deployment(Keys keys, TokenServer server, Registry registry) implements AutoCloseable {
  static Deployment start(String version, Path parent) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(parent, "deployment-");
    Keys keys = Keys.generate(directory);
    TokenServer server = TokenServer.start(directory, keys);
    try {
      Path jwks = directory.resolve("jwks.json");
      ServerJar.writeJwks(keys.certificate(), jwks);
      return new Deployment(
          keys,
          server,
          Registry.start(version, directory, server.realm(), keys.certificate(), jwks));
    } catch (Throwable e) {
      server.close();
      throw e;
    }
  }

  @Override
  public void close() {
    registry.close();
    server.close();
  }
}
