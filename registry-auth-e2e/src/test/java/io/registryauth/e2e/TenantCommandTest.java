// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code tenant create}, {@code rotate}, {@code show} and {@code delete}, each with a namespace.
 */
class TenantCommandTest {
  private static final String HOST = "registry.registry.svc.cluster.local";
  private static final String CONFIG = "registry-docker-config";
  private static final String PULL = "registry-image-pull-secret";
  private static final String FILE = ".dockerconfigjson";
  private static final String ACCOUNT = "--as=system:serviceaccount:registry:registry-auth";

  /** The objects in a tenant's namespace. */
  private static final String KINDS = "secrets,roles,rolebindings";

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Keys registry;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    registry = Keys.generate(directory);
    api.kubectl("create", "namespace", "registry");
    api.kubectl("create", "serviceaccount", "registry-auth", "-n", "registry");
    api.kubectl(
        "create",
        "secret",
        "generic",
        "registry-tls",
        "-n",
        "registry",
        "--from-file=ca.crt=" + registry.certificate());
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  private static Map<String, String> environment() {
    return Map.of("KUBECONFIG", api.adminKubeconfig().toString());
  }

  private static String[] arguments(String command, String name, String... options) {
    return Stream.concat(Stream.of("tenant", command, name), Stream.of(options))
        .toArray(String[]::new);
  }

  private static Completed tenant(String command, String name, String... options) throws Exception {
    return ServerJar.run(directory, environment(), arguments(command, name, options));
  }

  private static String credentials(String namespace, String key) throws Exception {
    return api.entry(namespace, namespace + "-registry-credentials", key);
  }

  private static String password(String namespace) throws Exception {
    return credentials(namespace, "password");
  }

  /** Returns the entry of a host in the file of one of the two Secrets for clients. */
  private static Map<?, ?> login(String namespace, String secret, String host) throws Exception {
    Map<?, ?> auths = (Map<?, ?>) Json.object(api.entry(namespace, secret, FILE)).get("auths");
    return (Map<?, ?>) auths.get(host);
  }

  private static void assertClientsHave(String namespace, String password) throws Exception {
    String auth = new Tenant(namespace, password).base64();
    for (String secret : List.of(CONFIG, PULL)) {
      assertThat(login(namespace, secret, HOST))
          .isEqualTo(Map.of("username", namespace, "password", password, "auth", auth));
      assertThat(type(namespace, secret)).isEqualTo("kubernetes.io/dockerconfigjson");
    }
  }

  private static String type(String namespace, String secret) throws Exception {
    return api.kubectl("get", "secret", secret, "-n", namespace, "-o", "jsonpath={.type}");
  }

  private static boolean canGet(String namespace, String resource) throws Exception {
    Completed completed =
        api.run(api.adminKubeconfig(), "auth", "can-i", "get", resource, "-n", namespace, ACCOUNT);
    return completed.stdout().strip().equals("yes");
  }

  private static void assertFailed(Completed completed, String... parts) {
    assertThat(completed.status()).as("%s", completed).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .as("%s", completed)
        .singleElement()
        .satisfies(line -> assertThat(line).contains(parts));
  }

  @Test
  void create_makesWhatTheDocumentHas() throws Exception {
    Completed created = tenant("create", "created");

    assertThat(created.orFail().lines())
        .containsExactly(
            "created   Namespace created",
            "created   Secret created/created-registry-credentials",
            "created   Role created/registry-auth-secret-reader",
            "created   RoleBinding created/registry-auth-secret-reader",
            "created   Secret created/registry-ca-cert",
            "created   Secret created/registry-docker-config",
            "created   Secret created/registry-image-pull-secret");
    assertThat(credentials("created", "username")).isEqualTo("created");
    assertThat(Base64.getDecoder().decode(password("created"))).hasSize(32);
    assertThat(created.output()).doesNotContain(password("created"));
    assertClientsHave("created", password("created"));
    assertThat(api.entry("created", "registry-ca-cert", "ca.crt"))
        .isEqualTo(Files.readString(registry.certificate()));
    assertThat(
            api.kubectl(
                "get",
                KINDS,
                "-n",
                "created",
                "-o",
                "name",
                "-l",
                "app.kubernetes.io/managed-by=registry-auth,"
                    + "app.kubernetes.io/part-of=registry-auth"))
        .hasLineCount(6);
  }

  @Test
  void create_again_changesNothing() throws Exception {
    tenant("create", "again").orFail();
    String before = api.versions("again");
    Completed again = tenant("create", "again");

    assertThat(again.orFail().lines()).hasSize(7).allMatch(line -> line.matches("(kept|unch).*"));
    assertThat(api.versions("again")).isEqualTo(before);
  }

  @Test
  void create_letsTheServersAccountGetTheCredentialsAndNothingElse() throws Exception {
    tenant("create", "rbac").orFail();

    assertThat(canGet("rbac", "secret/rbac-registry-credentials")).isTrue();
    assertThat(canGet("rbac", "secret/registry-docker-config")).isFalse();
    assertThat(canGet("rbac", "secret/registry-ca-cert")).isFalse();
    assertThat(canGet("rbac", "secrets")).isFalse();
    assertThat(canGet("registry", "secret/registry-tls")).isFalse();
    Path kubeconfig = api.serviceAccountKubeconfig("registry", "registry-auth");
    assertThat(
            api.run(kubeconfig, "get", "secret", "rbac-registry-credentials", "-n", "rbac")
                .status())
        .isZero();
    assertThat(api.run(kubeconfig, "get", "secrets", "-n", "rbac").status()).isEqualTo(1);
  }

  @Test
  void create_credentialsMadeByHand_areKeptAndTheRestFitsThem() throws Exception {
    api.createTenant(new Tenant("by-hand", "test-password-123"));

    assertThat(tenant("create", "by-hand").orFail())
        .contains(
            "kept      Namespace by-hand", "kept      Secret by-hand/by-hand-registry-credentials");
    assertThat(password("by-hand")).isEqualTo("test-password-123");
    assertClientsHave("by-hand", "test-password-123");
  }

  @Test
  void create_dockerConfigOfOtherRegistries_keepsThem() throws Exception {
    api.kubectl("create", "namespace", "several");
    api.kubectl(
        "create",
        "secret",
        "docker-registry",
        CONFIG,
        "-n",
        "several",
        "--docker-server=other.example",
        "--docker-username=u",
        "--docker-password=p");
    api.kubectl("label", "secret", CONFIG, "-n", "several", "app.kubernetes.io/managed-by=Helm");
    api.kubectl("annotate", "secret", CONFIG, "-n", "several", "note=kept");
    tenant("create", "several").orFail();

    assertThat(login("several", CONFIG, "other.example").get("password")).isEqualTo("p");
    assertThat(login("several", CONFIG, HOST).get("password")).isEqualTo(password("several"));
    assertThat(api.kubectl("get", "secret", CONFIG, "-n", "several", "-o", "yaml"))
        .contains("app.kubernetes.io/managed-by: Helm", "note: kept")
        .doesNotContain("app.kubernetes.io/managed-by: registry-auth");
  }

  @Test
  void create_otherRegistry_usesItsHostAccountAndCertificates() throws Exception {
    Keys other = Keys.generate(directory);
    String[] options = {
      "--registry-host=other.example",
      "--service-account=elsewhere/server",
      "--ca-file=" + other.certificate()
    };
    tenant("create", "other", options).orFail();

    assertThat(login("other", CONFIG, "other.example").get("password"))
        .isEqualTo(password("other"));
    assertThat(login("other", CONFIG, HOST)).isNull();
    assertThat(api.entry("other", "registry-ca-cert", "ca.crt"))
        .isEqualTo(Files.readString(other.certificate()));
    assertThat(canGet("other", "secret/other-registry-credentials")).isFalse();
    assertThat(tenant("show", "other", options).status()).isZero();
    assertThat(tenant("rotate", "other").status()).isZero();
    assertThat(login("other", CONFIG, "other.example").get("password"))
        .isEqualTo(password("other"));
    assertThat(login("other", CONFIG, HOST)).isNull();
  }

  @Test
  void create_fileWithAPrivateKey_isRefused() throws Exception {
    Path both = directory.resolve("both.pem");
    Files.writeString(
        both, Files.readString(registry.certificate()) + Files.readString(registry.key()));
    Completed completed = tenant("create", "leak", "--ca-file=" + both);

    assertThat(completed.status()).isEqualTo(2);
    assertThat(completed.stderr()).contains("--ca-file", "private key").hasLineCount(1);
    assertThat(api.run(api.adminKubeconfig(), "get", "namespace", "leak").status()).isEqualTo(1);
  }

  @Test
  void create_noCertificateAuthority_saysWhatIsMissingAndMakesNothing() throws Exception {
    assertFailed(
        tenant("create", "no-ca", "--registry-namespace=default"),
        "default/registry-tls",
        "ca.crt",
        "--ca-file");
    assertThat(api.run(api.adminKubeconfig(), "get", "namespace", "no-ca").status()).isEqualTo(1);
  }

  @Test
  void create_usernameOfAnother_isRefused() throws Exception {
    api.kubectl("create", "namespace", "stolen");
    api.kubectl(
        "create",
        "secret",
        "generic",
        "stolen-registry-credentials",
        "-n",
        "stolen",
        "--from-literal=username=victim",
        "--from-literal=password=p");

    assertFailed(tenant("create", "stolen"), "its username is not the namespace");
  }

  @Test
  void dryRun_output_appliesAndIsWhatCreateMakes() throws Exception {
    Completed dryRun = tenant("create", "dry", "--dry-run");
    assertThat(dryRun.stderr()).isEmpty();
    assertThat(api.run(api.adminKubeconfig(), "get", "namespace", "dry").status()).isEqualTo(1);

    api.apply(dryRun.orFail());
    String before = api.versions("dry");
    assertThat(tenant("create", "dry").orFail().lines())
        .hasSize(7)
        .allMatch(line -> line.matches("(kept|unch).*"));
    assertThat(api.versions("dry")).isEqualTo(before);
    assertThat(tenant("show", "dry").status()).isZero();
    // Once it is there, the same again.
    assertThat(tenant("create", "dry", "--dry-run").orFail()).isEqualTo(dryRun.stdout());
  }

  @Test
  void rotate_twice_keepsThePasswordBeforeAndNoOther() throws Exception {
    tenant("create", "rotated").orFail();
    String first = password("rotated");
    Instant start = Instant.now();
    Completed rotation = tenant("rotate", "rotated");
    String second = password("rotated");

    assertThat(rotation.orFail()).contains("updated", "accepted until").doesNotContain(first);
    assertThat(second).isNotEqualTo(first);
    assertThat(credentials("rotated", "password-previous")).isEqualTo(first);
    assertThat(Instant.parse(credentials("rotated", "password-previous-expires")))
        .isBetween(
            start.plus(Duration.ofHours(24)).minusSeconds(1),
            Instant.now().plus(Duration.ofHours(24)));
    assertClientsHave("rotated", second);

    assertThat(tenant("rotate", "rotated", "--overlap=1h").orFail())
        .contains("the one before that is not any more");
    assertThat(credentials("rotated", "password-previous")).isEqualTo(second);
    assertClientsHave("rotated", password("rotated"));
    assertThat(tenant("show", "rotated").status()).isZero();
  }

  @Test
  void rotate_withoutOverlap_dropsThePasswordBefore() throws Exception {
    tenant("create", "at-once").orFail();
    tenant("rotate", "at-once").orFail();
    tenant("rotate", "at-once", "--overlap=0s").orFail();

    assertThat(credentials("at-once", "password-previous")).isEmpty();
    assertThat(credentials("at-once", "password-previous-expires")).isEmpty();
    assertClientsHave("at-once", password("at-once"));
  }

  @Test
  void rotate_credentialsMadeByHand_keepsAllElse() throws Exception {
    api.createTenant(new Tenant("annotated", "p"));
    String name = "annotated-registry-credentials";
    api.kubectl(
        "patch",
        "secret",
        name,
        "-n",
        "annotated",
        "--type=merge",
        "-p",
        "{\"data\": {\"other\": \"a2VwdA==\"}, \"metadata\": {\"labels\": {\"a\": \"b\"},"
            + " \"annotations\": {\"c\": \"d\"}}}");
    tenant("rotate", "annotated").orFail();

    assertThat(credentials("annotated", "other")).isEqualTo("kept");
    assertThat(credentials("annotated", "password-previous")).isEqualTo("p");
    assertThat(
            api.kubectl(
                "get",
                "secret",
                name,
                "-n",
                "annotated",
                "-o",
                "jsonpath={.metadata.labels} {.metadata.annotations.c}"))
        .isEqualTo("{\"a\":\"b\"} d");
    assertClientsHave("annotated", password("annotated"));
  }

  @Test
  void rotate_severalAtOnce_loseNothing() throws Exception {
    tenant("create", "race").orFail();
    List<RunningProcess> processes = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        processes.add(
            RunningProcess.start(
                directory,
                ServerJar.command(List.of(), arguments("rotate", "race")),
                environment()));
      }
      int done = 0;
      for (RunningProcess process : processes) {
        Completed completed = process.awaitExit();
        if (completed.status() == 0) {
          done++;
        } else {
          assertFailed(completed, "race-registry-credentials", "modified");
        }
      }
      assertThat(done).isPositive();
    } finally {
      processes.forEach(RunningProcess::close);
    }
    assertClientsHave("race", password("race"));
    assertThat(tenant("show", "race").status()).isZero();
  }

  @Test
  void passwordHash_isManagedElsewhere() throws Exception {
    api.kubectl("create", "namespace", "hashed");
    api.kubectl(
        "create",
        "secret",
        "generic",
        "hashed-registry-credentials",
        "-n",
        "hashed",
        "--from-literal=username=hashed",
        "--from-literal=password-hash="
            + "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");

    assertThat(tenant("create", "hashed").orFail())
        .contains(
            "created   Secret hashed/registry-ca-cert",
            "kept      Secret hashed/registry-docker-config: its password is managed elsewhere");
    assertFailed(tenant("rotate", "hashed"), "password-hash", "managed elsewhere");
    assertThat(tenant("show", "hashed").stdout())
        .contains("ok        Secret hashed/hashed-registry-credentials: username, password-hash");
  }

  @Test
  void rotateDryRun_output_appliesAndIsWhatRotateMakes() throws Exception {
    tenant("create", "git-ops", "--registry-host=own.example").orFail();
    String old = password("git-ops");
    String before = api.versions("git-ops");
    Completed dryRun = tenant("rotate", "git-ops", "--dry-run");
    assertThat(api.versions("git-ops")).isEqualTo(before);

    api.apply(dryRun.orFail());
    assertThat(password("git-ops")).isNotEqualTo(old);
    assertThat(credentials("git-ops", "password-previous")).isEqualTo(old);
    for (String secret : List.of(CONFIG, PULL)) {
      assertThat(login("git-ops", secret, "own.example").get("password"))
          .isEqualTo(password("git-ops"));
      assertThat(login("git-ops", secret, HOST)).isNull();
    }
    assertThat(tenant("show", "git-ops").status()).isZero();
  }

  /** What bootstrap makes, and what a tenant can write, must not harm an administrator. */
  @Test
  void registrysNamespaceAndForgedHosts_areHarmless() throws Exception {
    ServerJar.run(directory, environment(), "bootstrap", "--namespace=platform", "--wait=0s");
    tenant("create", "platform").orFail();
    Completed deleted = tenant("delete", "platform", "--with-namespace");
    assertThat(deleted.status()).isEqualTo(1);
    assertThat(deleted.stdout())
        .contains(
            "kept      Namespace platform: it does not have the label"
                + " app.kubernetes.io/component=tenant");

    tenant("create", "forger").orFail();
    String forged =
        "{\"auths\": {\"x\\nok        Namespace forged\\u001b[2K\":"
            + " {\"username\": \"forger\", \"password\": \"p\"}}}";
    api.kubectl(
        "patch",
        "secret",
        CONFIG,
        "-n",
        "forger",
        "--type=merge",
        "-p",
        "{\"stringData\": {\".dockerconfigjson\": \""
            + forged.replace("\\", "\\\\").replace("\"", "\\\"")
            + "\"}}");
    Completed shown = tenant("show", "forger");
    assertThat(shown.stdout().lines()).hasSize(7).allMatch(line -> line.matches("[ -~]+"));
    assertThat(shown.stdout()).contains("x\\u000aok        Namespace forged\\u001b[2K");
  }

  @Test
  void rotate_noCredentials_saysSo() throws Exception {
    assertFailed(tenant("rotate", "nobody"), "nobody-registry-credentials is not there");
  }

  @Test
  void show_complete_isOkAndNeverShowsThePasswordUnasked() throws Exception {
    tenant("create", "shown").orFail();
    tenant("rotate", "shown").orFail();
    Completed shown = tenant("show", "shown");
    Completed debug =
        ServerJar.run(
            directory,
            Map.of("KUBECONFIG", api.adminKubeconfig().toString(), "LOG_LEVEL", "debug"),
            arguments("show", "shown"));

    assertThat(shown.orFail().lines()).hasSize(7).allMatch(line -> line.startsWith("ok "));
    for (String key : List.of("password", "password-previous")) {
      String secret = credentials("shown", key);
      String inAuth = new Tenant("shown", secret).base64();
      for (Completed completed : List.of(shown, debug)) {
        assertThat(completed.output())
            .doesNotContain(secret)
            .doesNotContain(inAuth)
            .doesNotContain(Base64.getEncoder().encodeToString(secret.getBytes(UTF_8)));
      }
    }
    assertThat(tenant("show", "shown", "--show-password").orFail())
        .contains(password("shown"))
        .doesNotContain(credentials("shown", "password-previous"));
  }

  @Test
  void show_whatDoesNotFit_isWrongOrMissing() throws Exception {
    tenant("create", "broken").orFail();
    String password = password("broken");
    api.store(new Tenant("broken", "changed-by-hand"));
    api.kubectl("delete", "rolebinding", "registry-auth-secret-reader", "-n", "broken");
    api.kubectl(
        "patch",
        "secret",
        "registry-ca-cert",
        "-n",
        "broken",
        "--type=merge",
        "-p",
        "{\"stringData\": {\"ca.crt\": \"other\"}}");
    Completed shown = tenant("show", "broken");

    assertThat(shown.status()).isEqualTo(1);
    assertThat(shown.output()).doesNotContain(password, "changed-by-hand");
    assertThat(shown.stdout().lines())
        .containsExactly(
            "ok        Namespace broken",
            "ok        Secret broken/broken-registry-credentials: username, password",
            "wrong     Secret broken/registry-docker-config: the password for "
                + HOST
                + " is not that of the credentials",
            "wrong     Secret broken/registry-image-pull-secret: the password for "
                + HOST
                + " is not that of the credentials",
            "wrong     Secret broken/registry-ca-cert: ca.crt is not that of the registry",
            "ok        Role broken/registry-auth-secret-reader",
            "missing   RoleBinding broken/registry-auth-secret-reader");
    tenant("create", "broken").orFail();
    assertThat(tenant("show", "broken").status()).isZero();
  }

  @Test
  void show_nobody_isAllMissing() throws Exception {
    Completed shown = tenant("show", "absent");

    assertThat(shown.status()).isEqualTo(1);
    assertThat(shown.stdout().lines()).hasSize(7).allMatch(line -> line.startsWith("missing "));
  }

  @Test
  void delete_again_isDone() throws Exception {
    tenant("create", "gone").orFail();
    api.kubectl("create", "secret", "generic", "others", "-n", "gone");

    assertThat(tenant("delete", "gone").orFail().lines())
        .hasSize(6)
        .allMatch(line -> line.startsWith("deleted "));
    assertThat(api.kubectl("get", KINDS, "-n", "gone", "-o", "name").strip())
        .isEqualTo("secret/others");
    assertThat(canGet("gone", "secret/gone-registry-credentials")).isFalse();
    assertThat(tenant("delete", "gone").orFail().lines())
        .hasSize(6)
        .allMatch(line -> line.startsWith("absent "));

    assertThat(tenant("delete", "gone", "--with-namespace").orFail())
        .contains("deleted   Namespace gone");
    assertThat(tenant("delete", "gone", "--with-namespace").orFail())
        .contains("absent    Namespace gone: it is being deleted already");
  }

  @Test
  void delete_whatOthersMade_keepsItAndSaysSo() throws Exception {
    api.createTenant(new Tenant("foreign", "p"));
    tenant("create", "foreign").orFail();
    Completed deleted = tenant("delete", "foreign", "--with-namespace");

    assertThat(deleted.status()).isEqualTo(1);
    assertThat(deleted.stdout())
        .contains(
            "kept      Namespace foreign: it does not have the label"
                + " app.kubernetes.io/managed-by=registry-auth",
            "kept      Secret foreign/foreign-registry-credentials",
            "deleted   Secret foreign/registry-docker-config");
    assertThat(password("foreign")).isEqualTo("p");
    assertThat(api.kubectl("get", "namespace", "foreign", "-o", "jsonpath={.status.phase}"))
        .isEqualTo("Active");
  }

  @Test
  void withoutRights_eachCommandSaysWhichIsMissing() throws Exception {
    tenant("create", "limited").orFail();
    String own = "--kubeconfig=" + api.serviceAccountKubeconfig("registry", "registry-auth");
    String account = "system:serviceaccount:registry:registry-auth";

    assertFailed(
        tenant("create", "limited", own),
        "Cannot get Secret registry/registry-tls",
        account,
        "needed is the right to get secrets in the namespace registry");
    assertFailed(
        tenant("rotate", "limited", own),
        "Cannot patch Secret limited/limited-registry-credentials",
        "needed is the right to patch secrets in the namespace limited");
    assertFailed(tenant("show", "limited", own), "Cannot get Namespace limited", account);
    assertFailed(
        tenant("delete", "limited", own), "Cannot get Secret limited/registry-docker-config");
  }

  @Test
  void show_apiServerThatHangs_endsAfterTheLimitOfACall() throws Exception {
    api.signal("STOP");
    try {
      long start = System.nanoTime();
      assertFailed(tenant("show", "hangs"), "Cannot get Namespace hangs", "does not answer");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
    } finally {
      api.signal("CONT");
    }
  }
}
