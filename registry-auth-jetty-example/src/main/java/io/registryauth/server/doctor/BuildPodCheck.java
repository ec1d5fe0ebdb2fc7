// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.BUILD_POD_CONFIG;
import static io.registryauth.server.doctor.FindingId.DOCKERFILE_MISSING;

import io.registryauth.kubernetes.ClusterReader.Answer;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Do a tenant's build pods see what they need to push? */
final class BuildPodCheck {
  private static final int MAX_PODS = 500;

  /** Images of the names that builders have, or of the organizations that publish them. */
  private static final Pattern BUILDERS =
      Pattern.compile(
          "(?i)(.*/)?([^/]*(buildkit|kaniko|buildah|podman)[^/]*"
              + "|[^/]*(kaniko|buildah|podman)[^/]*/(executor|warmer|stable|upstream|testing))");

  private final Cluster cluster;
  private final NamespaceName tenant;
  private final Notes notes;

  BuildPodCheck(Cluster cluster, NamespaceName tenant, Notes notes) {
    this.cluster = cluster;
    this.tenant = tenant;
    this.notes = notes;
  }

  void check() {
    Answer answer = cluster.reader().pods(tenant, MAX_PODS);
    if (answer.json().isEmpty()) {
      notes.notChecked(
          "the build pods of " + tenant, answer.unknown().orElse("there is no such namespace"));
      return;
    }
    List<Workload> pods =
        KubeObject.parse(answer.json().get()).list("items").stream()
            .map(pod -> Workload.ofPod(cluster, tenant, pod))
            .filter(pod -> isBuilder(pod.image()))
            .toList();
    pods.forEach(this::pod);
  }

  /** Says whether a builder runs in it, by the name without the tag. */
  static boolean isBuilder(String image) {
    return BUILDERS.matcher(image.replaceFirst("(:[^/]*)?(@.*)?$", "")).matches();
  }

  private void pod(Workload pod) {
    notes.checked("the build pod, " + pod.where());
    if (!hasDockerConfig(pod)) {
      notes.finding(
          BUILD_POD_CONFIG,
          "the pod has no docker config where its client looks: builds come without credentials"
              + " (authorization token required)",
          pod.where() + ": volumeMounts",
          "mount Secret registry-docker-config at /root/.docker (or the home of its user, or what"
              + " DOCKER_CONFIG says) with the item .dockerconfigjson as config.json:"
              + " deploy/tenant/buildkit.yaml does");
    }
    if (mounts(pod, "registry-ca-cert").findAny().isEmpty()) {
      notes.finding(
          BUILD_POD_CONFIG,
          "the pod does not mount the authority that signed the registry's certificate (x509:"
              + " certificate signed by unknown authority)",
          pod.where() + ": volumes",
          "mount ca.crt of Secret registry-ca-cert as /etc/ssl/certs/registry-ca.crt:"
              + " deploy/tenant/buildkit.yaml does");
    }
    dockerfile(pod);
  }

  private static boolean hasDockerConfig(Workload pod) {
    return mounts(pod, "registry-docker-config")
        .anyMatch(
            mount -> {
              String path = mount.text("mountPath").orElse("").replaceFirst("/+$", "");
              String directory =
                  path.endsWith("/config.json") ? path.replaceFirst("/config.json$", "") : path;
              boolean found =
                  directory.endsWith("/.docker")
                      || directory.equals(
                          pod.variables()
                              .getOrDefault("DOCKER_CONFIG", "none")
                              .replaceFirst("/+$", ""));
              return found
                  && pod.mounted(directory + "/config.json")
                      .flatMap(
                          mounted -> Workload.key(mounted.volume().at("secret"), mounted.file()))
                      .filter(".dockerconfigjson"::equals)
                      .isPresent();
            });
  }

  /** Returns where a Secret is mounted. */
  private static Stream<KubeObject> mounts(Workload pod, String secret) {
    List<String> volumes =
        pod.spec().list("volumes").stream()
            .filter(volume -> volume.at("secret").text("secretName").orElse("").equals(secret))
            .flatMap(volume -> volume.text("name").stream())
            .toList();
    return pod.container().list("volumeMounts").stream()
        .filter(mount -> volumes.contains(mount.text("name").orElse("")));
  }

  private void dockerfile(Workload pod) {
    Optional<String> file = dockerfilePath(pod.commandLine());
    if (file.isEmpty()) {
      notes.notChecked(
          "whether there is a Dockerfile in " + pod.where(),
          "its build names its directory later; kubectl exec -n %s %s -- ls DIRECTORY/Dockerfile"
              .formatted(tenant, pod.where().replaceFirst(".*/", "")));
      return;
    }
    Source source = pod.file(file.get());
    if (source.isMissing()
        && pod.mounted(file.get())
            .filter(mounted -> mounted.volume().has("configMap"))
            .isPresent()) {
      notes.finding(
          DOCKERFILE_MISSING,
          "the build looks for %s, which is not there (no such file or directory)"
              .formatted(file.get()),
          source.where(),
          "write the Dockerfile into the ConfigMap: kubectl create configmap NAME -n %s"
                  .formatted(tenant)
              + " --from-file=Dockerfile --dry-run=client -o yaml | kubectl apply -f -");
    } else if (source.text().isEmpty()) {
      notes.notChecked(
          "whether there is a Dockerfile in " + pod.where(),
          "kubectl exec -n %s %s -- ls %s shows it"
              .formatted(tenant, pod.where().replaceFirst(".*/", ""), Fixes.word(file.get())));
    }
  }

  /** Returns where a build by buildctl or Kaniko looks, if the pod's command line says it. */
  static Optional<String> dockerfilePath(List<String> words) {
    Optional<String> context = Optional.empty();
    String name = "Dockerfile";
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      String next = i + 1 < words.size() ? words.get(i + 1) : "";
      if (word.equals("--local") && next.startsWith("dockerfile=")) {
        context = Optional.of(next.substring("dockerfile=".length()));
      } else if (word.startsWith("--local=dockerfile=")) {
        context = Optional.of(word.substring("--local=dockerfile=".length()));
      } else if (word.startsWith("--context=dir://")) {
        context = Optional.of(word.substring("--context=dir://".length()));
      } else if (word.startsWith("--dockerfile=")) {
        name = word.substring("--dockerfile=".length());
      }
    }
    String file = name;
    return context
        .filter(directory -> directory.startsWith("/"))
        .map(
            directory ->
                file.startsWith("/") ? file : directory.replaceFirst("/+$", "") + "/" + file);
  }
}
