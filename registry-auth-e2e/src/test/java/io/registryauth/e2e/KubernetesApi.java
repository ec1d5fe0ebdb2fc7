// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A real Kubernetes API server with its etcd, on free loopback ports, and {@code kubectl} for it.
 * There is no controller: pods do not run, and a deleted namespace stays.
 */
final class KubernetesApi implements AutoCloseable {
  private static final Path KUBE_UP = Path.of("../tools/kube-up.sh").toAbsolutePath().normalize();

  private static final int ETCD_MAX_OPERATIONS = 128;

  private final Path directory;

  /**
   * Stops what would outlive a test run that is interrupted: both run in a session of their own.
   */
  private final Thread atExit = new Thread(this::stop, "kubernetes-api-stop");

  private KubernetesApi(Path directory) {
    this.directory = directory;
    Runtime.getRuntime().addShutdownHook(atExit);
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
    // Not in the directory itself, which must be empty at the first start.
    return RunningProcess.run(
        directory.getParent(),
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
    give("apply", manifest);
  }

  /** Makes the objects of a manifest what it says, and nothing more. */
  void replace(String manifest) throws IOException, InterruptedException {
    give("replace", manifest);
  }

  private void give(String verb, String manifest) throws IOException, InterruptedException {
    Path file = Files.writeString(Files.createTempFile(directory, "manifest-", ".yaml"), manifest);
    kubectl(verb, "-f", file.toString());
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
    // With the line end that such a file mostly has.
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

  /**
   * Returns a command that runs another one as a pod of a service account does: with its token and
   * the certificate authority where the kubelet puts them. Needs root.
   */
  List<String> asPod(String namespace, String account, List<String> command)
      throws IOException, InterruptedException {
    Path files = Files.createTempDirectory(directory, "serviceaccount-");
    Files.writeString(
        files.resolve("token"), kubectl("create", "token", account, "-n", namespace).strip());
    Files.copy(directory.resolve("ca.crt"), files.resolve("ca.crt"));
    String mounts =
        "mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io"
            + " && cp -r \"$0\" /run/secrets/kubernetes.io/serviceaccount && exec \"$@\"";
    return Stream.concat(
            Stream.of("unshare", "--mount", "sh", "-c", mounts, files.toString()), command.stream())
        .toList();
  }

  /** Returns the variables by which a pod finds the API server. */
  Map<String, String> podEnvironment() throws IOException {
    URI server = URI.create(Files.readString(directory.resolve("server")).strip());
    return Map.of(
        "KUBERNETES_SERVICE_HOST",
        server.getHost(),
        "KUBERNETES_SERVICE_PORT",
        "" + server.getPort());
  }

  /** Returns the entries of a Secret. */
  Map<String, String> entries(String namespace, String secret)
      throws IOException, InterruptedException {
    Map<String, String> entries = new HashMap<>();
    new KubernetesObject(
            Json.object(kubectl("get", "secret", secret, "-n", namespace, "-o", "json")))
        .part("data")
        .json()
        .forEach(
            (key, value) ->
                entries.put(key, new String(Base64.getDecoder().decode((String) value), UTF_8)));
    return entries;
  }

  /**
   * Makes the namespace {@code registry} with the service account {@code registry-auth}, which may
   * read every Secret, and what more {@code verbs} allow.
   */
  Path createReader(String verbs) throws IOException, InterruptedException {
    apply(
        """
        apiVersion: v1
        kind: Namespace
        metadata: {name: registry}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: registry-auth, namespace: registry}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: registry-auth-secret-reader}
        rules: [{apiGroups: [""], resources: [secrets], verbs: [%s]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: registry-auth-secret-reader}
        subjects: [{kind: ServiceAccount, name: registry-auth, namespace: registry}]
        roleRef:
          {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: registry-auth-secret-reader}
        """
            .formatted(verbs));
    return serviceAccountKubeconfig("registry", "registry-auth");
  }

  /** Returns the paths and queries that the service account has asked for, by the audit log. */
  List<String> requestsOfTheReader() throws IOException {
    try (Stream<String> lines = Files.lines(directory.resolve("audit.log"))) {
      return lines
          .map(Json::object)
          .filter(
              event ->
                  ((Map<?, ?>) event.get("user"))
                      .get("username")
                      .equals("system:serviceaccount:registry:registry-auth"))
          .map(event -> (String) event.get("requestURI"))
          .toList();
    }
  }

  /**
   * Puts Secrets of many tenants into etcd, as the API server would have stored them, without their
   * namespaces: a hundred thousand through the API would take minutes.
   *
   * @param password given the number of a tenant, {@code many-0} and so on
   */
  void storeMany(int count, IntFunction<String> password) throws IOException, InterruptedException {
    URI etcd =
        URI.create(
            "http://127.0.0.1:"
                + Files.readString(directory.resolve("ports")).split(" ", -1)[1]
                + "/v3/kv/txn");
    for (int from = 0; from < count; from += ETCD_MAX_OPERATIONS) {
      String operations =
          IntStream.range(from, Math.min(count, from + ETCD_MAX_OPERATIONS))
              .mapToObj(i -> putSecret("many-" + i, password.apply(i)))
              .collect(Collectors.joining(","));
      HttpResponse<String> response = Http.post(etcd, "{\"success\":[" + operations + "]}");
      if (response.statusCode() != 200) {
        throw new AssertionError("etcd answers " + response.body());
      }
    }
  }

  private static String putSecret(String namespace, String password) {
    String name = namespace + "-registry-credentials";
    String secret =
        """
        {"kind":"Secret","apiVersion":"v1","metadata":{"name":"%s","namespace":"%s","uid":"%s",\
        "creationTimestamp":"2026-01-01T00:00:00Z"},"data":{"username":"%s","password":"%s"},\
        "type":"Opaque"}"""
            .formatted(name, namespace, UUID.randomUUID(), base64(namespace), base64(password));
    return "{\"requestPut\":{\"key\":\"%s\",\"value\":\"%s\"}}"
        .formatted(base64("/registry/secrets/" + namespace + "/" + name), base64(secret));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** Returns an entry of a Secret; empty if there is none. */
  String entry(String namespace, String secret, String key)
      throws IOException, InterruptedException {
    String path = "jsonpath={.data." + key.replace(".", "\\.") + "}";
    String base64 = kubectl("get", "secret", secret, "-n", namespace, "-o", path);
    return new String(Base64.getDecoder().decode(base64), UTF_8);
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
    stop();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  private void stop() {
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
