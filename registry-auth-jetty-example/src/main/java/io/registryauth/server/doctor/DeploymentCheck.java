// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CONFIG_PATH;
import static io.registryauth.server.doctor.FindingId.SERVICE_LINKS;

import io.registryauth.kubernetes.ClusterReader.Answer;
import java.util.List;
import java.util.Optional;

/** Does the registry's pod read its configuration, and nothing else that it takes for settings? */
final class DeploymentCheck implements Check {
  private static final int MAX_SERVICES = 500;
  private static final String PREFIX = "REGISTRY_AUTH_";

  /** What is a method of authentication, and hence may stand after the prefix. */
  private static final String METHODS = "(TOKEN|HTPASSWD|SILLY|NONE)(_.*)?";

  @Override
  public void check(Setup setup, Notes notes) {
    Optional<Cluster> cluster = setup.cluster();
    cluster
        .flatMap(found -> found.workload(Cluster.REGISTRY, notes))
        .ifPresent(
            registry -> {
              notes.checked("the registry's pods, " + registry.where());
              path(registry, setup, notes);
              variables(registry, notes);
              links(registry, cluster.orElseThrow(), notes);
            });
  }

  private static void path(Workload registry, Setup setup, Notes notes) {
    RegistryVersion version = setup.assumedVersion();
    String path = ClusterSetup.configPath(Optional.of(registry), version);
    if (!registry.file(path).isMissing() || ClusterSetup.isSetByVariables(registry)) {
      return;
    }
    String elsewhere =
        registry.container().list("volumeMounts").stream()
            .filter(mount -> mount.text("name").orElse("").contains("config"))
            .flatMap(mount -> mount.text("mountPath").stream())
            .findFirst()
            .map(mounted -> "; it is mounted at " + mounted)
            .orElse("");
    notes.finding(
        CONFIG_PATH,
        "registry %s reads %s, where no configuration is mounted%s: it runs with that of its image,"
                .formatted(version, path, elsewhere)
            + " by plain http and without tokens",
        registry.where() + ": volumeMounts",
        "mount the ConfigMap registry-config at %s (mountPath: %s)"
            .formatted(version.configDirectory(), version.configDirectory()));
  }

  private static void variables(Workload registry, Notes notes) {
    List<String> names =
        registry.variables().keySet().stream()
            .filter(name -> name.startsWith(PREFIX))
            .filter(name -> !name.substring(PREFIX.length()).matches(METHODS))
            .sorted()
            .toList();
    if (!names.isEmpty()) {
      notes.finding(
          SERVICE_LINKS,
          "the registry takes %s for settings, and does not start".formatted(names),
          registry.where() + ": env",
          "remove them");
    }
  }

  private static void links(Workload registry, Cluster cluster, Notes notes) {
    if (registry.spec().text("enableServiceLinks").filter("false"::equals).isPresent()) {
      return;
    }
    Answer answer = cluster.reader().services(cluster.namespace(), MAX_SERVICES);
    if (answer.unknown().isPresent()) {
      notes.notChecked(
          "whether variables of a Service disturb the registry", answer.unknown().get());
      return;
    }
    answer
        .json()
        .map(KubeObject::parse)
        .flatMap(
            list ->
                list.list("items").stream()
                    .map(KubeObject::name)
                    .filter(
                        name -> name.equals("registry-auth") || name.startsWith("registry-auth-"))
                    .findFirst())
        .ifPresent(
            service ->
                notes.finding(
                    SERVICE_LINKS,
                    "Kubernetes sets REGISTRY_AUTH_PORT and the like for the Service %s, which the registry"
                            .formatted(service)
                        + " takes for settings: it does not start",
                    registry.where() + ": enableServiceLinks",
                    "`kubectl patch deployment registry -n %s -p".formatted(cluster.namespace())
                        + " '{\"spec\":{\"template\":{\"spec\":{\"enableServiceLinks\":false}}}}'`"));
  }
}
