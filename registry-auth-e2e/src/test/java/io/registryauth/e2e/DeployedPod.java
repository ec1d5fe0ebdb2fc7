// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the kubelet gives the program of a pod: the files that its volumes show, here below a
 * directory that stands for {@code /}, its variables and its arguments.
 */
final class DeployedPod {
  private static final Pattern PATH_IN_CONFIG = Pattern.compile("(?m): (/\\S+)$");
  private static final String CONFIG = "/etc/distribution/config.yml";

  /** What the image of the registry has there, where no volume hides it. */
  private static final String CONFIG_OF_THE_IMAGE =
      """
      version: 0.1
      log:
        fields:
          service: registry
      storage:
        cache:
          blobdescriptor: inmemory
        filesystem:
          rootdirectory: /var/lib/registry
      http:
        addr: :5000
        headers:
          X-Content-Type-Options: [nosniff]
      health:
        storagedriver:
          enabled: true
          interval: 10s
          threshold: 3
      """;

  private final KubernetesObject pod;
  private final List<KubernetesObject> manifests;
  private final Secrets secrets;
  private final Path root;

  /** Where the contents of Secrets are. */
  interface Secrets {
    Map<String, String> entries(String name) throws Exception;
  }

  private DeployedPod(
      KubernetesObject pod, List<KubernetesObject> manifests, Secrets secrets, Path root) {
    this.pod = pod;
    this.manifests = manifests;
    this.secrets = secrets;
    this.root = root;
  }

  /**
   * Writes the files.
   *
   * @param deployment the name of the pod's Deployment, which is among the manifests
   */
  static DeployedPod of(
      String deployment, List<KubernetesObject> manifests, Secrets secrets, Path root)
      throws Exception {
    KubernetesObject template = find(manifests, "Deployment", deployment).part("spec/template");
    DeployedPod pod = new DeployedPod(template, manifests, secrets, root);
    for (KubernetesObject volume : template.parts("spec/volumes").toList()) {
      pod.mount(volume);
    }
    return pod;
  }

  private static KubernetesObject find(List<KubernetesObject> manifests, String kind, String name) {
    return manifests.stream()
        .filter(object -> object.kind().equals(kind) && object.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private void mount(KubernetesObject volume) throws Exception {
    String mountPath = mountPath(volume.text("name"));
    if (mountPath.isEmpty()) {
      return;
    }
    Path mount = Files.createDirectories(path(mountPath));
    Map<String, String> paths = new HashMap<>();
    volume.parts("secret/items").forEach(item -> paths.put(item.text("key"), item.text("path")));
    for (Map.Entry<String, String> file : contents(volume).entrySet()) {
      if (paths.isEmpty() || paths.containsKey(file.getKey())) {
        String path = paths.getOrDefault(file.getKey(), file.getKey());
        Files.writeString(mount.resolve(path), file.getValue());
      }
    }
  }

  private String mountPath(String volume) {
    return pod.parts("spec/containers/volumeMounts")
        .filter(mount -> mount.text("name").equals(volume))
        .map(mount -> mount.text("mountPath"))
        .collect(Collectors.joining());
  }

  private Map<String, String> contents(KubernetesObject volume) throws Exception {
    String configMap = volume.text("configMap/name");
    if (!configMap.isEmpty()) {
      Map<String, String> files = new HashMap<>();
      find(manifests, "ConfigMap", configMap)
          .part("data")
          .json()
          .forEach((name, text) -> files.put(name, (String) text));
      return files;
    }
    String secret = volume.text("secret/secretName");
    return secret.isEmpty() ? Map.of() : secrets.entries(secret);
  }

  /** Returns where a path of the container is. */
  Path path(String inContainer) {
    return root.resolve(inContainer.substring(1));
  }

  /** Puts the paths in the registry's configuration below the root, and its address elsewhere. */
  void relocateRegistry(String address) throws IOException {
    Path config = path(CONFIG);
    if (!Files.exists(config)) {
      Files.createDirectories(config.getParent());
      Files.writeString(config, CONFIG_OF_THE_IMAGE);
    }
    String text = Files.readString(config);
    assertThat(text).contains("  addr: :5000\n");
    Files.writeString(
        config,
        PATH_IN_CONFIG
            .matcher(text)
            .replaceAll(match -> ": " + root + match.group(1))
            .replace("  addr: :5000\n", "  addr: " + address + "\n"));
  }

  /** Returns the arguments, with paths below the root. */
  List<String> arguments() {
    return pod.texts("spec/containers/args").map(this::relocated).toList();
  }

  /** Returns the variables, with paths below the root. */
  Map<String, String> environment() throws Exception {
    Map<String, String> environment = new HashMap<>();
    if (!pod.text("spec/enableServiceLinks").equals("false")) {
      manifests.stream()
          .filter(object -> object.kind().equals("Service"))
          .forEach(service -> environment.putAll(links(service)));
    }
    for (KubernetesObject variable : pod.parts("spec/containers/env").toList()) {
      String secret = variable.text("valueFrom/secretKeyRef/name");
      environment.put(
          variable.text("name"),
          secret.isEmpty()
              ? relocated(variable.text("value"))
              : secrets.entries(secret).get(variable.text("valueFrom/secretKeyRef/key")));
    }
    return environment;
  }

  /** Returns the variables that tell a pod of a Service, which has one port. */
  private static Map<String, String> links(KubernetesObject service) {
    String name = service.name().toUpperCase(Locale.ROOT).replace('-', '_');
    String address = service.text("spec/clusterIP");
    String port = service.text("spec/ports/port");
    String url = "tcp://" + address + ":" + port;
    String tcp = name + "_PORT_" + port + "_TCP";
    return Map.of(
        name + "_SERVICE_HOST",
        address,
        name + "_SERVICE_PORT",
        port,
        name + "_PORT",
        url,
        tcp,
        url,
        tcp + "_PROTO",
        "tcp",
        tcp + "_PORT",
        port,
        tcp + "_ADDR",
        address);
  }

  private String relocated(String text) {
    return text.startsWith("/") ? path(text).toString() : text;
  }

  KubernetesObject template() {
    return pod;
  }
}
