// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Path;

/** oras, whose images are files. */
final class OrasSession extends CommandSession {
  OrasSession(Path parent, String registry) throws IOException {
    super(Client.docker("oras", parent), registry);
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run(
        "login", "--plain-http", "-u", tenant.name(), "-p", tenant.password(), registry);
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    Artifacts.file(client.home());
    return client.run("push", "--plain-http", image(repository), "hello.txt:text/plain");
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    return digest(client.run("pull", "--plain-http", "-o", "pulled", image(repository)));
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return client.run("cp", "--from-plain-http", "--to-plain-http", image(from), image(to));
  }

  @Override
  public Completed delete(String repository, String digest)
      throws IOException, InterruptedException {
    return client.run("manifest", "delete", "--plain-http", "--force", image(repository));
  }
}
