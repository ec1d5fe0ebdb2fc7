// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.net.HostAndPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real registry beside the demo, if the project's tools have installed one in {@code
 * REGISTRY_AUTH_PEERS}, by default {@code ~/.cache/registry-auth-peers}.
 */
final class DemoRegistry implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DemoRegistry.class);
  private static final int START_SECONDS = 15;
  private static final int STOP_SECONDS = 10;

  private final HostAndPort address;
  private final Process process;

  private DemoRegistry(HostAndPort address, Process process) {
    this.address = address;
    this.process = process;
  }

  /** Starts a registry that takes tokens of a server; empty if none is installed or it fails. */
  static Optional<DemoRegistry> start(HostAndPort wanted, URI server, Path directory)
      throws IOException, InterruptedException {
    Optional<Path> program = program();
    if (program.isEmpty()) {
      return Optional.empty();
    }
    HostAndPort address;
    try (ServerSocket free =
        new ServerSocket(wanted.getPort(), 1, InetAddress.getByName(wanted.getHost()))) {
      // Not another program's: credentials would be sent to it.
      address = HostAndPort.fromParts(wanted.getHost(), free.getLocalPort());
    } catch (IOException e) {
      log.warn("No registry on {}: {}", wanted, e.getMessage());
      return Optional.empty();
    }
    Path config = directory.resolve("registry.yml");
    Files.writeString(config, config(address, server, directory));
    Path output = directory.resolve("registry.log");
    ProcessBuilder builder =
        new ProcessBuilder(program.get().toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    // A registry takes every variable that starts so for a setting, and stops at what is none.
    builder.environment().keySet().removeIf(name -> name.startsWith("REGISTRY_"));
    DemoRegistry registry = new DemoRegistry(address, builder.start());
    if (registry.listens()) {
      return Optional.of(registry);
    }
    registry.close();
    log.warn("The registry did not start on {}: {}", address, Files.readString(output));
    return Optional.empty();
  }

  private static Path bin() {
    String peers = System.getenv("REGISTRY_AUTH_PEERS");
    String cache = System.getProperty("user.home") + "/.cache/registry-auth-peers";
    return Path.of(peers == null ? cache : peers, "bin");
  }

  private static Optional<Path> program() throws IOException {
    if (!Files.isDirectory(bin())) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(bin())) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("registry-3."))
          .filter(Files::isExecutable)
          .max(Path::compareTo);
    }
  }

  private static String config(HostAndPort address, URI server, Path directory) {
    // Clients refuse a realm on a loopback address unless it has the registry's own host name.
    return """
        version: 0.1
        log:
          level: warn
        storage:
          filesystem:
            rootdirectory: %s
          delete:
            enabled: true
        http:
          addr: %s
        auth:
          token:
            realm: http://%s:%d/auth
            service: docker-registry
            issuer: registry-token-issuer
            jwks: %s
        """
        .formatted(
            directory.resolve("registry"),
            address,
            address.getHost(),
            server.getPort(),
            directory.resolve("jwks.json"));
  }

  private boolean listens() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (process.isAlive() && System.nanoTime() < deadline) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), 1000);
        return true;
      } catch (IOException e) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
    return false;
  }

  /** Returns lines that say what to do with it, with commands that can be pasted into a shell. */
  List<String> commands(String tenant, String password, Path directory) throws IOException {
    Path layer = directory.resolve("hello.tar");
    Path hello = Files.writeString(directory.resolve("hello.txt"), "Hello\n");
    String image = address + "/" + tenant + "/hello:1";
    if (!Files.isExecutable(bin().resolve("crane"))) {
      return List.of(
          "A registry is on " + address + ". Push an image that you have:",
          "    docker login " + address + " -u " + tenant + " -p " + password,
          "    docker tag IMAGE " + image,
          "    docker push " + image);
    }
    String crane = "    '" + bin().resolve("crane") + "' ";
    return List.of(
        "A registry is on " + address + ". Push a small image, read it, and try another's name:",
        "    export DOCKER_CONFIG='" + directory.resolve("docker") + "'",
        crane + "auth login " + address + " -u " + tenant + " -p " + password,
        "    tar -cf '" + layer + "' -C '" + directory + "' " + hello.getFileName(),
        crane + "append --new_layer '" + layer + "' --new_tag " + image,
        crane + "manifest " + image,
        crane + "manifest " + address + "/other-namespace/hello:1");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
