// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.e2e.Doctor.Finding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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

  /** One thing that is wrong with a tenant, and what one of the logs, or BuildKit, says. */
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

  private static void patch(String kind, String name, String namespace, String patch)
      throws Exception {
    api.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", patch);
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault(
            "docker-config-host",
            "wrong-host",
            "authorization token required",
            tenant -> dockerConfig(tenant, REGISTRY + ":443", password(tenant))),
        new Fault(
            "docker-config-password",
            "wrong-password",
            "reason=\"wrong-password\"",
            tenant -> dockerConfig(tenant, REGISTRY, "another-password")),
        new Fault(
            "username-differs",
            "wrong-username",
            "reason=\"stored-username-is-another\"",
            tenant ->
                patchSecret(tenant, tenant + "-registry-credentials", "username", "somebody")),
        new Fault(
            "secret-missing",
            "no-secret",
            "reason=\"unknown-namespace\"",
            tenant -> api.deleteCredentials(tenant)),
        new Fault(
            "secret-forbidden",
            "no-role",
            "Kubernetes forbids reading the Secret …",
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

  private static Doctor examine(String tenant) throws Exception {
    return new Doctor(
        setup.registryAuth(
            "doctor",
            "--output=json",
            "--kubeconfig=" + api.adminKubeconfig(),
            "--tenant=" + tenant));
  }

  private static void assertHealthy(String tenant) throws Exception {
    // The token server remembers for some seconds that an account is not there.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    Completed pushed = push(tenant);
    while (pushed.status() != 0 && System.nanoTime() < deadline) {
      pushed = push(tenant);
    }
    pushed.orFail();
    examine(tenant).assertNothing();
  }

  /** Runs the commands of a finding, as they stand, where the jar and kubectl are at hand. */
  private static void follow(Finding finding) throws Exception {
    assertThat(finding.commands()).as("%s", finding).isNotEmpty();
    for (String command : finding.commands()) {
      setup.shell(command).orFail();
    }
  }

  @Test
  void goodSetup_ofACreatedTenant_hasNothingWrong() throws Exception {
    createTenant("good");

    push("good").orFail();
    Doctor doctor = examine("good");
    doctor.assertNothing();
    doctor.assertChecked(
        "Deployment registry/registry",
        "ConfigMap registry/registry-config",
        "Secret registry/registry-auth-keys: tls.crt",
        "Secret registry/registry-auth-keys-jwks: jwks.json",
        "Secret good/good-registry-credentials",
        "Secret good/registry-docker-config",
        "Secret good/registry-ca-cert",
        "Pod good/buildkit-test",
        "the registry asks for a token, https://" + REGISTRY,
        "the realm answers as a token service, https://" + DocumentedSetup.REALM,
        "the realm takes the password of",
        "the registry takes the token server's tokens",
        "the registry takes the realm's tokens");
    assertThat(doctor.run().output()).doesNotContain(password("good"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_ofATenant_isNamedAndItsCommandsHelp(Fault fault) throws Exception {
    String tenant = fault.tenant();
    createTenant(tenant);
    fault.fault().on(tenant);
    int ofRegistry = setup.registryLog().length();
    int ofTokenServer = setup.tokenServer().log().length();
    Completed before = push(tenant);
    String said =
        before.output()
            + setup.registryLog().substring(ofRegistry)
            + setup.tokenServer().log().substring(ofTokenServer);
    assertThat(before.status()).as("%s", before).isNotZero();
    assertThat(said).containsPattern(Doctor.symptom(fault.finding(), fault.symptom()));

    follow(examine(tenant).first(fault.finding(), "password-refused"));

    assertHealthy(tenant);
  }

  @Test
  void buildPodThatMountsItsLoginElsewhere_comesWithoutCredentials() throws Exception {
    createTenant("wrong-mount");
    api.kubectl("delete", "pod", "buildkit-test", "-n", "wrong-mount", "--force");
    setup.giveBuildPod("wrong-mount", "/home/user/.docker", "/home/user/docker");
    int logged = setup.registryLog().length();
    Completed before = push("wrong-mount");
    assertThat(before.status()).as("%s", before).isNotZero();
    assertThat(setup.registryLog().substring(logged))
        .containsPattern(Doctor.symptom("build-pod-config", "authorization token required"));

    assertThat(examine("wrong-mount").only("build-pod-config").fix()).contains(".docker");

    api.kubectl("delete", "pod", "buildkit-test", "-n", "wrong-mount", "--force");
    setup.giveBuildPod("wrong-mount");
    assertHealthy("wrong-mount");
  }

  /** Kubernetes tells the registry of the Service registry-auth, by REGISTRY_AUTH_PORT. */
  @Test
  void registryWithServiceLinks_doesNotStart() throws Exception {
    createTenant("links");
    try {
      patchRegistry("{\"enableServiceLinks\":true}");
      assertThatThrownBy(setup::restartRegistry)
          .isInstanceOf(AssertionError.class)
          .message()
          .containsPattern(
              Doctor.symptom(
                  "service-links",
                  "parsing environment variable REGISTRY_AUTH_PORT: yaml: unmarshal errors"));

      follow(examine("links").first("service-links", "registry-unreachable"));

      setup.restartRegistry();
      assertHealthy("links");
    } finally {
      repairRegistry();
    }
  }

  /** The registry reads the configuration of its image, and the ConfigMap is beside it. */
  @Test
  void registryWithItsConfigurationAtTheOldPath_speaksPlainHttp() throws Exception {
    createTenant("old-path");
    try {
      patchRegistry(
          "{\"containers\":[{\"name\":\"registry\",\"volumeMounts\":["
              + "{\"$patch\":\"delete\",\"mountPath\":\"/etc/distribution\"},"
              + "{\"name\":\"registry-config\",\"mountPath\":\"/etc/docker/registry\"}]}]}");
      setup.restartRegistry();
      Completed before = push("old-path");
      assertThat(before.status()).as("%s", before).isNotZero();
      assertThat(before.output())
          .containsPattern(
              Doctor.symptom("config-path", "http: server gave HTTP response to HTTPS client"));

      Finding finding = examine("old-path").first("config-path", "registry-not-https");
      assertThat(finding.fix()).contains("mountPath: /etc/distribution");

      repairRegistry();
      assertHealthy("old-path");
    } finally {
      repairRegistry();
    }
  }

  @Test
  void registryWithoutJwks_refusesTheTokens() throws Exception {
    createTenant("no-jwks");
    try {
      String path = "jsonpath={.data.config\\.yml}";
      String config =
          api.kubectl("get", "configmap", "registry-config", "-n", "registry", "-o", path);
      patchConfig(config.replaceAll("(?m)^    jwks:.*\n", ""));
      setup.restartRegistry();
      Completed before = push("no-jwks");
      assertThat(before.status()).as("%s", before).isNotZero();
      assertThat(setup.registryLog())
          .containsPattern(
              Doctor.symptom("jwks-missing", "token signed by untrusted key with ID: …"));

      assertThat(examine("no-jwks").only("jwks-missing").where())
          .contains("registry/registry-config");

      repairRegistry();
      assertHealthy("no-jwks");
    } finally {
      repairRegistry();
    }
  }

  private static void patchRegistry(String podSpec) throws Exception {
    api.kubectl(
        "patch",
        "deployment",
        "registry",
        "-n",
        "registry",
        "-p",
        "{\"spec\":{\"template\":{\"spec\":" + podSpec + "}}}");
  }

  private static void patchConfig(String config) throws Exception {
    patch(
        "configmap",
        "registry-config",
        "registry",
        JsonUtil.toJson(Map.of("data", Map.of("config.yml", config))));
  }

  /** Gives the cluster what deploy/ has, and the registry what is in the cluster. */
  private static void repairRegistry() throws Exception {
    setup.repairRegistry();
    setup.restartRegistry();
  }

  /** The directory of a build is what the pod's volume shows. */
  @Test
  void buildPodWithoutDockerfile_doesNotBuild() throws Exception {
    createTenant("no-dockerfile");
    api.apply(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: sources, namespace: no-dockerfile}
        data:
          Containerfile: "FROM scratch"
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: build, namespace: no-dockerfile}
        spec:
          serviceAccountName: buildkit
          containers:
          - name: build
            image: moby/buildkit:v0.34.2-rootless
            command: [buildctl-daemonless.sh]
            args: [build, --frontend, dockerfile.v0, --local, context=/work, --local, dockerfile=/work]
            volumeMounts:
            - {name: docker-config, mountPath: /home/user/.docker}
            - {name: registry-ca, mountPath: /etc/ssl/certs/registry-ca.crt, subPath: ca.crt}
            - {name: sources, mountPath: /work}
          volumes:
          - name: docker-config
            secret:
              secretName: registry-docker-config
              items: [{key: .dockerconfigjson, path: config.json}]
          - {name: registry-ca, secret: {secretName: registry-ca-cert}}
          - {name: sources, configMap: {name: sources}}
        """);
    try (BuildKit buildKit = setup.startBuildKit("no-dockerfile")) {
      Path work = Files.createDirectory(buildKit.home().resolve("work"));
      Files.writeString(work.resolve("Containerfile"), "FROM scratch\n");
      String image = "type=image,name=" + REGISTRY + "/no-dockerfile/app:1,push=true";
      Completed before = buildKit.buildIn(work, image);
      assertThat(before.status()).as("%s", before).isNotZero();
      assertThat(before.output())
          .containsPattern(
              Doctor.symptom("dockerfile-missing", "open Dockerfile: no such file or directory"));
      Completed elsewhere = buildKit.buildIn(buildKit.home().resolve("test-build"), image);
      assertThat(elsewhere.status()).as("%s", elsewhere).isNotZero();
      assertThat(elsewhere.output())
          .containsPattern(
              Doctor.symptom(
                  "dockerfile-missing",
                  "invalid local: resolve : lstat …: no such file or directory"));
      Doctor doctor = examine("no-dockerfile");
      doctor.only("dockerfile-missing");
      assertThat(doctor.notChecked()).contains("kubectl exec -n no-dockerfile buildkit-test -- ls");

      Files.writeString(work.resolve("Dockerfile"), "FROM scratch\nCOPY Containerfile /\n");
      patch(
          "configmap",
          "sources",
          "no-dockerfile",
          "{\"data\":{\"Dockerfile\":\"FROM scratch\\nCOPY Containerfile /\"}}");
      buildKit.buildIn(work, image).orFail();
      examine("no-dockerfile").assertNothing();
    }
  }
}
