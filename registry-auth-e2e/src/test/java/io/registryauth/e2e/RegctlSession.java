// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** regctl, of regclient. */
final class RegctlSession extends CommandSession {
  RegctlSession(Path parent, String registry) throws IOException {
    super(Client.docker("regctl", parent), registry);
    Path settings = Files.createDirectory(client.home().resolve(".regctl"));
    Files.writeString(
        settings.resolve("config.json"),
        "{\"hosts\":{\"%s\":{\"tls\":\"disabled\",\"hostname\":\"%1$s\"}}}".formatted(registry));
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run("registry", "login", "-u", tenant.name(), "-p", tenant.password(), registry);
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    return client.run(
        "image", "import", image(repository), Artifacts.image(client.home()).toString());
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    client.succeed("image", "export", image(repository), "pulled.tar");
    List<String> index = List.of("tar", "-xOf", "pulled.tar", "index.json");
    return digest(RunningProcess.run(client.home(), index, Map.of()).orFail());
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return client.run("image", "copy", image(from), image(to));
  }

  @Override
  public Completed delete(String repository, String digest)
      throws IOException, InterruptedException {
    return client.run("image", "delete", registry + "/" + repository + "@" + digest);
  }
}
