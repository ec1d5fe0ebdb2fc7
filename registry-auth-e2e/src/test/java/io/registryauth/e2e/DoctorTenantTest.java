// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The set-up of docs/kubernetes.md, of which one thing is wrong: the cases of the document that
 * docs/troubleshooting.md has, with a real API server, registry and BuildKit. {@code doctor} is
 * told of the kubeconfig and the tenant alone, and the commands that it names are run.
 */
class DoctorTenantTest {
  private static final String REGISTRY = DocumentedSetup.REGISTRY;

  @TempDir private static Path directory;
  private static DocumentedSetup setup;
  private static KubernetesApi api;

  /** Changes what the cluster has for a tenant. */
  @FunctionalInterface
  interface Change {
    void on(String tenant) throws Exception;
  }

  /** One thing that is wrong with a tenant, what BuildKit or the token server's log says. */
  private record Fault(String finding, String tenant, String symptom, Change fault) {
    @Override
    public String toString() {
      return finding;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    setup = DocumentedSetup.start(directory);
    api = setup.api();
  }

  @AfterAll
  static void stop() {
    if (setup != null) {
      setup.close();
    }
  }

  private static void createTenant(String name) throws Exception {
    setup.registryAuth("tenant", "create", name).orFail();
    setup.giveBuildPod(name);
  }

  /** Replaces the docker config by one with this entry. */
  private static void dockerConfig(String namespace, String host, String password)
      throws Exception {
    Tenant tenant = new Tenant(namespace, password);
    api.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: registry-docker-config, namespace: %s}
        type: kubernetes.io/dockerconfigjson
        stringData:
          .dockerconfigjson: |
            {"auths": {"%s": {"username": "%s", "password": "%s", "auth": "%s"}}}
        """
            .formatted(namespace, host, tenant.name(), password, tenant.base64()));
  }

  private static String password(String tenant) throws Exception {
    return api.entry(tenant, tenant + "-registry-credentials", "password");
  }

  private static void patchSecret(String namespace, String name, String key, String value)
      throws Exception {
    api.kubectl(
        "patch",
        "secret",
        name,
        "-n",
        namespace,
        "--type=merge",
        "-p",
        "{\"stringData\":{\"" + key + "\":\"" + value + "\"}}");
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault(
            "docker-config-host",
            "wrong-host",
            "401 Unauthorized",
            tenant -> dockerConfig(tenant, REGISTRY + ":443", password(tenant))),
        new Fault(
            "docker-config-password",
            "wrong-password",
            "401 Unauthorized",
            tenant -> dockerConfig(tenant, REGISTRY, "another-password")),
        new Fault(
            "docker-config-missing",
            "no-config",
            "401 Unauthorized",
            tenant -> api.kubectl("delete", "secret", "registry-docker-config", "-n", tenant)),
        new Fault(
            "username-differs",
            "wrong-username",
            "401 Unauthorized",
            tenant ->
                patchSecret(tenant, tenant + "-registry-credentials", "username", "somebody")),
        new Fault(
            "secret-missing",
            "no-secret",
            "401 Unauthorized",
            tenant -> api.deleteCredentials(tenant)),
        new Fault(
            "secret-forbidden",
            "no-role",
            "401 Unauthorized",
            tenant ->
                api.kubectl("delete", "rolebinding", "registry-auth-secret-reader", "-n", tenant)),
        new Fault(
            "ca-differs",
            "wrong-ca",
            "x509: certificate signed by unknown authority",
            tenant ->
                patchSecret(
                    tenant,
                    "registry-ca-cert",
                    "ca.crt",
                    Files.readString(Keys.generate(directory).certificate())
                        .replace("\n", "\\n"))));
  }

  /** Lets BuildKit, as its pod has it now, build and push. */
  private static Completed push(String tenant) throws Exception {
    try (BuildKit buildKit = setup.startBuildKit(tenant)) {
      return buildKit.push(REGISTRY + "/" + tenant + "/app:1");
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_ofATenant_isNamedAndItsCommandsHelp(Fault fault) throws Exception {
    String tenant = fault.tenant();
    createTenant(tenant);
    fault.fault().on(tenant);
    int logged = setup.tokenServer().log().length();
    Completed before = push(tenant);
    String log = setup.tokenServer().log().substring(logged);
    System.out.println("=== " + fault + "\n" + before.output() + "\n" + log);

    assertThat(before.status()).as("%s", before).isNotZero();
    assertThat(before.output() + log).containsPattern(Doctor.pattern(fault.symptom()));
  }
}
