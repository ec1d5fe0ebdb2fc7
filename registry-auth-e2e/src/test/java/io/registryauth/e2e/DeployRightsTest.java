// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the service account of registry-auth may do, by what a real API server allows it. */
class DeployRightsTest {
  private static final List<String> KINDS =
      List.of("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding");
  private static final String MINE = "secrets/test-build-registry-credentials";
  private static final String ANOTHERS = "secrets/other-namespace-registry-credentials";
  private static final String JWKS = "secrets/registry-auth-keys-jwks";
  private static final int LIMIT_SECONDS = 30;

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Manifests manifests;

  @BeforeAll
  static void start() throws Exception {
    manifests = Manifests.copy(directory);
    api = KubernetesApi.start(directory);
    for (String namespace : List.of("registry", "test-build", "other-namespace")) {
      api.kubectl("create", "namespace", namespace);
    }
    api.kubectl("create", "serviceaccount", "registry-auth", "-n", "registry");
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  /** Gives what a kustomization gives; what else is in it does not matter here. */
  private static void give(String kustomization) throws Exception {
    for (KubernetesObject object : manifests.objects(kustomization)) {
      if (KINDS.contains(object.kind())) {
        api.apply(object.toJson());
      }
    }
  }

  /** Takes every right away, for the next test. */
  @AfterEach
  void takeAway() throws Exception {
    String kinds = "clusterroles,clusterrolebindings,roles,rolebindings";
    String ours = "app.kubernetes.io/part-of=registry-auth";
    api.kubectl("delete", kinds, "--all-namespaces", "--selector=" + ours);
    awaitMayNot("get", MINE, "test-build");
    awaitMayNot("patch", JWKS, "registry");
  }

  private static boolean may(String verb, String resource, String namespace) throws Exception {
    Completed kubectl =
        api.run(
            api.adminKubeconfig(),
            "auth",
            "can-i",
            "--as=system:serviceaccount:registry:registry-auth",
            "--namespace=" + namespace,
            verb,
            resource);
    assertThat(kubectl.stdout().strip()).as(kubectl.toString()).isIn("yes", "no");
    return kubectl.stdout().startsWith("yes");
  }

  private static void awaitMay(String verb, String resource, String namespace) throws Exception {
    await(true, verb, resource, namespace);
  }

  /** Says little by itself: ask first for a right that is given with those that are not. */
  private static void awaitMayNot(String verb, String resource, String namespace) throws Exception {
    await(false, verb, resource, namespace);
  }

  /** The API server takes a moment to heed a change. */
  private static void await(boolean allowed, String verb, String resource, String namespace)
      throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (may(verb, resource, namespace) != allowed) {
      assertThat(System.nanoTime())
          .as("allowed to %s %s in %s: %s", verb, resource, namespace, !allowed)
          .isLessThan(deadline);
    }
  }

  /**
   * Returns each rule that a kustomization gives registry-auth, as verbs, group, kind and names.
   */
  private static List<String> rules(String kustomization) throws Exception {
    List<KubernetesObject> objects = manifests.objects(kustomization);
    Set<String> roles =
        objects.stream()
            .filter(object -> object.texts("subjects/name").anyMatch("registry-auth"::equals))
            .map(
                binding ->
                    String.join(
                        " ",
                        binding.text("roleRef/kind"),
                        binding.namespace(),
                        binding.text("roleRef/name")))
            .collect(Collectors.toSet());
    return objects.stream()
        .filter(
            object ->
                roles.contains(String.join(" ", object.kind(), object.namespace(), object.name())))
        .flatMap(
            role ->
                role.parts("rules")
                    .map(
                        rule ->
                            "%s %s: %s"
                                .formatted(
                                    role.kind(), role.namespace(), new TreeMap<>(rule.json()))))
        .toList();
  }

  private static final String PUBLISH =
      "Role registry: {apiGroups=[], resourceNames=[registry-auth-keys-jwks], resources=[secrets],"
          + " verbs=[get, create, patch]}";

  private static String read(String kind, String names, String verbs) {
    return kind + ": {apiGroups=[], " + names + "resources=[secrets], verbs=[" + verbs + "]}";
  }

  @Test
  void rules_ofEachKustomization_areTheseAlone() throws Exception {
    assertThat(rules("overlays/production")).containsExactly(PUBLISH);
    assertThat(rules("tenant"))
        .containsExactly(
            read("Role test-build", "resourceNames=[test-build-registry-credentials], ", "get"));
    assertThat(rules("overlays/dev"))
        .containsExactlyInAnyOrder(PUBLISH, read("ClusterRole ", "", "get"));
    assertThat(rules("registry-auth/cluster-secret-watcher"))
        .containsExactlyInAnyOrder(PUBLISH, read("ClusterRole ", "", "get, list, watch"));
  }

  @Test
  void production_withATenant_readsThatTenantsCredentialsAndNothingElse() throws Exception {
    give("overlays/production");
    give("tenant");
    awaitMay("get", MINE, "test-build");
    awaitMayNot("list", "secrets", "test-build");
    awaitMayNot("list", MINE, "test-build");
    awaitMayNot("watch", MINE, "test-build");
    awaitMayNot("patch", MINE, "test-build");
    awaitMayNot("get", "secrets/registry-docker-config", "test-build");
    awaitMayNot("get", MINE, "other-namespace");
    awaitMayNot("get", ANOTHERS, "other-namespace");
    awaitMayNot("get", "secrets/registry-auth-keys", "registry");
  }

  @Test
  void dev_readsTheCredentialsOfEachNamespace_butListsNone() throws Exception {
    give("overlays/dev");
    awaitMay("get", MINE, "test-build");
    awaitMay("get", ANOTHERS, "other-namespace");
    awaitMayNot("list", "secrets", "other-namespace");
    awaitMayNot("watch", "secrets", "other-namespace");
    awaitMayNot("create", "secrets", "other-namespace");
  }

  @Test
  void watcher_alsoListsAndWatches() throws Exception {
    give("registry-auth/cluster-secret-watcher");
    awaitMay("get", MINE, "test-build");
    awaitMay("list", "secrets", "other-namespace");
    awaitMay("watch", "secrets", "other-namespace");
    awaitMayNot("delete", "secrets", "other-namespace");
  }

  @Test
  void publisher_serverSideApplyOfTheMissingJwks_createsIt_andNoOtherSecret() throws Exception {
    give("registry-auth");
    awaitMay("patch", JWKS, "registry");
    Path account = api.serviceAccountKubeconfig("registry", "registry-auth");
    Completed created = applySecret(account, "registry-auth-keys-jwks");
    assertThat(created.stdout()).as(created.toString()).contains("serverside-applied");
    assertThat(applySecret(account, "registry-auth-keys-jwks").status()).isZero();
    assertThat(applySecret(account, "another").stderr()).contains("forbidden");
    assertThat(api.kubectl("get", "secrets", "-n", "registry", "-o", "name"))
        .isEqualTo("secret/registry-auth-keys-jwks\n");
  }

  private static Completed applySecret(Path account, String name) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve(name + ".yaml"),
            """
            apiVersion: v1
            kind: Secret
            metadata:
              name: %s
              namespace: registry
            stringData:
              jwks.json: '{"keys": []}'
            """
                .formatted(name));
    return api.run(account, "apply", "--server-side", "-f", file.toString());
  }
}
