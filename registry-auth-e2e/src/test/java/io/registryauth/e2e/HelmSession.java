// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** helm, whose images are charts; a chart has the name of its repository's last component. */
final class HelmSession extends CommandSession {
  HelmSession(Path parent, String registry) throws IOException {
    super(client(Files.createTempDirectory(parent, "helm-")), registry);
  }

  private static Client client(Path home) {
    Path credentials = home.resolve("config.json");
    return new Client(
        List.of(Peers.program("helm").toString()),
        home,
        credentials,
        Map.of("HELM_REGISTRY_CONFIG", credentials.toString()));
  }

  @Override
  public Completed login(Tenant tenant) throws IOException, InterruptedException {
    return client.run(
        "registry",
        "login",
        "--plain-http",
        "-u",
        tenant.name(),
        "-p",
        tenant.password(),
        registry);
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    int end = repository.lastIndexOf('/');
    String name = repository.substring(end + 1);
    Path chart = Files.createDirectory(client.home().resolve(name));
    Files.writeString(
        chart.resolve("Chart.yaml"),
        "apiVersion: v2\nname: %s\nversion: %s\n".formatted(name, TAG));
    Artifacts.file(chart);
    client.succeed("package", chart.toString());
    return client.run(
        "push",
        "--plain-http",
        name + "-" + TAG + ".tgz",
        "oci://" + registry + "/" + repository.substring(0, end));
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    Path pulled = Files.createTempDirectory(client.home(), "pulled-");
    return digest(
        client.run(
            "pull",
            "--plain-http",
            "oci://" + registry + "/" + repository,
            "--version=" + TAG,
            "--destination=" + pulled));
  }
}
