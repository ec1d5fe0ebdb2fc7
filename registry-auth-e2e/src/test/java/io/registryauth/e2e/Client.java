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
  private final Path credentials;
  private final Map<String, String> environment;

  /** Makes one whose credentials are in {@code credentials}, a file in Docker's format. */
  Client(List<String> program, Path home, Path credentials, Map<String, String> environment) {
    this.program = program;
    this.home = home;
    this.credentials = credentials;
    this.environment = environment;
  }

  static Client crane(Path parent) throws IOException {
    return docker("crane", parent);
  }

  /** Returns a client that keeps its credentials where Docker does. */
  static Client docker(String name, Path parent) throws IOException {
    Path home = Files.createTempDirectory(parent, name + "-");
    return new Client(
        List.of(Peers.program(name).toString()),
        home,
        home.resolve("config.json"),
        Map.of("DOCKER_CONFIG", home.toString()));
  }

  static Client skopeo(Path parent) throws IOException {
    return containers("skopeo", parent, "--insecure-policy");
  }

  /** Returns a client that has the configuration of Podman and its relatives. */
  static Client containers(String name, Path parent, String... options) throws IOException {
    Path home = Files.createTempDirectory(parent, name + "-");
    Path credentials = home.resolve("auth.json");
    // That file, once named, must be there.
    Files.writeString(credentials, "{}");
    Path noMirrors = Files.createFile(home.resolve("registries.conf"));
    return new Client(
        Stream.concat(Stream.of(Peers.program(name).toString()), Stream.of(options)).toList(),
        home,
        credentials,
        Map.of(
            "REGISTRY_AUTH_FILE", credentials.toString(),
            "CONTAINERS_REGISTRIES_CONF", noMirrors.toString()));
  }

  /** Returns the same client, which takes the certificates of this authority, and no others. */
  Client trusting(Path authority) {
    Map<String, String> more = new HashMap<>(environment);
    more.put("SSL_CERT_FILE", authority.toString());
    return new Client(program, home, credentials, more);
  }

  /** Gives it a password, as {@code docker login} stores it. */
  void remember(String registry, Tenant tenant) throws IOException {
    Files.writeString(
        credentials, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry, tenant.base64()));
  }

  /** Gives it an identity token and no password, as {@code docker login} stores it. */
  void rememberIdentityToken(String registry, String user, String token) throws IOException {
    Files.writeString(
        credentials,
        "{\"auths\":{\"%s\":{\"auth\":\"%s\",\"identitytoken\":\"%s\"}}}"
            .formatted(registry, new Tenant(user, "").base64(), token));
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
