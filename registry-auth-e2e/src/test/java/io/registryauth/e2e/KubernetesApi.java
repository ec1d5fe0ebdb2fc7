// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A real Kubernetes API server with its etcd, on free loopback ports, and {@code kubectl} for it.
 * There is no controller: pods do not run, and a deleted namespace stays.
 */
final class KubernetesApi implements AutoCloseable {
  private static final Path KUBE_UP = Path.of("../tools/kube-up.sh").toAbsolutePath().normalize();

  private final Path directory;

  private KubernetesApi(Path directory) {
    this.directory = directory;
  }

  /** Starts one with nothing in it but what Kubernetes itself puts there. */
  static KubernetesApi start(Path parent) throws IOException, InterruptedException {
    Stream.of("etcd", "kube-apiserver", "kubectl").forEach(Peers::program);
    KubernetesApi api = new KubernetesApi(Files.createTempDirectory(parent, "kubernetes-"));
    try {
      api.start();
    } catch (AssertionError | IOException | InterruptedException e) {
      api.close();
      throw e;
    }
    return api;
  }

  /** Starts what does not run, at the address that it had. */
  void start() throws IOException, InterruptedException {
    kubeUp("start").orFail();
  }

  private Completed kubeUp(String command) throws IOException, InterruptedException {
    return RunningProcess.run(
        directory,
        List.of("bash", KUBE_UP.toString(), command, directory.toString()),
        Map.of("REGISTRY_AUTH_PEERS", Peers.directory().toString()));
  }

  /** Returns a kubeconfig file whose user may do everything. */
  Path adminKubeconfig() {
    return directory.resolve("admin.kubeconfig");
  }

  /** Sends a signal, such as STOP or CONT, to the API server alone. */
  void signal(String signal) throws IOException, InterruptedException {
    String command = "kill -" + signal + " " + apiServer().pid();
    RunningProcess.run(directory, List.of("sh", "-c", command), Map.of()).orFail();
  }

  /** Ends the API server, not etcd, without a warning. */
  void kill() throws IOException {
    ProcessHandle apiServer = apiServer();
    apiServer.destroyForcibly();
    apiServer.onExit().join();
  }

  private ProcessHandle apiServer() throws IOException {
    String pid = Files.readString(directory.resolve("kube-apiserver.pid")).strip();
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  /** Runs {@code kubectl} as the administrator, and returns its standard output. */
  String kubectl(String... arguments) throws IOException, InterruptedException {
    return run(adminKubeconfig(), arguments).orFail();
  }

  /** Runs {@code kubectl} as the user of a kubeconfig file. */
  Completed run(Path kubeconfig, String... arguments) throws IOException, InterruptedException {
    return RunningProcess.run(
        directory,
        Stream.concat(Stream.of(Peers.program("kubectl").toString()), Stream.of(arguments))
            .toList(),
        Map.of("KUBECONFIG", kubeconfig.toString()));
  }

  /** Creates or updates the objects of a manifest. */
  void apply(String manifest) throws IOException, InterruptedException {
    Path file = Files.writeString(Files.createTempFile(directory, "manifest-", ".yaml"), manifest);
    kubectl("apply", "-f", file.toString());
  }

  /** Creates a namespace with the Secret that holds a tenant's credentials, as by hand. */
  void createTenant(Tenant tenant) throws IOException, InterruptedException {
    kubectl("create", "namespace", tenant.name());
    store(tenant);
  }

  /** Writes the Secret of a tenant, whose namespace is there. */
  void store(Tenant tenant) throws IOException, InterruptedException {
    apply(
        """
        apiVersion: v1
        kind: Secret
        metadata:
          name: %1$s-registry-credentials
          namespace: %1$s
        type: Opaque
        stringData:
          username: %1$s
          password: %2$s
        """
            .formatted(tenant.name(), tenant.password()));
  }

  void deleteCredentials(String namespace) throws IOException, InterruptedException {
    kubectl("delete", "secret", namespace + "-registry-credentials", "-n", namespace);
  }

  /**
   * Writes a kubeconfig file for a service account, with a token that is bound to it, in a file of
   * its own, as a pod has it. The account must exist.
   */
  Path serviceAccountKubeconfig(String namespace, String name)
      throws IOException, InterruptedException {
    Path token = directory.resolve(namespace + "-" + name + ".token");
    Files.writeString(token, kubectl("create", "token", name, "-n", namespace));
    Path file = directory.resolve(namespace + "-" + name + ".kubeconfig");
    return Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: cluster
          cluster: {server: "%s", certificate-authority: "%s"}
        users:
        - name: account
          user: {tokenFile: "%s"}
        contexts:
        - name: context
          context: {cluster: cluster, user: account}
        current-context: context
        """
            .formatted(
                Files.readString(directory.resolve("server")).strip(),
                directory.resolve("ca.crt"),
                token));
  }

  /** Returns an entry of a Secret; empty if there is none. */
  String entry(String namespace, String secret, String key)
      throws IOException, InterruptedException {
    String path = "jsonpath={.data." + key.replace(".", "\\.") + "}";
    String base64 = kubectl("get", "secret", secret, "-n", namespace, "-o", path);
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }

  /** Returns the resource versions of a namespace and of all Secrets, Roles and bindings in it. */
  String versions(String namespace) throws IOException, InterruptedException {
    String ofEach =
        "jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}";
    return kubectl("get", "namespace", namespace, "-o", "jsonpath={.metadata.resourceVersion} ")
        + kubectl("get", "secrets,roles,rolebindings", "-n", namespace, "-o", ofEach);
  }

  /** Returns how many requests for single Secrets the API server has answered, by its metrics. */
  long secretReads() throws IOException, InterruptedException {
    return kubectl("get", "--raw", "/metrics")
        .lines()
        .filter(line -> line.startsWith("apiserver_request_total{"))
        .filter(line -> line.contains("resource=\"secrets\"") && line.contains("verb=\"GET\""))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Override
  public void close() {
    try {
      if (Files.exists(directory.resolve("kube-apiserver.pid"))) {
        kubeUp("stop").orFail();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
