// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The whole set-up of docs/kubernetes.md: overlays/production on a real API server, the registry
 * and the token service as their pods have them, under the names of their Services, with TLS, and
 * with the rights of the service account alone. What cert-manager and the kubelet do in a cluster,
 * this class does.
 */
final class DocumentedSetup implements AutoCloseable {
  static final String REGISTRY = "registry.registry.svc.cluster.local";
  static final String REALM = "registry-auth.registry.svc.cluster.local";

  private static final String OVERLAY = "overlays/production";
  private static final Pattern LISTENING = Pattern.compile("listening on [^ ]+:443(?:, tls)?\"");

  /** What the API server has no definition of. */
  private static final Set<String> LEFT_OUT = Set.of("Certificate", "Issuer");

  private final Path directory;
  private final HostNames hosts;
  private final Manifests manifests;
  private final KubernetesApi api;
  private DeployedPod registryPod;
  private RunningProcess registry;
  private TokenServer tokenServer;

  private DocumentedSetup(Path directory, HostNames hosts, Manifests manifests, KubernetesApi api) {
    this.directory = directory;
    this.hosts = hosts;
    this.manifests = manifests;
    this.api = api;
  }

  static DocumentedSetup start(Path directory) throws Exception {
    Stream.of("buildkitd", "buildctl", "registry-3.1.2").forEach(Peers::program);
    Files.createSymbolicLink(directory.resolve("registry-auth.jar"), ServerJar.path());
    HostNames hosts = HostNames.create(directory, REGISTRY, REALM);
    Manifests manifests = Manifests.copy(directory);
    DocumentedSetup setup =
        new DocumentedSetup(directory, hosts, manifests, KubernetesApi.start(directory));
    try {
      setup.give(OVERLAY);
      setup.issueCertificates();
      setup.registryAuth("bootstrap", "--wait=0s").orFail();
      setup.restartTokenServer();
      setup.restartRegistry();
      return setup;
    } catch (Throwable e) {
      setup.close();
      throw e;
    }
  }

  /** Gives the API server what is in a kustomization. */
  void give(String kustomization) throws Exception {
    for (KubernetesObject object : manifests.objects(kustomization)) {
      if (!LEFT_OUT.contains(object.kind())) {
        api.apply(object.toJson());
      }
    }
  }

  /** Gives the API server the registry's configuration and pod of deploy/ again. */
  void repairRegistry() throws Exception {
    for (KubernetesObject object : manifests.objects(OVERLAY)) {
      if (Set.of("registry", "registry-config").contains(object.name())
          && Set.of("ConfigMap", "Deployment").contains(object.kind())) {
        api.replace(object.toJson());
      }
    }
  }

  /** Does what cert-manager does: a Secret for each Certificate, signed by the one authority. */
  private void issueCertificates() throws Exception {
    Keys authority = Keys.generate(directory);
    for (KubernetesObject certificate : manifests.objects(OVERLAY)) {
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

  /** Runs a command of the server as the cluster's administrator, where the names are known. */
  Completed registryAuth(String... arguments) throws Exception {
    return run(ServerJar.command(List.of(), arguments));
  }

  /** Runs a line of shell as an administrator does, with the jar and kubectl at hand. */
  Completed shell(String line) throws Exception {
    return run(List.of("bash", "-euo", "pipefail", "-c", line));
  }

  private Completed run(List<String> command) throws Exception {
    return RunningProcess.run(
        directory,
        hosts.known(command),
        Map.of(
            "KUBECONFIG",
            api.adminKubeconfig().toString(),
            "PATH",
            Peers.program("kubectl").getParent() + ":" + System.getenv("PATH")));
  }

  /** Does what the kubelet does: shows a pod's program its files. */
  private DeployedPod mount(String deployment, Path root) throws Exception {
    String objects =
        api.kubectl("get", "deployments,configmaps,services", "-n", "registry", "-o", "json");
    return DeployedPod.of(
        deployment,
        new KubernetesObject(Json.object(objects)).parts("items").toList(),
        name -> api.entries("registry", name),
        root);
  }

  /** Starts it anew with what the API server has for its pod. */
  void restartTokenServer() throws Exception {
    if (tokenServer != null) {
      tokenServer.close();
    }
    DeployedPod pod =
        mount("registry-auth", Files.createTempDirectory(directory, "registry-auth-"));
    Map<String, String> environment = new HashMap<>(pod.environment());
    environment.putAll(api.podEnvironment());
    environment.put("LISTEN_ADDRESS", hosts.address(REALM) + ":443");
    environment.put("MANAGEMENT_LISTEN_ADDRESS", "127.0.0.1:0");
    environment.put("SIGNING_KEY_FILE", pod.path("/etc/registry-auth-keys/tls.key").toString());
    environment.put("SIGNING_CERT_FILE", pod.path("/etc/registry-auth-keys/tls.crt").toString());
    List<String> command = ServerJar.command(List.of(), pod.arguments().toArray(String[]::new));
    tokenServer =
        TokenServer.start(directory, environment, api.asPod("registry", "registry-auth", command));
  }

  /**
   * Starts it anew with what the API server has for its pod; what it has stored is gone.
   *
   * @throws AssertionError with its output if it ends by itself
   */
  void restartRegistry() throws Exception {
    if (registry != null) {
      registry.close();
    }
    registryPod = mount("registry", Files.createTempDirectory(directory, "registry-"));
    registryPod.relocateRegistry(hosts.address(REGISTRY) + ":443");
    List<String> command =
        Stream.concat(
                Stream.of(Peers.program("registry-3.1.2").toString()),
                registryPod.arguments().stream())
            .toList();
    registry = RunningProcess.start(directory, hosts.known(command), registryPod.environment());
    registry.awaitOutput(LISTENING);
  }

  /** Gives a tenant the pod of deploy/tenant, which nothing runs, and its service account. */
  void giveBuildPod(String namespace) throws Exception {
    giveBuildPod(namespace, "test-build", namespace);
  }

  /** Gives the pod with another text in the place of one that is in it. */
  void giveBuildPod(String namespace, String from, String to) throws Exception {
    for (KubernetesObject object : manifests.objects("tenant")) {
      if (Set.of("Pod", "ServiceAccount").contains(object.kind())) {
        String json = object.toJson().replace("\"test-build\"", "\"" + namespace + "\"");
        api.apply(json.replace("\"" + from + "\"", "\"" + to + "\""));
      }
    }
  }

  /** Does what the kubelet does for BuildKit's pod in deploy/tenant, as the API server has it. */
  BuildKit startBuildKit(String namespace) throws Exception {
    KubernetesObject pod =
        new KubernetesObject(
            Json.object(api.kubectl("get", "pod", "buildkit-test", "-n", namespace, "-o", "json")));
    Path home = Files.createTempDirectory(directory, "buildkit-");
    Optional<String> login = mountedSecret(pod, "/home/user/.docker");
    if (login.isPresent()) {
      Files.writeString(
          Files.createDirectory(home.resolve(".docker")).resolve("config.json"),
          api.entry(namespace, login.get(), ".dockerconfigjson"));
    }
    Path authority = home.resolve("registry-ca.crt");
    Files.writeString(
        authority,
        api.entry(
            namespace,
            mountedSecret(pod, "/etc/ssl/certs/registry-ca.crt").orElseThrow(),
            "ca.crt"));
    return BuildKit.start(home, hosts::known, Map.of("SSL_CERT_FILE", authority.toString()));
  }

  private static Optional<String> mountedSecret(KubernetesObject pod, String path) {
    return pod.parts("spec/containers/volumeMounts")
        .filter(mount -> mount.text("mountPath").equals(path))
        .flatMap(
            mount ->
                pod.parts("spec/volumes")
                    .filter(volume -> volume.text("name").equals(mount.text("name"))))
        .map(volume -> volume.text("secret/secretName"))
        .findFirst();
  }

  /** Returns where the registry stores a repository. */
  Path stored(String repository) {
    return registryFile("/var/lib/registry/docker/registry/v2/repositories").resolve(repository);
  }

  /** Returns where the registry has a file of its container. */
  Path registryFile(String path) {
    return registryPod.path(path);
  }

  KubernetesApi api() {
    return api;
  }

  HostNames hosts() {
    return hosts;
  }

  TokenServer tokenServer() {
    return tokenServer;
  }

  String registryLog() {
    return registry.output();
  }

  @Override
  public void close() {
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
}
