// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.kubernetes.ObjectName;
import io.registryauth.tenant.NamespaceName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * The pods of a Deployment, or a single one: what their main container sees.
 *
 * @param cluster where it is
 * @param namespace its namespace
 * @param where its name, for people
 * @param spec the pod's {@code spec}
 * @param container the container, the first one
 */
record Workload(
    Cluster cluster, NamespaceName namespace, String where, KubeObject spec, KubeObject container) {

  static Workload ofDeployment(Cluster cluster, KubeObject deployment) {
    return of(
        cluster,
        cluster.namespace(),
        "Deployment " + cluster.namespace() + "/" + deployment.name(),
        deployment.at("spec", "template", "spec"));
  }

  static Workload ofPod(Cluster cluster, NamespaceName namespace, KubeObject pod) {
    return of(cluster, namespace, "Pod " + namespace + "/" + pod.name(), pod.at("spec"));
  }

  private static Workload of(
      Cluster cluster, NamespaceName namespace, String where, KubeObject spec) {
    KubeObject container =
        spec.list("containers").stream().findFirst().orElseGet(() -> spec.at("no container"));
    return new Workload(cluster, namespace, where, spec, container);
  }

  String image() {
    return container.text("image").orElse("");
  }

  /** Returns command and arguments. */
  List<String> commandLine() {
    return Stream.concat(container.texts("command").stream(), container.texts("args").stream())
        .toList();
  }

  /** Returns the variables, by name; of one that refers to what cannot be read, nothing. */
  Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    container
        .list("env")
        .forEach(
            variable ->
                variable
                    .text("name")
                    .ifPresent(
                        name ->
                            variables.put(
                                name,
                                variable
                                    .text("value")
                                    .or(() -> referred(variable.at("valueFrom")))
                                    .orElse(""))));
    return variables;
  }

  private Optional<String> referred(KubeObject reference) {
    return referred(reference.at("configMapKeyRef"), cluster::configEntry)
        .or(() -> referred(reference.at("secretKeyRef"), cluster::secretEntry));
  }

  private Optional<String> referred(
      KubeObject reference, BiFunction<ObjectName, String, Source> entries) {
    String name = reference.text("name").orElse("");
    return ObjectName.isDnsName(name)
        ? entries.apply(new ObjectName(namespace, name), reference.text("key").orElse("")).text()
        : Optional.empty();
  }

  /** Returns what {@code --option VALUE}, {@code --option=VALUE} or a variable says. */
  Optional<String> setting(String option, String variable) {
    List<String> words = commandLine();
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).startsWith(option + "=")) {
        return Optional.of(words.get(i).substring(option.length() + 1));
      }
      if (words.get(i).equals(option) && i + 1 < words.size()) {
        return Optional.of(words.get(i + 1));
      }
    }
    return Optional.ofNullable(variables().get(variable)).filter(value -> !value.isEmpty());
  }

  /** A volume where it is mounted, and the file that a path in it is. */
  record Mounted(KubeObject volume, KubeObject mount, String file) {}

  /** Returns what is mounted at or above a path: the longest such. */
  Optional<Mounted> mounted(String path) {
    Optional<Mounted> found = Optional.empty();
    int longest = -1;
    for (KubeObject mount : container.list("volumeMounts")) {
      String at = mount.text("mountPath").orElse("").replaceFirst("/+$", "");
      boolean covers = path.equals(at) || path.startsWith(at + "/");
      if (covers && at.length() > longest) {
        longest = at.length();
        String rest = path.equals(at) ? "" : path.substring(at.length() + 1);
        String file =
            mount.text("subPath").map(sub -> rest.isEmpty() ? sub : sub + "/" + rest).orElse(rest);
        found = volume(mount).map(volume -> new Mounted(volume, mount, file));
      }
    }
    return found;
  }

  private Optional<KubeObject> volume(KubeObject mount) {
    String name = mount.text("name").orElse("");
    return spec.list("volumes").stream()
        .filter(volume -> volume.text("name").orElse("").equals(name))
        .findFirst();
  }

  /** Returns what a file in the container says. */
  Source file(String path) {
    Optional<Mounted> mounted = mounted(path);
    if (mounted.isEmpty()) {
      return Source.missing(where + ": " + path + ", where no volume is mounted");
    }
    KubeObject volume = mounted.get().volume();
    String file = mounted.get().file();
    if (volume.has("secret")) {
      return entry(volume.at("secret"), "secretName", file, path, true);
    }
    if (volume.has("configMap")) {
      return entry(volume.at("configMap"), "name", file, path, false);
    }
    return Source.unread(where + ": " + path, "its volume is neither a Secret nor a ConfigMap");
  }

  private Source entry(
      KubeObject source, String nameField, String file, String path, boolean secret) {
    Optional<String> key = key(source, file);
    if (key.isEmpty()) {
      return Source.missing(where + ": " + path + ", which is none of the volume's items");
    }
    ObjectName object;
    try {
      object = new ObjectName(namespace, source.text(nameField).orElse(""));
    } catch (IllegalArgumentException e) {
      return Source.unread(where + ": " + path, "its volume names nothing");
    }
    return secret ? cluster.secretEntry(object, key.get()) : cluster.configEntry(object, key.get());
  }

  /** Returns the entry that a volume shows as a file. */
  static Optional<String> key(KubeObject source, String file) {
    List<KubeObject> items = source.list("items");
    return items.isEmpty()
        ? Optional.of(file)
        : items.stream()
            .filter(item -> item.text("path").orElse("").equals(file))
            .flatMap(item -> item.text("key").stream())
            .findFirst();
  }
}
