// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A real API server, with the resources of cert-manager and of the Prometheus operator defined,
 * takes the manifests of deploy/.
 */
class DeployTest {
  /** Builds images: no Pod Security level but privileged lets it in. */
  private static final String EXCEPTION = "buildkit-test";

  @TempDir private static Path directory;
  private static Manifests manifests;
  private static KubernetesApi api;

  @BeforeAll
  static void start() throws Exception {
    Path certificates = Peers.share("cert-manager-crds");
    Path monitors = Peers.share("prometheus-operator-crds");
    manifests = Manifests.copy(directory);
    api = KubernetesApi.start(directory);
    for (Path definitions : List.of(certificates, monitors)) {
      api.kubectl("apply", "--server-side", "-f", definitions.toString());
    }
    api.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
    createWhatOthersNeed();
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  /**
   * Namespaces and service accounts: a dry run creates none, and has to find those that it names.
   */
  private static void createWhatOthersNeed() throws Exception {
    for (String level : List.of("restricted", "baseline", "privileged")) {
      api.kubectl("create", "namespace", level);
      api.kubectl("label", "namespace", level, "pod-security.kubernetes.io/enforce=" + level);
    }
    for (String name : List.of("overlays/production", "tenant")) {
      for (KubernetesObject object : manifests.objects(name)) {
        if (object.kind().equals("Namespace") || object.kind().equals("ServiceAccount")) {
          api.apply(object.toJson());
        }
      }
    }
  }

  static List<String> kustomizations() throws IOException {
    return Manifests.names();
  }

  @ParameterizedTest
  @MethodSource("kustomizations")
  void kustomization_appliedByADryRun_isTakenWithoutAWarning(String name) throws Exception {
    Completed kubectl =
        api.run(
            api.adminKubeconfig(),
            "apply",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            manifests.yaml(name).toString());
    assertThat(kubectl.status()).as(kubectl.toString()).isZero();
    assertThat(kubectl.stderr()).isEmpty();
    assertThat(kubectl.stdout().lines()).hasSameSizeAs(manifests.objects(name));
  }

  @Test
  void manifests_holdNoSecret() throws Exception {
    for (String name : Manifests.names()) {
      assertThat(manifests.objects(name)).noneMatch(object -> object.kind().equals("Secret"));
    }
  }

  @Test
  void pod_ofAnythingButBuildKit_passesPodSecurityRestricted() throws Exception {
    // Most kustomizations have the same pods.
    Map<KubernetesObject, String> pods = new LinkedHashMap<>();
    for (String name : Manifests.names()) {
      for (KubernetesObject object : manifests.objects(name)) {
        object.pods().forEach(pod -> pods.put(pod, object.name()));
      }
    }
    assertThat(pods.values()).contains("registry", "registry-auth", EXCEPTION);
    pods.values().remove(EXCEPTION);
    for (KubernetesObject pod : pods.keySet()) {
      Completed kubectl = createPod("restricted", pod);
      assertThat(kubectl.status()).as(kubectl.toString()).isZero();
    }
  }

  @Test
  void podOfBuildKit_isRefusedByRestrictedAndBaseline_andTakenByPrivileged() throws Exception {
    KubernetesObject pod = manifests.object("tenant", "Pod", EXCEPTION);
    for (String level : List.of("restricted", "baseline")) {
      assertThat(createPod(level, pod).stderr())
          .contains("violates PodSecurity \"" + level + ":latest\"");
    }
    Completed privileged = createPod("privileged", pod);
    assertThat(privileged.status()).as(privileged.toString()).isZero();
  }

  private static Completed createPod(String namespace, KubernetesObject pod) throws Exception {
    String account = pod.text("spec/serviceAccountName");
    api.apply(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: %s, namespace: %s}}"
            .formatted(account.isEmpty() ? "default" : account, namespace));
    Map<String, Object> metadata = Map.of("name", "pod", "namespace", namespace);
    KubernetesObject alone =
        new KubernetesObject(
            Map.of(
                "apiVersion",
                "v1",
                "kind",
                "Pod",
                "metadata",
                metadata,
                "spec",
                pod.part("spec").json()));
    Path file = Files.writeString(directory.resolve("pod.json"), alone.toJson());
    return api.run(api.adminKubeconfig(), "create", "--dry-run=server", "-f", file.toString());
  }
}
