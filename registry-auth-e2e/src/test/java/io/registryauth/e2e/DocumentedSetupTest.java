// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole set-up of docs/kubernetes.md: overlays/production on a real API server, the registry
 * and the token service as their pods have them, under the names of their Services, with TLS, and
 * with the rights of the service account alone; then a tenant that was made by hand and one by
 * {@code tenant create}, whose images a real BuildKit builds and pushes. What cert-manager and the
 * kubelet do in a cluster, this test does.
 */
class DocumentedSetupTest {
  private static final String REGISTRY = "registry.registry.svc.cluster.local";
  private static final String REALM = "registry-auth.registry.svc.cluster.local";
  private static final Tenant BY_HAND = Tenant.TEST_BUILD;
  private static final String CREATED = "created-tenant";

  /** What the API server has no definition of, or what makes pods that nothing would run. */
  private static final Set<String> LEFT_OUT = Set.of("Certificate", "Issuer", "Pod");

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Manifests manifests;
  private static HostNames hosts;
  private static DeployedPod registryPod;
  private static RunningProcess registry;
  private static TokenServer tokenServer;

  @BeforeAll
  static void start() throws Exception {
    Stream.of("buildkitd", "buildctl", "registry-3.1.2").forEach(Peers::program);
    hosts = HostNames.create(directory, REGISTRY, REALM);
    manifests = Manifests.copy(directory);
    api = KubernetesApi.start(directory);
    give("overlays/production");
    issueCertificates();
    registryAuth("bootstrap", "--wait=0s");
    tokenServer = startTokenServer();
    registryPod = mount("registry", "registry");
    registryPod.relocateRegistry(hosts.address(REGISTRY) + ":443");
    registry = startRegistry();
  }

  @AfterAll
  static void stop() {
    for (AutoCloseable started : new AutoCloseable[] {registry, tokenServer, api}) {
      try {
        if (started != null) {
          started.close();
        }
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  private static void give(String kustomization) throws Exception {
    for (KubernetesObject object : manifests.objects(kustomization)) {
      if (!LEFT_OUT.contains(object.kind())) {
        api.apply(object.toJson());
      }
    }
  }

  /** Does what cert-manager does: a Secret for each Certificate, signed by the one authority. */
  private static void issueCertificates() throws Exception {
    Keys authority = Keys.generate(directory);
    for (KubernetesObject certificate : manifests.objects("overlays/production")) {
      if (certificate.kind().equals("Certificate")) {
        Keys keys = Keys.generate(directory);
        String names =
            certificate.texts("spec/dnsNames").map("DNS:"::concat).collect(Collectors.joining(","));
        keys.openssl(
            "req -x509 -new -key tls.key -out tls.crt -subj /CN="
                + certificate.text("spec/commonName")
                + (names.isEmpty() ? "" : " -addext subjectAltName=" + names)
                + " -CA "
                + authority.certificate()
                + " -CAkey "
                + authority.key());
        api.kubectl(
            "create",
            "secret",
            "generic",
            certificate.text("spec/secretName"),
            "-n",
            "registry",
            "--from-file=tls.crt=" + keys.certificate(),
            "--from-file=tls.key=" + keys.key(),
            "--from-file=ca.crt=" + authority.certificate());
      }
    }
  }

  private static String registryAuth(String... arguments) throws Exception {
    return ServerJar.run(
            directory, Map.of("KUBECONFIG", api.adminKubeconfig().toString()), arguments)
        .orFail();
  }

  /** Does what the kubelet does: shows a pod's program its files. */
  private static DeployedPod mount(String deployment, String root) throws Exception {
    return DeployedPod.of(
        deployment,
        manifests.objects("overlays/production"),
        name -> api.entries("registry", name),
        Files.createTempDirectory(directory, root + "-"));
  }

  private static TokenServer startTokenServer() throws Exception {
    DeployedPod pod = mount("registry-auth", "registry-auth");
    Map<String, String> environment = new HashMap<>(pod.environment());
    environment.putAll(api.podEnvironment());
    environment.put("LISTEN_ADDRESS", hosts.address(REALM) + ":443");
    environment.put("MANAGEMENT_LISTEN_ADDRESS", "127.0.0.1:0");
    environment.put("SIGNING_KEY_FILE", pod.path("/etc/registry-auth-keys/tls.key").toString());
    environment.put("SIGNING_CERT_FILE", pod.path("/etc/registry-auth-keys/tls.crt").toString());
    List<String> command = ServerJar.command(List.of(), pod.arguments().toArray(String[]::new));
    return TokenServer.start(
        directory, environment, api.asPod("registry", "registry-auth", command));
  }

  private static RunningProcess startRegistry() throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of(Peers.program("registry-3.1.2").toString()),
                registryPod.arguments().stream())
            .toList();
    RunningProcess started =
        RunningProcess.start(directory, hosts.known(command), registryPod.environment());
    try {
      started.awaitOutput(Pattern.compile("listening on [^ ]+:443, tls"));
      return started;
    } catch (AssertionError e) {
      started.close();
      throw e;
    }
  }

  /** The document's steps 1 to 8, with the manifests of deploy/tenant in the place of its own. */
  @Test
  void tenantMadeByHand_buildsAndPushesWithBuildKit() throws Exception {
    give("tenant"); // namespace, BuildKit's account, and the server's right to read the credentials
    api.store(BY_HAND);
    api.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: registry-docker-config, namespace: test-build}
        type: kubernetes.io/dockerconfigjson
        stringData:
          .dockerconfigjson: |
            {"auths": {"%s": {"username": "%s", "password": "%s", "auth": "%s"}}}
        """
            .formatted(REGISTRY, BY_HAND.name(), BY_HAND.password(), BY_HAND.base64()));
    Path authority =
        Files.writeString(
            directory.resolve("registry-ca.crt"), api.entry("registry", "registry-tls", "ca.crt"));
    api.kubectl(
        "create",
        "secret",
        "generic",
        "registry-ca-cert",
        "-n",
        "test-build",
        "--from-file=ca.crt=" + authority);

    try (BuildKit buildKit = startBuildKit("test-build")) {
      buildKit.push(REGISTRY + "/test-build/myapp:latest").orFail();

      assertThat(stored("test-build/myapp/_manifests/tags/latest")).exists();
      Completed foreign = buildKit.push(REGISTRY + "/somebody-else/myapp:latest");
      assertThat(foreign.status()).isNotZero();
      assertThat(foreign.output())
          .contains("denied: The account test-build may have nothing of what is asked");
      assertThat(stored("somebody-else")).doesNotExist();
    }
    assertThat(tokenServer.log()).contains("outcome=\"issued\"").doesNotContain(BY_HAND.password());
  }

  @Test
  void tenantMadeByTheCommand_buildsAndPushesWithBuildKit() throws Exception {
    String said = registryAuth("tenant", "create", CREATED);

    assertThat(said)
        .doesNotContain(api.entry(CREATED, CREATED + "-registry-credentials", "password"));
    try (BuildKit buildKit = startBuildKit(CREATED)) {
      buildKit.push(REGISTRY + "/" + CREATED + "/myapp:1").orFail();
      assertThat(stored(CREATED + "/myapp/_manifests/tags/1")).exists();

      registryAuth("tenant", "rotate", CREATED);
      buildKit.push(REGISTRY + "/" + CREATED + "/with-the-old-password:1").orFail();
    }
    try (BuildKit buildKit = startBuildKit(CREATED)) {
      buildKit.push(REGISTRY + "/" + CREATED + "/with-the-new-password:1").orFail();
    }
  }

  /** A namespace that has the right Secret, but has not given the server the right to read it. */
  @Test
  void tenantWithoutTheRole_isRefusedAndTheLogNamesIt() throws Exception {
    Tenant tenant = new Tenant("without-role", "some-password");
    api.createTenant(tenant);
    String answer =
        curl(
            "/auth?service=docker-registry&scope=repository:without-role/a:pull",
            "--user",
            tenant.name() + ":" + tenant.password());

    assertThat(answer).contains("UNAUTHORIZED");
    assertThat(tokenServer.log())
        .contains("forbids reading the Secret without-role/without-role-registry-credentials");
  }

  /** Asks the token service by its name, and trusts the one authority alone. */
  private static String curl(String path, String... options) throws Exception {
    Path authority =
        Files.writeString(
            Files.createTempFile(directory, "ca-", ".crt"),
            api.entry("registry", "registry-tls", "ca.crt"));
    List<String> command =
        Stream.concat(
                Stream.of("curl", "--silent", "--show-error", "--cacert", authority.toString()),
                Stream.concat(Stream.of(options), Stream.of("https://" + REALM + path)))
            .toList();
    return RunningProcess.run(directory, hosts.known(command), Map.of()).orFail();
  }

  /** What bootstrap wrote is deleted: the server makes it again, with the rights of its account. */
  @Test
  void publishedJwks_isTheServersOwn() throws Exception {
    tokenServer.close();
    api.kubectl("delete", "secret", "registry-auth-keys-jwks", "-n", "registry");
    tokenServer = startTokenServer();
    assertThat(tokenServer.process().awaitOutput(Pattern.compile("Published the JWK Set: (.*)")))
        .isEqualTo("created   Secret registry/registry-auth-keys-jwks");

    String published = api.entry("registry", "registry-auth-keys-jwks", "jwks.json");
    assertThat(published)
        .contains("\"kid\": \"registry-auth-jwt-signer\"")
        .isEqualTo(curl("/jwks.json"));
    assertThat(Json.object(published))
        .isEqualTo(
            Json.object(
                Files.readString(registryPod.path("/etc/registry-auth-keys-jwks/jwks.json"))));
  }

  private static Path stored(String repository) {
    return registryPod
        .path("/var/lib/registry/docker/registry/v2/repositories")
        .resolve(repository);
  }

  /** Does what the kubelet does for BuildKit's pod in deploy/tenant. */
  private static BuildKit startBuildKit(String namespace) throws Exception {
    Path home = Files.createTempDirectory(directory, "buildkit-");
    Path docker = Files.createDirectory(home.resolve(".docker"));
    Files.writeString(
        docker.resolve("config.json"),
        api.entry(namespace, "registry-docker-config", ".dockerconfigjson"));
    Path authority =
        Files.writeString(
            home.resolve("registry-ca.crt"), api.entry(namespace, "registry-ca-cert", "ca.crt"));
    return BuildKit.start(home, hosts::known, Map.of("SSL_CERT_FILE", authority.toString()));
  }
}
