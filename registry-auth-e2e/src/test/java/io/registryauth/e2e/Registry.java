// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A real registry that takes a server's tokens, on a free loopback port. */
final class Registry implements AutoCloseable {
  private static final int LOG_SECONDS = 10;
  private static final Pattern LISTENING = Pattern.compile("listening on [^\" ]*:(\\d+)\"");

  private final Path program;
  private final Path directory;
  private RunningProcess process;
  private String address;

  private Registry(Path program, Path directory) {
    this.program = program;
    this.directory = directory;
  }

  /** Starts a registry with a certificate and a JWK Set, as the documented set-up has it. */
  static Registry start(String version, Path parent, URI realm, Path certificate, Path jwks)
      throws IOException, InterruptedException {
    return start(version, parent, realm, certificate, "    jwks: " + jwks + "\n");
  }

  /** Starts a registry that has the certificate alone. */
  static Registry startWithoutJwks(String version, Path parent, URI realm, Path certificate)
      throws IOException, InterruptedException {
    return start(version, parent, realm, certificate, "");
  }

  /** Starts a registry that has a JWK Set alone. */
  static Registry startWithoutCertificate(String version, Path parent, URI realm, Path jwks)
      throws IOException, InterruptedException {
    return start(version, parent, realm, "    jwks: " + jwks + "\n");
  }

  /** Starts a registry with the certificate and these lines of {@code auth.token}. */
  static Registry start(String version, Path parent, URI realm, Path certificate, String more)
      throws IOException, InterruptedException {
    return start(version, parent, realm, "    rootcertbundle: " + certificate + "\n" + more);
  }

  private static Registry start(String version, Path parent, URI realm, String keys)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(parent, "registry-");
    Files.writeString(
        directory.resolve("config.yml"),
        """
        version: 0.1
        log:
          level: debug
        storage:
          filesystem:
            rootdirectory: %s
          delete:
            enabled: true
        http:
          addr: localhost:0
        auth:
          token:
            realm: %s
            service: docker-registry
            issuer: registry-token-issuer
        %s"""
            .formatted(directory.resolve("storage"), realm, keys));
    return startIn(version, directory);
  }

  /**
   * Starts a registry of which the directory has the configuration, {@code config.yml}, and the
   * storage.
   */
  static Registry startIn(String version, Path directory) throws IOException, InterruptedException {
    Registry registry = new Registry(Peers.program("registry-" + version), directory);
    registry.start();
    return registry;
  }

  private void start() throws IOException, InterruptedException {
    process =
        RunningProcess.start(
            directory,
            List.of(program.toString(), "serve", config().toString()),
            Map.of("OTEL_TRACES_EXPORTER", "none"));
    try {
      address = "localhost:" + process.awaitOutput(LISTENING);
      HttpResponse<String> response = Http.send("GET", uri("/v2/"));
      if (response.statusCode() != 401) {
        throw new AssertionError("Not a registry that asks for tokens: " + response);
      }
    } catch (AssertionError | IOException | InterruptedException e) {
      process.close();
      throw e;
    }
  }

  /** Starts it again, to read its files anew; its address changes, its storage stays. */
  void restart() throws IOException, InterruptedException {
    process.close();
    start();
  }

  private Path config() {
    return directory.resolve("config.yml");
  }

  private Path storage() {
    return directory.resolve("storage");
  }

  String address() {
    return address;
  }

  URI uri(String path) {
    return URI.create("http://" + address + path);
  }

  HttpResponse<String> get(String path, String token) throws IOException, InterruptedException {
    return Http.send("GET", uri(path), "Authorization", "Bearer " + token);
  }

  /** Returns whether anything of a repository is stored. */
  boolean stores(String repository) {
    return Files.exists(storage().resolve("docker/registry/v2/repositories").resolve(repository));
  }

  /** Waits for what the registry may log after its answer. */
  void awaitLog(Pattern pattern) throws InterruptedException {
    process.awaitOutput(pattern, LOG_SECONDS);
  }

  String log() {
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }
}
