// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The documented set-up in files of one directory, with one tenant's client: good until a test
 * changes a file, and good again when it has changed it back.
 */
final class FileSetup implements AutoCloseable {
  static final String CONFIG = "config.yml";
  static final String JWKS = "jwks.json";
  static final String CERTIFICATE = "tls.crt";

  private static final String REPOSITORY = "test-build/app";

  /** What has come of an attempt: all that the client, and the registry in its log, say. */
  record Outcome(boolean pushed, String said) {}

  /** Token servers, which are started once for the same key and options. */
  static final class Servers implements AutoCloseable {
    private final Path directory;
    private final Map<List<String>, TokenServer> started = new HashMap<>();

    Servers(Path directory) {
      this.directory = directory;
    }

    TokenServer get(Keys keys, String... options) throws IOException, InterruptedException {
      List<String> what = new ArrayList<>(List.of(options));
      what.add(keys.certificate().toString());
      TokenServer server = started.get(what);
      if (server == null) {
        server = TokenServer.start(directory, keys, options);
        started.put(what, server);
      }
      return server;
    }

    @Override
    public void close() {
      started.values().forEach(TokenServer::close);
    }
  }

  /** A client that pushes, with its password in a file of Docker. */
  interface Pusher {
    Completed push(Path dockerConfig, String image) throws Exception;
  }

  /** Pushes an image, a file, with crane. */
  static Completed crane(Path image, Path dockerConfig, String name)
      throws IOException, InterruptedException {
    Path home = dockerConfig.getParent();
    return RunningProcess.run(
        home,
        List.of(Peers.program("crane").toString(), "push", image.toString(), name),
        Map.of("DOCKER_CONFIG", home.toString()));
  }

  private final String version;
  private final Path directory;
  private final Servers servers;
  private final Pusher pusher;
  private Keys keys;
  private String[] options;
  private Function<TokenServer, URI> realm = TokenServer::realm;
  private Registry registry;

  private FileSetup(
      String version, Path directory, Servers servers, Pusher pusher, Keys keys, String[] options) {
    this.version = version;
    this.directory = directory;
    this.servers = servers;
    this.pusher = pusher;
    this.keys = keys;
    this.options = options;
  }

  /** Writes the files that suit a version of the registry, and starts nothing yet. */
  static FileSetup create(String version, Path parent, Servers servers, Pusher pusher, Keys keys)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(parent, "setup-");
    boolean old = version.equals("2.8");
    String[] options = old ? new String[] {"--profile=distribution-2.8"} : new String[0];
    FileSetup setup = new FileSetup(version, directory, servers, pusher, keys, options);
    setup.publishKeys();
    Files.writeString(
        setup.file(CONFIG),
        """
        version: 0.1
        storage:
          filesystem:
            rootdirectory: %1$s/storage
        http:
          addr: localhost:0
        auth:
          token:
            realm: REALM
            service: docker-registry
            issuer: registry-token-issuer
            rootcertbundle: %1$s/tls.crt
        """
                .formatted(directory)
            + (old ? "" : "    jwks: " + setup.file(JWKS) + "\n"));
    return setup;
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  Keys keys() {
    return keys;
  }

  Registry registry() {
    return registry;
  }

  /** Changes a text that is in a file. */
  void edit(String file, String from, String to) throws IOException {
    String text = Files.readString(file(file));
    assertThat(text).contains(from);
    Files.writeString(file(file), text.replace(from, to));
  }

  /** Gives the token server other options. */
  void serve(String... others) {
    options = others;
  }

  /** Gives the token server another key or certificate, of which registries do not hear yet. */
  void sign(Keys others) {
    keys = others;
  }

  /** Gives the registry what verifies the server's tokens, as it reads it at its next start. */
  void publishKeys() throws IOException, InterruptedException {
    Files.copy(keys.certificate(), file(CERTIFICATE), StandardCopyOption.REPLACE_EXISTING);
    URI jwks = servers.get(keys, options).uri().resolve("/jwks.json");
    Files.writeString(file(JWKS), Http.send("GET", jwks).body());
  }

  /** Makes the registry's JWK Set by the command. */
  void makeJwks() throws IOException, InterruptedException {
    String[] keyId =
        Arrays.stream(options)
            .filter(option -> option.matches("--(key-id|profile)=.*"))
            .toArray(String[]::new);
    ServerJar.writeJwks(keys.certificate(), file(JWKS), keyId);
  }

  /** Lets clients be sent to something that is in front of the token server. */
  void realm(Function<TokenServer, URI> other) {
    realm = other;
  }

  /** Starts the registry with the files as they are now, and lets the client push. */
  Outcome use() throws Exception {
    try {
      restart();
    } catch (AssertionError e) {
      return new Outcome(false, String.valueOf(e.getMessage()));
    }
    return push();
  }

  private void restart() throws IOException, InterruptedException {
    close();
    String config = Files.readString(file(CONFIG));
    String address = realm.apply(servers.get(keys, options)).toString();
    Files.writeString(file(CONFIG), config.replaceAll("(?m)(?<=^    realm: ).*$", address));
    registry = Registry.startIn(version, directory);
  }

  /** Lets the client push to the registry as it runs. */
  Outcome push() throws Exception {
    Path dockerConfig = file("docker/config.json");
    Files.createDirectories(dockerConfig.getParent());
    Files.writeString(
        dockerConfig,
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
            .formatted(registry.address(), Tenant.TEST_BUILD.base64()));
    Completed push = pusher.push(dockerConfig, registry.address() + "/" + REPOSITORY + ":1");
    return new Outcome(push.status() == 0, push.output() + registry.log());
  }

  /** Returns doctor's options for all that there is before anything runs. */
  Stream<String> files() {
    String release = version.replaceAll("^(\\d+\\.\\d+).*", "$1");
    return Stream.concat(
        Stream.of(
            "--registry-config=" + file(CONFIG),
            "--registry-version=" + release,
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate()),
        Stream.of(options));
  }

  /** Returns doctor's options for all that there is while a registry runs. */
  Stream<String> all() {
    return Stream.concat(
        files(),
        Stream.of(
            "--registry=http://" + registry.address(),
            "--docker-config=" + file("docker/config.json"),
            "--tenant=" + Tenant.TEST_BUILD.name()));
  }

  @Override
  public void close() {
    if (registry != null) {
      registry.close();
    }
  }
}
