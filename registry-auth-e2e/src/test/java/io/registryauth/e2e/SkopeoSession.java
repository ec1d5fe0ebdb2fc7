// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** skopeo. */
final class SkopeoSession extends CommandSession {
  SkopeoSession(Path parent, String registry) throws IOException {
    super(Client.skopeo(parent), registry);
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run(
        "login", "--tls-verify=false", "-u", tenant.name(), "-p", tenant.password(), registry);
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    String archive = "docker-archive:" + Artifacts.image(client.home());
    return client.run("copy", "--dest-tls-verify=false", archive, docker(repository));
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    client.succeed(
        "copy",
        "--src-tls-verify=false",
        "--digestfile=digest",
        docker(repository),
        "dir:" + Files.createTempDirectory(client.home(), "pulled-"));
    return Files.readString(client.home().resolve("digest"));
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return client.run(
        "copy", "--src-tls-verify=false", "--dest-tls-verify=false", docker(from), docker(to));
  }

  @Override
  public Completed delete(String repository, String digest)
      throws IOException, InterruptedException {
    return client.run("delete", "--tls-verify=false", docker(repository));
  }

  private String docker(String repository) {
    return "docker://" + image(repository);
  }
}
