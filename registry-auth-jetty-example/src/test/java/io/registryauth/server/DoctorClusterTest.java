// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import io.registryauth.kubernetes.ClusterReader;
import io.registryauth.server.doctor.Cluster;
import io.registryauth.server.doctor.Doctor;
import io.registryauth.server.doctor.Report;
import io.registryauth.server.doctor.Setup;
import io.registryauth.server.doctor.TokenServer;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;

/** A set-up in a cluster, of the manifests in deploy/: good as it is, and then with one fault. */
class DoctorClusterTest {
  private static final Path DEPLOY = Path.of("../deploy");
  private static final String PASSWORD = "test-password-123";
  private static final String HOST = "registry.registry.svc.cluster.local";
  private static final String CREDENTIALS = "test-build/secrets/test-build-registry-credentials";
  private static final String DOCKER_CONFIG = "test-build/secrets/registry-docker-config";
  private static final String CA = "test-build/secrets/registry-ca-cert";
  private static final String JWKS = "registry/secrets/registry-auth-keys-jwks";
  private static final String CONFIG = "/api/v1/namespaces/registry/configmaps/registry-config";
  private static final String REGISTRY = "/apis/apps/v1/namespaces/registry/deployments/registry";

  private static TestCertificate signer;
  private static TestCertificate other;

  private final Map<String, String> objects = new ConcurrentHashMap<>();
  private final List<String> methods = new CopyOnWriteArrayList<>();
  private final List<String> paths = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private boolean allowed = true;
  private String namespace = "registry";

  @BeforeAll
  static void make() throws Exception {
    signer = TestCertificate.selfSigned(TestCertificate.rsa());
    other = TestCertificate.selfSigned(TestCertificate.rsa());
  }

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
    manifest(REGISTRY, "registry/deployment.yaml");
    manifest(
        "/apis/apps/v1/namespaces/registry/deployments/registry-auth",
        "registry-auth/deployment.yaml");
    config(Files.readString(DEPLOY.resolve("registry/config.yml")));
    objects.put(
        "/api/v1/namespaces/registry/services",
        "{\"items\":[{\"metadata\":{\"name\":\"registry-auth\"}}]}");
    objects.put(
        "/api/v1/namespaces",
        "{\"items\":[{\"metadata\":{\"name\":\"registry\"}},{\"metadata\":{\"name\":\"test-build\"}}]}");
    pod(yaml(DEPLOY.resolve("tenant/buildkit.yaml")));
    secret(
        "registry/secrets/registry-auth-keys",
        Map.of("tls.key", signer.pkcs8(), "tls.crt", signer.certificatePem()));
    secret(JWKS, Map.of("jwks.json", jwks(signer)));
    secret(
        "registry/secrets/registry-tls",
        Map.of("tls.crt", signer.certificatePem(), "ca.crt", signer.certificatePem()));
    secret(CREDENTIALS, Map.of("username", "test-build", "password", PASSWORD));
    secret(DOCKER_CONFIG, Map.of(".dockerconfigjson", dockerConfig(HOST, PASSWORD)));
    secret(CA, Map.of("ca.crt", signer.certificatePem()));
  }

  @AfterEach
  void stop() {
    server.stop(0);
    assertThat(methods).as("doctor writes nothing").doesNotContain("PUT", "PATCH", "DELETE");
  }

  private static String jwks(TestCertificate certificate) {
    return new JwksBuilder()
        .add(
            VerificationKey.of(
                certificate.keys().getPublic(), KeyIdStyle.fixed(KeyIdStyle.DEFAULT_KEY_ID)))
        .build();
  }

  private static String dockerConfig(String host, String password) {
    String auth = Base64.getEncoder().encodeToString(("test-build:" + password).getBytes(UTF_8));
    return "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(host, auth);
  }

  private static String yaml(Path file) throws IOException {
    Object object = new Yaml().load(Files.readString(file));
    return new Gson().toJson(object);
  }

  private void manifest(String path, String file) throws IOException {
    objects.put(path, yaml(DEPLOY.resolve(file)));
  }

  private void config(String text) {
    JsonObject data = new JsonObject();
    data.addProperty("config.yml", text);
    JsonObject object = new JsonObject();
    object.add("data", data);
    objects.put(CONFIG, object.toString());
  }

  private void secret(String name, Map<String, String> texts) {
    JsonObject data = new JsonObject();
    new TreeMap<>(texts)
        .forEach(
            (key, text) ->
                data.addProperty(key, Base64.getEncoder().encodeToString(text.getBytes(UTF_8))));
    JsonObject object = new JsonObject();
    object.add("data", data);
    objects.put("/api/v1/namespaces/" + name, object.toString());
  }

  private void pod(String json) {
    JsonArray items = new JsonArray();
    items.add(JsonParser.parseString(json));
    JsonObject list = new JsonObject();
    list.add("items", items);
    objects.put("/api/v1/namespaces/test-build/pods", list.toString());
  }

  private void remove(String name) {
    assertThat(objects.remove("/api/v1/namespaces/" + name)).isNotNull();
  }

  private void edit(String path, String text, String by) {
    assertThat(objects.get(path)).contains(text);
    objects.compute(path, (name, json) -> json.replace(text, by));
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    methods.add(exchange.getRequestMethod());
    paths.add(path);
    if (path.endsWith("subjectaccessreviews")) {
      answer(exchange, 201, "{\"status\":{\"allowed\":%s}}".formatted(allowed));
    } else if (objects.containsKey(path)) {
      answer(exchange, objects.get(path).startsWith("{") ? 200 : 403, objects.get(path));
    } else {
      answer(exchange, 404, "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"none\"}");
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Report examine(Optional<String> tenant) {
    ApiClient client =
        new ApiClient().setBasePath("http://127.0.0.1:" + server.getAddress().getPort());
    Setup setup =
        Setup.builder(
                new TokenServer(
                    TokenServer.DEFAULT_ISSUER,
                    TokenServer.DEFAULT_SERVICE,
                    TokenProfile.DISTRIBUTION_3,
                    Optional.empty(),
                    "none",
                    new KeyEntries(Map.of())))
            .tenant(tenant.map(NamespaceName::new))
            .cluster(
                Optional.of(new Cluster(new ClusterReader(client), new NamespaceName(namespace))))
            .build();
    Report report = new Doctor(InstantSource.system()).examine(setup);
    assertThat(report.text() + report.json()).doesNotContain(PASSWORD, "PRIVATE KEY");
    return report;
  }

  private void assertOnly(String id, String problem, String where, String fix) {
    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings())
        .as(report.text())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.id()).hasToString(id);
              assertThat(finding.problem()).contains(problem);
              assertThat(finding.where()).contains(where);
              assertThat(finding.fix()).contains(fix);
            });
  }

  @Test
  void goodSetup_ofATenantOrOfAll_nothingIsFound() {
    for (Optional<String> tenant : List.of(Optional.of("test-build"), Optional.<String>empty())) {
      Report report = examine(tenant);
      assertThat(report.findings()).as(report.text()).isEmpty();
      assertThat(report.checked())
          .contains(
              "the registry's configuration, ConfigMap registry/registry-config: config.yml",
              "the registry's JWK Set, Secret registry/registry-auth-keys-jwks: jwks.json",
              "the registry's certificates, Secret registry/registry-auth-keys: tls.crt",
              "the token server's key, Secret registry/registry-auth-keys",
              "Secret test-build/test-build-registry-credentials",
              "the docker config, Secret test-build/registry-docker-config: .dockerconfigjson",
              "the authority that clients trust, Secret test-build/registry-ca-cert: ca.crt",
              "the build pod, Pod test-build/buildkit-test")
          .contains("a token of the token server, by the rules of registry 3.1: it would be taken");
      // The host names are those of a cluster, and known there alone.
      assertThat(report.notChecked())
          .extracting(Report.NotChecked::what)
          .anyMatch(what -> what.startsWith("the registry, https://" + HOST));
    }
  }

  @Test
  void goodSetup_isReadObjectByObject_eachOnce() {
    Report unused = examine(Optional.empty());
    assertThat(
            paths.stream().filter(path -> path.matches(".*/(secrets|configmaps|deployments)/.*")))
        .hasSizeGreaterThan(8)
        .doesNotHaveDuplicates();
  }

  @Test
  void configPath_ofVersion2() {
    edit(REGISTRY, "\"mountPath\":\"/etc/distribution\"", "\"mountPath\":\"/etc/docker/registry\"");
    assertOnly(
        "config-path",
        "it is mounted at /etc/docker/registry",
        "Deployment registry/registry: volumeMounts",
        "mountPath: /etc/distribution");
  }

  @Test
  void serviceLinks_notSwitchedOff() {
    edit(REGISTRY, "\"enableServiceLinks\":false,", "");
    assertOnly(
        "service-links",
        "REGISTRY_AUTH_PORT",
        "Deployment registry/registry: enableServiceLinks",
        "kubectl patch deployment registry -n registry");
  }

  @Test
  void serviceLinks_asAVariable() {
    edit(REGISTRY, "OTEL_TRACES_EXPORTER", "REGISTRY_AUTH_PORT");
    assertOnly(
        "service-links", "[REGISTRY_AUTH_PORT]", "Deployment registry/registry: env", "remove");
  }

  @Test
  void variables_ofTheRegistry_countBeforeItsFile() {
    edit(REGISTRY, "OTEL_TRACES_EXPORTER", "REGISTRY_AUTH_TOKEN_ISSUER");
    assertOnly("issuer-differs", "the issuer \"none\"", "auth.token.issuer", "--issuer none");
  }

  /** A registry reads each of its variables as YAML. */
  @Test
  void variables_thatAreNoText_haveTheirOwnType() {
    variables(
        Map.of(
            "REGISTRY_AUTH_TOKEN_AUTOREDIRECT", "false",
            "REGISTRY_AUTH_TOKEN_SIGNINGALGORITHMS", "[RS256]",
            "REGISTRY_STORAGE", "inmemory"));
    String config = objects.get(CONFIG);
    objects.put(CONFIG, config.replace("storage:", "storages:"));
    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings()).as(report.text()).isEmpty();
  }

  @Test
  void variables_ofARegistryWithoutAFile_areItsConfiguration() {
    objects.remove(CONFIG);
    edit(REGISTRY, "\"mountPath\":\"/etc/distribution\"", "\"mountPath\":\"/elsewhere\"");
    Map<String, String> variables =
        new HashMap<>(
            Map.of(
                "REGISTRY_AUTH", "token",
                "REGISTRY_AUTH_TOKEN_REALM", "https://registry-auth.registry.svc/auth",
                "REGISTRY_AUTH_TOKEN_SERVICE", "docker-registry",
                "REGISTRY_AUTH_TOKEN_ISSUER", "registry-token-issuer",
                "REGISTRY_AUTH_TOKEN_JWKS", "/etc/registry-auth-keys-jwks/jwks.json"));
    variables(variables);
    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.checked())
        .contains("the registry's configuration, Deployment registry/registry: env");
  }

  @Test
  void variables_thatReferToAConfigMap_areWhatThatSays() {
    edit(
        "/apis/apps/v1/namespaces/registry/deployments/registry-auth",
        "\"env\":[",
        "\"env\":[{\"name\":\"TOKEN_ISSUER\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"names\",\"key\":\"issuer\"}}},");
    objects.put("/api/v1/namespaces/registry/configmaps/names", "{\"data\":{\"issuer\":\"acme\"}}");
    edit(CONFIG, "issuer: registry-token-issuer", "issuer: acme");

    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings()).as(report.text()).isEmpty();
  }

  private void variables(Map<String, String> variables) {
    JsonArray env = new JsonArray();
    variables.forEach(
        (name, value) -> {
          JsonObject variable = new JsonObject();
          variable.addProperty("name", name);
          variable.addProperty("value", value);
          env.add(variable);
        });
    objects.compute(
        REGISTRY, (name, json) -> json.replaceFirst("\"env\":\\[.*?\\]", "\"env\":" + env));
    assertThat(objects.get(REGISTRY)).contains(env.toString());
  }

  @Test
  void jwksMissing_theSecretIsNotThere() {
    remove(JWKS);
    assertOnly("jwks-missing", "is not there", "Secret registry/registry-auth-keys-jwks", "jwks");
  }

  @Test
  void jwksMissing_notMounted() {
    edit(REGISTRY, "\"mountPath\":\"/etc/registry-auth-keys-jwks\"", "\"mountPath\":\"/x\"");
    assertOnly("jwks-missing", "is not there", "where no volume is mounted", "mount");
  }

  @Test
  void keyDiffers() {
    secret(JWKS, Map.of("jwks.json", jwks(other)));
    assertOnly(
        "key-differs", "another key", "Secret registry/registry-auth-keys-jwks", "bootstrap");
  }

  @Test
  void secretMissing() {
    remove(CREDENTIALS);
    assertOnly(
        "secret-missing",
        "has no credentials",
        "Secret test-build/test-build-registry-credentials",
        "tenant create test-build");
  }

  @Test
  void secretKeys_noPassword() {
    secret(CREDENTIALS, Map.of("username", "test-build"));
    assertOnly("secret-keys", "stored-password-is-missing", "test-build/", "tenant create");
  }

  /** Deleting the Secret would lose the password, and the limits of the account. */
  @ParameterizedTest
  @CsvSource({
    "actions, 'push,destroy', actions",
    "repositories, ' ', repositories",
    "expires, 2020-01-01T00:00:00Z, expires",
    "expires, tomorrow, expires",
    "password-previous-expires, tomorrow, password-previous-expires",
    "password-hash, x, password"
  })
  void secretKeys_oneEntryIsWrong_itIsNamedAndNothingDeleted(
      String entry, String text, String where) {
    secret(CREDENTIALS, Map.of("username", "test-build", "password", PASSWORD, entry, text));
    assertOnly(
        "secret-keys",
        "stored-",
        "test-build/test-build-registry-credentials: " + where,
        "kubectl edit secret test-build-registry-credentials -n test-build");
    assertThat(examine(Optional.of("test-build")).findings().get(0).fix())
        .doesNotContain("delete", "tenant create");
  }

  @Test
  void secretKeys_ofAnotherForm_nothingIsDeleted() {
    secret(CREDENTIALS, Map.of("user", "test-build", "pass", PASSWORD));
    assertOnly("secret-keys", "neither username nor password", "test-build/", "kubectl edit");
    assertThat(examine(Optional.of("test-build")).findings().get(0).fix())
        .doesNotContain("delete", "tenant create");
  }

  /** The password of now lets clients in all the same, if it is the one that they have. */
  @Test
  void secretKeys_ofThePasswordBefore_theRestIsLookedAt() {
    secret(
        CREDENTIALS,
        Map.of(
            "username",
            "test-build",
            "password",
            PASSWORD,
            "password-previous",
            "another",
            "password-previous-expires",
            "tomorrow"));
    secret(DOCKER_CONFIG, Map.of(".dockerconfigjson", dockerConfig(HOST, "unknown")));
    assertThat(examine(Optional.of("test-build")).findings())
        .extracting(finding -> finding.id().toString())
        .containsExactly("secret-keys", "docker-config-password");
  }

  @Test
  void usernameDiffers() {
    secret(CREDENTIALS, Map.of("username", "other", "password", PASSWORD));
    assertOnly("username-differs", "\"other\"", "test-build/", "kubectl patch secret");
  }

  @Test
  void secretForbidden() {
    allowed = false;
    assertOnly(
        "secret-forbidden",
        "service account registry/registry-auth may not get it",
        "Secret test-build/test-build-registry-credentials",
        "tenant create test-build`, which makes a Role");
  }

  @Test
  void dockerConfigMissing() {
    remove(DOCKER_CONFIG);
    assertOnly(
        "docker-config-missing", "no docker config", "registry-docker-config", "tenant create");
  }

  @Test
  void dockerConfigHost_withPort() {
    secret(DOCKER_CONFIG, Map.of(".dockerconfigjson", dockerConfig(HOST + ":443", PASSWORD)));
    assertOnly(
        "docker-config-host", HOST + ":443", "registry-docker-config", "tenant create test-build");
  }

  /** A token that the production key signs is no matter of a host of the tenant's choosing. */
  @Test
  void host_thatATenantsSecretNames_isNotVisited() throws Exception {
    List<String> visits = new CopyOnWriteArrayList<>();
    ProxySelector before = ProxySelector.getDefault();
    String host = "other.example.com";
    secret(DOCKER_CONFIG, Map.of(".dockerconfigjson", dockerConfig(host, PASSWORD)));
    edit(
        "/api/v1/namespaces/" + DOCKER_CONFIG,
        "{\"data\"",
        "{\"metadata\":{\"annotations\":{\"registryauth.io/hosts\":\"" + host + "\"}},\"data\"");
    ProxySelector.setDefault(
        new ProxySelector() {
          @Override
          public List<Proxy> select(URI uri) {
            visits.add(uri.getHost());
            return List.of(Proxy.NO_PROXY);
          }

          @Override
          public void connectFailed(URI uri, SocketAddress address, IOException e) {}
        });
    try {
      Report report = examine(Optional.of("test-build"));
      assertThat(report.findings()).as(report.text()).isEmpty();
      assertThat(report.notChecked())
          .extracting(Report.NotChecked::what)
          .contains("the registry, https://" + host);
    } finally {
      ProxySelector.setDefault(before);
    }
    assertThat(visits).isNotEmpty().doesNotContain(host);
  }

  @Test
  void dockerConfigPassword() {
    secret(DOCKER_CONFIG, Map.of(".dockerconfigjson", dockerConfig(HOST, "another")));
    assertOnly(
        "docker-config-password",
        "another password than Secret test-build/test-build-registry-credentials",
        "Secret test-build/registry-docker-config",
        "tenant create test-build");
  }

  @Test
  void caMissing() {
    remove(CA);
    assertOnly("ca-missing", "no authority", "Secret test-build/registry-ca-cert", "tenant create");
  }

  @Test
  void caDiffers() throws Exception {
    secret(CA, Map.of("ca.crt", other.certificatePem()));
    assertOnly("ca-differs", "x509", "Secret test-build/registry-ca-cert", "tenant create");
  }

  @Test
  void certificateExpired_ofTheRegistry_isNotSaidToBeOfAnotherAuthority() throws Exception {
    secret(
        "registry/secrets/registry-tls",
        Map.of("tls.crt", signer.issueExpired("CN=registry").certificatePem()));
    assertOnly("certificate-expired", "CN=registry", "Secret registry/registry-tls", "renew");
  }

  @Test
  void buildPodConfig_dockerConfigUnderAnotherName() throws Exception {
    pod(
        yaml(DEPLOY.resolve("tenant/buildkit.yaml"))
            .replace("\"path\":\"config.json\"", "\"path\":\"other.json\""));
    assertOnly(
        "build-pod-config", "authorization token required", "Pod test-build/", "config.json");
  }

  @Test
  void buildPodConfig_noAuthority() throws Exception {
    pod(
        yaml(DEPLOY.resolve("tenant/buildkit.yaml"))
            .replace("\"secretName\":\"registry-ca-cert\"", "\"secretName\":\"x\""));
    assertOnly("build-pod-config", "x509", "Pod test-build/", "registry-ca-cert");
  }

  @Test
  void dockerfileMissing_inTheConfigMapOfAKanikoPod() {
    String pod =
        """
        {"metadata":{"name":"build"},"spec":{
         "containers":[{"image":"kaniko","args":["--context=dir:///workspace"],"volumeMounts":[
          {"name":"c","mountPath":"/workspace"},{"name":"d","mountPath":"/kaniko/.docker"},
          {"name":"a","mountPath":"/kaniko/ssl/certs"}]}],
         "volumes":[{"name":"c","configMap":{"name":"context"}},
          {"name":"a","secret":{"secretName":"registry-ca-cert"}},
          {"name":"d","secret":{"secretName":"registry-docker-config",
           "items":[{"key":".dockerconfigjson","path":"config.json"}]}}]}}
        """;
    pod(pod);
    String context = "/api/v1/namespaces/test-build/configmaps/context";
    objects.put(context, "{\"data\":{\"Containerfile\":\"FROM scratch\"}}");
    assertOnly(
        "dockerfile-missing", "/workspace/Dockerfile", "ConfigMap test-build/context", "kubectl");
    objects.put(context, "{\"data\":{\"Dockerfile\":\"FROM scratch\"}}");
    assertThat(examine(Optional.of("test-build")).findings()).isEmpty();
  }

  @Test
  void buildPod_ofKaniko_mayHaveASlashAfterItsMountPath() throws Exception {
    pod(
        yaml(DEPLOY.resolve("tenant/buildkit.yaml"))
            .replaceFirst("(\"mountPath\":\"[^\"]*/[.]docker)\"", "$1/\""));
    assertThat(objects.get("/api/v1/namespaces/test-build/pods")).contains("/.docker/\"");
    assertThat(examine(Optional.of("test-build")).findings()).isEmpty();
  }

  @Test
  void pod_thatBuildsNothing_isNoneOfABuild() {
    pod(
        """
        {"metadata":{"name":"db"},"spec":{
         "containers":[{"image":"docker.io/library/postgres:17"}]}}
        """);
    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.checked()).noneMatch(line -> line.startsWith("the build pod"));
  }

  @Test
  void registryInAnotherNamespace_isWhatTheCommandsName() {
    namespace = "elsewhere";
    Map.copyOf(objects)
        .forEach(
            (path, json) ->
                objects.put(path.replace("/namespaces/registry/", "/namespaces/elsewhere/"), json));
    remove(CREDENTIALS);
    remove(CA);
    remove(DOCKER_CONFIG);
    Report report = examine(Optional.of("test-build"));

    assertThat(report.findings())
        .as(report.text())
        .hasSize(3)
        .allSatisfy(
            finding ->
                assertThat(finding.fix())
                    .contains(
                        "tenant create test-build --registry-namespace elsewhere --service-account"
                            + " elsewhere/registry-auth"));
    assertThat(report.notChecked())
        .extracting(Report.NotChecked::why)
        .anyMatch(why -> why.contains("kubectl port-forward -n elsewhere service/registry "));
  }

  /** What may not be read is never passed over in silence. */
  @Test
  void forbidden_isNotChecked() {
    objects.replaceAll((path, json) -> "forbidden");
    Report report = examine(Optional.of("test-build"));
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.notChecked())
        .extracting(Report.NotChecked::what)
        .anyMatch(what -> what.contains("Deployment registry/registry"))
        .anyMatch(what -> what.contains("registry-config"))
        .anyMatch(what -> what.contains("registry-auth-keys"))
        .anyMatch(what -> what.contains("test-build-registry-credentials"))
        .anyMatch(what -> what.contains("registry-docker-config"))
        .anyMatch(what -> what.contains("registry-ca-cert"))
        .anyMatch(what -> what.contains("build pods"));
  }
}
