// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.util.Yaml;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens when others write at the same time, or calls fail. */
class TenantProvisionerTest {
  private static final NamespaceName TENANT = new NamespaceName("test-build");
  private static final String SECRETS = "/api/v1/namespaces/test-build/secrets/";
  private static final String ROLES =
      "/apis/rbac.authorization.k8s.io/v1/namespaces/test-build/roles/";
  private static final String CREDENTIALS = SECRETS + "test-build-registry-credentials";
  private static final String CONFIG = SECRETS + "registry-docker-config";
  private static final String HOST = TenantProvisioner.DEFAULT_REGISTRY_HOST;
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-25T12:00:00.5Z"), ZoneOffset.UTC);

  /** A certificate, valid until 2126. */
  private static final String CA =
      """
      -----BEGIN CERTIFICATE-----
      MIIBgjCCASmgAwIBAgIUdT5hTlyT8bM4Q1+YUQont4KWrR4wCgYIKoZIzj0EAwIw
      FjEUMBIGA1UEAwwLcmVnaXN0cnktY2EwIBcNMjYxMTI1MTgwOTEwWhgPMjEyNjEx
      MDExODA5MTBaMBYxFDASBgNVBAMMC3JlZ2lzdHJ5LWNhMFkwEwYHKoZIzj0CAQYI
      KoZIzj0DAQcDQgAEZSihDSKSE9wUkUwS9sVjYQWicwQFioxYnoRo1RqSodMhamgX
      Nx+6rowcfqedR6UH6SVnROD70u1bmTLyWoGpN6NTMFEwHQYDVR0OBBYEFOhoY4EV
      dOpMjerWUPVZaPKkkSV5MB8GA1UdIwQYMBaAFOhoY4EVdOpMjerWUPVZaPKkkSV5
      MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgArnQ4VvZgKJcPww3
      p54kaiNbCPpADnHhmBfHEUFv8L8CIGYEfRDDvPmAadN0jiXJwNejbVR/7eGIbBqz
      OgHNiPfX
      -----END CERTIFICATE-----
      """;

  private static final String HASHED =
      """
      {"apiVersion": "v1", "kind": "Secret",
       "metadata": {"namespace": "test-build", "name": "test-build-registry-credentials"},
       "data": {"username": "%s", "password-hash": "%s"}}
      """
          .formatted(
              base64("test-build"),
              base64("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));

  private final List<String> lines = new ArrayList<>();
  private FakeObjects api;
  private TenantProvisioner provisioner;

  @BeforeEach
  void start() throws IOException {
    api = new FakeObjects();
    api.put(
        "/api/v1/namespaces/registry/secrets/registry-tls",
        secret("registry", "registry-tls", "ca.crt", CA));
    provisioner =
        TenantProvisioner.builder(api.client())
            .clock(CLOCK)
            .reports(report -> lines.add(report.toString()))
            .build();
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private static String secret(String namespace, String name, String key, String text) {
    return """
    {"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
     "metadata": {"namespace": "%s", "name": "%s"}, "data": {"%s": "%s"}}
    """
        .formatted(namespace, name, key, base64(text));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  private String text(String path, String key) {
    JsonObject data = api.object(path).orElseThrow().getAsJsonObject("data");
    return new String(Base64.getDecoder().decode(data.get(key).getAsString()), UTF_8);
  }

  private Login login(String host) {
    return DockerConfig.parse(text(CONFIG, ".dockerconfigjson")).login(host).orElseThrow();
  }

  private void setPassword(String password) {
    JsonObject changed = api.object(CREDENTIALS).orElseThrow().deepCopy();
    changed.getAsJsonObject("data").addProperty("password", base64(password));
    api.put(CREDENTIALS, changed.toString());
  }

  @Test
  void create_again_writesNothing() throws IOException {
    provisioner.create(TENANT);
    int writes = api.writes();
    provisioner.create(TENANT);

    assertThat(api.writes()).isEqualTo(writes);
    assertThat(login(HOST)).isEqualTo(new Login("test-build", text(CREDENTIALS, "password")));
    assertThat(text(CREDENTIALS, "password")).hasSize(44);
  }

  @Test
  void create_whileAnotherCreates_fitsTheCredentialsOfTheFirst() throws IOException {
    api.before(
        "POST",
        "/api/v1/namespaces/test-build/secrets",
        () ->
            api.put(
                CREDENTIALS,
                """
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "test-build",
                 "name": "test-build-registry-credentials"},
                 "data": {"username": "%s", "password": "%s"}}
                """
                    .formatted(base64("test-build"), base64("of-the-first"))));
    provisioner.create(TENANT);

    assertThat(text(CREDENTIALS, "password")).isEqualTo("of-the-first");
    assertThat(login(HOST).password()).isEqualTo("of-the-first");
    assertThat(lines).contains("kept      Secret test-build/test-build-registry-credentials");
  }

  @Test
  void create_whileAnotherMakesAnObject_completesItAndLeavesItTheirs() throws IOException {
    String role = ROLES + "registry-auth-secret-reader";
    String theirs =
        """
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
         "metadata": {"namespace": "test-build", "name": "registry-auth-secret-reader",
                      "labels": {"a": "b"}}}
        """;
    api.before("POST", ROLES.substring(0, ROLES.length() - 1), () -> api.put(role, theirs));
    provisioner.create(TENANT);

    JsonObject stored = api.object(role).orElseThrow();
    assertThat(stored.getAsJsonObject("metadata").getAsJsonObject("labels").keySet())
        .containsExactly("a");
    assertThat(stored.getAsJsonArray("rules")).hasSize(1);
    assertThat(lines).contains("updated   Role test-build/registry-auth-secret-reader");
  }

  @Test
  void create_withoutCertificateAuthority_writesNothing() throws IOException {
    TenantProvisioner elsewhere =
        TenantProvisioner.builder(api.client())
            .registryNamespace(new NamespaceName("elsewhere"))
            .build();
    int writes = api.writes();

    assertThatIOException()
        .isThrownBy(() -> elsewhere.create(TENANT))
        .withMessageContaining("elsewhere/registry-tls with ca.crt")
        .withMessageContaining("--ca-file");
    assertThat(api.writes()).isEqualTo(writes);
  }

  @Test
  void rotate_keepsTheOldPasswordForTheOverlap() throws IOException {
    provisioner.create(TENANT);
    String old = text(CREDENTIALS, "password");
    provisioner.rotate(TENANT, Duration.ofHours(24));

    assertThat(text(CREDENTIALS, "password")).isNotEqualTo(old);
    assertThat(text(CREDENTIALS, "password-previous")).isEqualTo(old);
    assertThat(text(CREDENTIALS, "password-previous-expires")).isEqualTo("2026-11-26T12:00:00Z");
    assertThat(login(HOST).password()).isEqualTo(text(CREDENTIALS, "password"));
    assertThat(lines.toString()).doesNotContain(old, text(CREDENTIALS, "password"));
  }

  @Test
  void rotate_writesTheCredentialsBeforeTheClientsGetThem() throws IOException {
    provisioner.create(TENANT);
    String old = text(CREDENTIALS, "password");
    List<String> order = new ArrayList<>();
    api.before("PATCH", CREDENTIALS, () -> order.add("clients have " + login(HOST).password()));
    api.before("PATCH", CONFIG, () -> order.add("accepted is " + text(CREDENTIALS, "password")));
    provisioner.rotate(TENANT, Duration.ZERO);

    assertThat(order)
        .containsExactly("clients have " + old, "accepted is " + text(CREDENTIALS, "password"));
  }

  @Test
  void rotate_withoutOverlap_dropsTheOldPassword() throws IOException {
    provisioner.create(TENANT);
    provisioner.rotate(TENANT, Duration.ofHours(24));
    provisioner.rotate(TENANT, Duration.ZERO);

    assertThat(api.object(CREDENTIALS).orElseThrow().getAsJsonObject("data").keySet())
        .containsExactlyInAnyOrder("username", "password");
    assertThat(login(HOST).password()).isEqualTo(text(CREDENTIALS, "password"));
  }

  @Test
  void rotate_whileAnotherChangesTheCredentials_failsAndLosesNothing() throws IOException {
    provisioner.create(TENANT);
    String config = text(CONFIG, ".dockerconfigjson");
    api.before("PATCH", CREDENTIALS, () -> setPassword("of-the-other"));

    assertThatIOException()
        .isThrownBy(() -> provisioner.rotate(TENANT, Duration.ofHours(24)))
        .withMessageContaining("test-build-registry-credentials")
        .withMessageContaining("was modified");
    assertThat(text(CREDENTIALS, "password")).isEqualTo("of-the-other");
    assertThat(text(CONFIG, ".dockerconfigjson")).isEqualTo(config);
  }

  @Test
  void rotate_thatBrokeOff_saysHowToFinishAndIsFinishedByTheNext() throws IOException {
    provisioner.create(TENANT);
    String first = text(CREDENTIALS, "password");
    breakOff(Duration.ofHours(24));
    String second = text(CREDENTIALS, "password");
    assertThat(login(HOST).password()).isEqualTo(first);
    provisioner.rotate(TENANT, Duration.ofHours(24));

    assertThat(text(CREDENTIALS, "password")).isEqualTo(second).isNotEqualTo(first);
    assertThat(text(CREDENTIALS, "password-previous")).isEqualTo(first);
    assertThat(login(HOST).password()).isEqualTo(second);
    assertThat(lines.toString()).contains("the rotation before is finished instead");
    provisioner.rotate(TENANT, Duration.ofHours(24));
    assertThat(text(CREDENTIALS, "password-previous")).isEqualTo(second);
  }

  /** The password that clients have is not accepted any more: to wait for them helps nobody. */
  @Test
  void rotate_afterTheOverlapOfOneThatBrokeOff_isAnother() throws IOException {
    provisioner.create(TENANT);
    breakOff(Duration.ofHours(24));
    String second = text(CREDENTIALS, "password");
    TenantProvisioner.builder(api.client())
        .clock(Clock.offset(CLOCK, Duration.ofHours(25)))
        .build()
        .rotate(TENANT, Duration.ofHours(24));

    assertThat(text(CREDENTIALS, "password-previous")).isEqualTo(second);
    assertThat(login(HOST).password()).isEqualTo(text(CREDENTIALS, "password"));
  }

  /** Rotates, and lets the API fail once the credentials are written. */
  private void breakOff(Duration overlap) {
    api.before(
        "PATCH",
        CREDENTIALS,
        () -> api.answer("GET", CONFIG, 500, "{\"message\": \"etcd is down\"}"));

    assertThatIOException()
        .isThrownBy(() -> provisioner.rotate(TENANT, overlap))
        .withMessageContaining("etcd is down")
        .withMessageEndingWith("finish with: tenant create test-build");
  }

  @Test
  void rotate_overtakenByAnother_leavesTheDockerConfigOfTheLast() throws IOException {
    provisioner.create(TENANT);
    api.before("GET", CONFIG, () -> setPassword("of-the-last"));
    provisioner.rotate(TENANT, Duration.ofHours(24));

    assertThat(login(HOST).password()).isEqualTo("of-the-last");
  }

  @Test
  void rotate_hostsOfTheTenant_getTheNewPasswordAndOthersDoNot() throws IOException {
    provisioner.create(TENANT);
    DockerConfig config =
        DockerConfig.parse("")
            .with("own.example", login(HOST))
            .with("foreign.example", new Login("test-build", "of-another-registry"));
    JsonObject changed = api.object(CONFIG).orElseThrow().deepCopy();
    changed.getAsJsonObject("data").addProperty(".dockerconfigjson", base64(config.toJson()));
    api.put(CONFIG, changed.toString());
    provisioner.rotate(TENANT, Duration.ZERO);

    assertThat(login("own.example").password()).isEqualTo(text(CREDENTIALS, "password"));
    assertThat(login("foreign.example").password()).isEqualTo("of-another-registry");
    assertThat(text(CONFIG, ".dockerconfigjson")).doesNotContain(HOST);
  }

  @Test
  void delete_namespaceOfTheRegistry_isKept() throws IOException {
    NamespaceName registry = new NamespaceName("registry");
    api.put(
        "/api/v1/namespaces/registry",
        """
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "registry", "labels":
         {"app.kubernetes.io/managed-by": "registry-auth",
          "app.kubernetes.io/part-of": "registry-auth"}}}
        """);
    provisioner.create(registry);
    assertThat(provisioner.manifest(registry)).doesNotContain("component: tenant");

    assertThat(provisioner.delete(registry, true)).isFalse();
    assertThat(lines)
        .contains(
            "kept      Namespace registry: it does not have the label"
                + " app.kubernetes.io/component=tenant");
    assertThat(api.object("/api/v1/namespaces/registry")).isPresent();
  }

  @Test
  void delete_namespaceThatCreateMade_isDeleted() throws IOException {
    provisioner.create(TENANT);

    assertThat(provisioner.delete(TENANT, true)).isTrue();
    assertThat(api.object("/api/v1/namespaces/test-build")).isEmpty();
  }

  /** Returns a provisioner that is told the host. */
  private TenantProvisioner withHost(String host) {
    return TenantProvisioner.builder(api.client()).clock(CLOCK).registryHost(host).build();
  }

  private void change(String path, String key, String text) {
    JsonObject changed = api.object(path).orElseThrow().deepCopy();
    changed.getAsJsonObject("data").addProperty(key, base64(text));
    api.put(path, changed.toString());
  }

  private void setConfig(DockerConfig config) {
    change(CONFIG, ".dockerconfigjson", config.toJson());
  }

  private DockerConfig config() {
    return DockerConfig.parse(text(CONFIG, ".dockerconfigjson"));
  }

  @Test
  void create_hostOfItsOwnAndAPasswordChangedByHand_refreshesThatHost() throws IOException {
    withHost("own.example").create(TENANT);
    setPassword("by-hand");
    provisioner.create(TENANT);

    assertThat(login("own.example").password()).isEqualTo("by-hand");
    assertThat(config().hostsOf("test-build")).containsExactly("own.example");
  }

  @Test
  void create_afterARotationWithoutOverlapBrokeOff_refreshesTheHostOfItsOwn() throws IOException {
    withHost("own.example").create(TENANT);
    breakOff(Duration.ZERO);
    provisioner.create(TENANT);

    assertThat(login("own.example").password()).isEqualTo(text(CREDENTIALS, "password"));
    assertThat(config().hostsOf("test-build")).containsExactly("own.example");
  }

  @Test
  void create_fileThatWasEmptied_getsTheHostOfItsOwnAgain() throws IOException {
    withHost("own.example").create(TENANT);
    setConfig(DockerConfig.parse(""));
    provisioner.create(TENANT);

    assertThat(config().hostsOf("test-build")).containsExactly("own.example");
  }

  @Test
  void create_sameUserNameAtAnotherRegistryAlone_isKeptAndSaid() throws IOException {
    provisioner.create(TENANT);
    JsonObject byHand = api.object(CONFIG).orElseThrow().deepCopy();
    byHand.getAsJsonObject("metadata").remove("annotations");
    api.put(CONFIG, byHand.toString());
    DockerConfig theirs =
        DockerConfig.parse("").with("foreign.example", new Login("test-build", "another"));
    setConfig(theirs);
    lines.clear();
    provisioner.create(TENANT);

    assertThat(config().toJson()).isEqualTo(theirs.toJson());
    assertThat(lines)
        .anyMatch(
            line ->
                line.startsWith("kept      Secret test-build/registry-docker-config")
                    && line.contains("foreign.example"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void manifest_hostOfItsOwn_isWhatIsStored(boolean rotated) throws IOException {
    withHost("own.example").create(TENANT);
    if (rotated) {
      provisioner.rotate(TENANT, Duration.ofHours(24));
    }
    String manifest = provisioner.manifest(TENANT);

    assertThat(manifest)
        .contains(
            api.object(CONFIG)
                .orElseThrow()
                .getAsJsonObject("data")
                .get(".dockerconfigjson")
                .getAsString());
    assertThat(manifest).contains("registryauth.io/hosts: own.example");
  }

  @Test
  void manifest_afterARotationBrokeOff_isWhatCreateWrites() throws IOException {
    withHost("own.example").create(TENANT);
    breakOff(Duration.ofHours(24));
    String manifest = provisioner.manifest(TENANT);
    provisioner.create(TENANT);

    assertThat(manifest)
        .contains(
            api.object(CONFIG)
                .orElseThrow()
                .getAsJsonObject("data")
                .get(".dockerconfigjson")
                .getAsString());
  }

  private static List<JsonObject> documents(String yaml) throws IOException {
    List<JsonObject> documents = new ArrayList<>();
    for (Object object : Yaml.loadAll(yaml)) {
      documents.add(JSON.getGson().toJsonTree(object).getAsJsonObject());
    }
    return documents;
  }

  private static String entry(JsonObject secret, String key) {
    String value = secret.getAsJsonObject("data").get(key).getAsString();
    return new String(Base64.getDecoder().decode(value), UTF_8);
  }

  @Test
  void rotationManifest_hasBothPasswordsAndWritesNothing() throws IOException {
    withHost("own.example").create(TENANT);
    String old = text(CREDENTIALS, "password");
    int writes = api.writes();
    List<JsonObject> documents =
        documents(provisioner.rotationManifest(TENANT, Duration.ofHours(24)));

    assertThat(api.writes()).isEqualTo(writes);
    assertThat(documents).hasSize(3);
    String password = entry(documents.get(0), "password");
    assertThat(password).hasSize(44).isNotEqualTo(old);
    assertThat(entry(documents.get(0), "username")).isEqualTo("test-build");
    assertThat(entry(documents.get(0), "password-previous")).isEqualTo(old);
    assertThat(entry(documents.get(0), "password-previous-expires"))
        .isEqualTo("2026-11-26T12:00:00Z");
    for (JsonObject file : documents.subList(1, 3)) {
      DockerConfig config = DockerConfig.parse(entry(file, ".dockerconfigjson"));
      assertThat(config.hosts()).containsExactly("own.example");
      assertThat(config.login("own.example")).contains(new Login("test-build", password));
    }
  }

  @Test
  void rotationManifest_withoutOverlap_hasTheNewPasswordAlone() throws IOException {
    provisioner.create(TENANT);
    provisioner.rotate(TENANT, Duration.ofHours(24));
    JsonObject credentials = documents(provisioner.rotationManifest(TENANT, Duration.ZERO)).get(0);

    assertThat(credentials.getAsJsonObject("data").keySet())
        .containsExactlyInAnyOrder("username", "password");
  }

  /** Who applies a manifest that lacks an entry takes it away: the account would have more. */
  @ParameterizedTest
  @CsvSource({
    "actions, pull",
    "actions, ''",
    "repositories, test-build/app",
    "expires, 2026-12-31T00:00:00Z"
  })
  void attack_manifests_keepWhatConfinesTheAccount(String key, String text) throws IOException {
    provisioner.create(TENANT);
    change(CREDENTIALS, key, text);

    for (String manifest :
        List.of(
            provisioner.manifest(TENANT),
            provisioner.rotationManifest(TENANT, Duration.ofHours(24)))) {
      List<JsonObject> credentials =
          documents(manifest).stream()
              .filter(document -> document.toString().contains("test-build-registry-credentials"))
              .filter(document -> document.has("data"))
              .toList();

      assertThat(credentials).hasSize(1);
      assertThat(entry(credentials.get(0), key)).isEqualTo(text);
    }
  }

  @Test
  void delete_loginsOfOtherRegistries_areKeptWithoutTheTenants() throws IOException {
    provisioner.create(TENANT);
    Login foreign = new Login("test-build", "of-another-registry");
    setConfig(config().with("foreign.example", foreign));

    assertThat(provisioner.delete(TENANT, false)).isFalse();
    assertThat(config().hostsOf("test-build")).containsExactly("foreign.example");
    assertThat(login("foreign.example")).isEqualTo(foreign);
    assertThat(api.object(CONFIG).orElseThrow().toString()).doesNotContain(HOST);
    assertThat(api.object(CREDENTIALS)).isEmpty();
    assertThat(lines)
        .contains(
            "kept      Secret test-build/registry-docker-config: it has more than this project put"
                + " there; the tenant's login is taken out",
            "deleted   Secret test-build/registry-image-pull-secret");
    assertThat(provisioner.delete(TENANT, false)).isFalse();
  }

  @Test
  void create_credentialsWithAHash_makesAllButTheFilesForClients() throws IOException {
    api.put(CREDENTIALS, HASHED);
    provisioner.create(TENANT);

    assertThat(api.object(SECRETS + "registry-ca-cert")).isPresent();
    assertThat(api.object(CONFIG)).isEmpty();
    assertThat(lines)
        .anyMatch(
            line ->
                line.startsWith("kept      Secret test-build/registry-docker-config: ")
                    && line.contains("password-hash"))
        .anyMatch(
            line -> line.startsWith("kept      Secret test-build/registry-image-pull-secret: "));
    assertThat(provisioner.manifest(TENANT))
        .contains("name: registry-ca-cert", "# Left out are")
        .doesNotContain("kubernetes.io/dockerconfigjson", "$2b$");
    assertThatIOException()
        .isThrownBy(() -> provisioner.rotate(TENANT, Duration.ZERO))
        .withMessageContaining("managed elsewhere");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-----BEGIN PRIVATE KEY-----\nAAAA\n", "none"})
  void create_registryTlsWithMoreOrLessThanCertificates_isRefused(String more) throws IOException {
    String pem = more.equals("none") ? "none" : CA + more;
    api.put(
        "/api/v1/namespaces/registry/secrets/registry-tls",
        secret("registry", "registry-tls", "ca.crt", pem));
    int writes = api.writes();

    assertThatIOException()
        .isThrownBy(() -> provisioner.create(TENANT))
        .withMessageContaining("Secret registry/registry-tls has no usable ca.crt")
        .withMessageNotContaining("AAAA");
    assertThat(api.writes()).isEqualTo(writes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          403 | {"message": "User \\"x\\" cannot get resource"} | needed is the right to get secrets in the namespace registry
          401 | {"message": "Unauthorized"}                     | does not know who asks
          500 | {"message": "etcd is slow"}                     | etcd is slow (500)
          502 | <html>bad gateway</html>                        | not one of Kubernetes (502)
          200 | <html>a portal</html>                           | Cannot get Secret registry/registry-tls
          200 | []                                              | Cannot get Secret registry/registry-tls
          """)
  void calls_thatFail_sayWhichAndWhy(int status, String body, String why) {
    api.answer("GET", "/api/v1/namespaces/registry/secrets/registry-tls", status, body);

    assertThatIOException()
        .isThrownBy(() -> provisioner.create(TENANT))
        .withMessageContaining("Cannot get Secret registry/registry-tls")
        .withMessageContaining(why);
  }
}
