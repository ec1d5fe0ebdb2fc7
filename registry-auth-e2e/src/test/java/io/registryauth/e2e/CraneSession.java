// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** crane, of go-containerregistry. */
final class CraneSession extends CommandSession {
  CraneSession(Path parent, String registry) throws IOException {
    super(Client.crane(parent), registry);
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run("auth", "login", registry, "-u", tenant.name(), "-p", tenant.password());
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    return client.run("push", Artifacts.image(client.home()).toString(), image(repository));
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    client.succeed("pull", "--format=oci", image(repository), "pulled");
    return digest(Files.readString(client.home().resolve("pulled/index.json")));
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return client.run("copy", image(from), image(to));
  }

  @Override
  public Completed delete(String repository, String digest)
      throws IOException, InterruptedException {
    return client.run("delete", registry + "/" + repository + "@" + digest);
  }
}
