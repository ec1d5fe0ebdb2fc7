// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** buildah, with a store of its own. */
final class BuildahSession extends CommandSession {
  BuildahSession(Path parent, String registry) throws IOException {
    super(client(parent), registry);
    Files.writeString(
        client.home().resolve("policy.json"),
        "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
  }

  private static Client client(Path parent) throws IOException {
    Path store = Files.createTempDirectory(parent, "buildah-store-");
    return Client.containers(
        "buildah",
        parent,
        "--storage-driver=vfs",
        "--root=" + store.resolve("root"),
        "--runroot=" + store.resolve("run"));
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run(
        "login", "--tls-verify=false", "-u", tenant.name(), "-p", tenant.password(), registry);
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    String id = transfer("pull", "docker-archive:" + Artifacts.image(client.home())).orFail();
    return transfer("push", id.strip(), docker(repository));
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    transfer("pull", docker(repository)).orFail();
    return client.succeed("images", "--format={{.Digest}}", image(repository));
  }

  /** Pulls and pushes: there is no other way. */
  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    transfer("pull", docker(from)).orFail();
    return transfer("push", image(from), docker(to));
  }

  private Completed transfer(String command, String... arguments)
      throws IOException, InterruptedException {
    return client.run(
        Stream.concat(
                Stream.of(command, "--quiet", "--signature-policy=policy.json"),
                Stream.concat(Stream.of("--tls-verify=false"), Stream.of(arguments)))
            .toArray(String[]::new));
  }

  private String docker(String repository) {
    return "docker://" + image(repository);
  }
}
