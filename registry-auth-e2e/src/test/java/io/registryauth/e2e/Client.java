// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A container client with a home of its own: it knows no credentials but those it is given. */
final class Client {
  private final List<String> program;
  private final Path home;
  private final Map<String, String> environment;

  private Client(List<String> program, Path home, Map<String, String> environment) {
    this.program = program;
    this.home = home;
    this.environment = environment;
  }

  static Client crane(Path parent) throws IOException {
    Path home = Files.createTempDirectory(parent, "crane-");
    return new Client(
        List.of(Peers.program("crane").toString()), home, Map.of("DOCKER_CONFIG", home.toString()));
  }

  static Client skopeo(Path parent) throws IOException {
    Path home = Files.createTempDirectory(parent, "skopeo-");
    Path noMirrors = Files.createFile(home.resolve("registries.conf"));
    return new Client(
        List.of(Peers.program("skopeo").toString(), "--insecure-policy"),
        home,
        Map.of(
            "REGISTRY_AUTH_FILE", home.resolve("auth.json").toString(),
            "CONTAINERS_REGISTRIES_CONF", noMirrors.toString()));
  }

  /** Returns the same client, which takes the certificates of this authority, and no others. */
  Client trusting(Path authority) {
    Map<String, String> more = new HashMap<>(environment);
    more.put("SSL_CERT_FILE", authority.toString());
    return new Client(program, home, more);
  }

  Completed run(String... arguments) throws IOException, InterruptedException {
    List<String> command = Stream.concat(program.stream(), Stream.of(arguments)).toList();
    return RunningProcess.run(home, command, environment);
  }

  /** Runs a command that should succeed, and returns its standard output without the line end. */
  String succeed(String... arguments) throws IOException, InterruptedException {
    return run(arguments).orFail().strip();
  }

  Path home() {
    return home;
  }
}
