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

/** The manifests of {@code deploy/}, as {@code kubectl kustomize} renders them. */
final class Manifests {
  private static final Path DEPLOY = Path.of("../deploy").toAbsolutePath().normalize();

  private final Path directory;
  private final Map<String, List<KubernetesObject>> rendered = new HashMap<>();

  private Manifests(Path directory) {
    this.directory = directory;
  }

  /**
   * Copies them, so that a component, which renders only as a part of something, can be wrapped.
   */
  static Manifests copy(Path parent) throws IOException {
    Path copy = Files.createTempDirectory(parent, "deploy-");
    for (Path file : files()) {
      Path target = copy.resolve(DEPLOY.relativize(file));
      Files.createDirectories(target.getParent());
      Files.copy(file, target);
    }
    return new Manifests(copy);
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.walk(DEPLOY)) {
      return paths.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** Returns the directory of each kustomization, whatever its kind, such as overlays/dev. */
  static List<String> names() throws IOException {
    return files().stream()
        .filter(file -> file.endsWith("kustomization.yaml"))
        .map(file -> DEPLOY.relativize(file.getParent()).toString())
        .toList();
  }

  /** Renders one to a file of YAML. */
  Path yaml(String name) throws IOException, InterruptedException {
    String yaml = kubectl("kustomize", renderable(name).toString());
    return Files.writeString(directory.resolve(name.replace('/', '-') + ".yaml"), yaml);
  }

  /** Renders one, without the defaults that an API server sets. */
  List<KubernetesObject> objects(String name) throws IOException, InterruptedException {
    if (!rendered.containsKey(name)) {
      // A patch that changes nothing: kubectl converts to JSON on the way, and needs no server.
      String file = yaml(name).toString();
      String json =
          kubectl("patch", "--local", "--type=merge", "--patch={}", "--output=json", "-f", file);
      rendered.put(name, KubernetesObject.parseAll(json));
    }
    return rendered.get(name);
  }

  /** Renders one, and returns the object of this kind and name in it. */
  KubernetesObject object(String kustomization, String kind, String name)
      throws IOException, InterruptedException {
    return objects(kustomization).stream()
        .filter(object -> object.kind().equals(kind) && object.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No " + kind + " " + name + " in " + kustomization));
  }

  private Path renderable(String name) throws IOException {
    Path kustomization = directory.resolve(name);
    String text = Files.readString(kustomization.resolve("kustomization.yaml"));
    return text.contains("kind: Component") ? wrap(name) : kustomization;
  }

  /** Puts a component beside what components here are about: registry-auth and a tenant. */
  private Path wrap(String component) throws IOException {
    Path wrapper = Files.createTempDirectory(directory, "wrapper-");
    Files.writeString(
        wrapper.resolve("namespace.yaml"),
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: test-build
        """);
    Files.writeString(
        wrapper.resolve("kustomization.yaml"),
        """
        resources: [namespace.yaml, ../registry-auth]
        components: [../%s]
        """
            .formatted(component));
    return wrapper;
  }

  private String kubectl(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(Stream.of(Peers.program("kubectl").toString()), Stream.of(arguments))
            .toList();
    return RunningProcess.run(directory, command, Map.of()).orFail();
  }
}
