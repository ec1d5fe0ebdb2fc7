// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code keys stage|promote|retire} on Secrets, each test in a namespace of its own, and on files.
 */
class KeysCommandTest {
  private static final String KEYS = "registry-auth-keys";
  private static final String JWKS = "registry-auth-keys-jwks";
  private static final String FIXED = "registry-auth-jwt-signer";

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Keys keys;

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    keys = Keys.generate(directory);
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  private static Completed run(String... arguments) throws Exception {
    return ServerJar.run(
        directory, Map.of("KUBECONFIG", api.adminKubeconfig().toString()), arguments);
  }

  private static Completed keys(String command, String namespace, String... options)
      throws Exception {
    return run(
        Stream.concat(Stream.of("keys", command, "--namespace=" + namespace), Stream.of(options))
            .toArray(String[]::new));
  }

  private static void createSecret(String namespace) throws Exception {
    api.kubectl("create", "namespace", namespace);
    api.kubectl(
        "create",
        "secret",
        "tls",
        KEYS,
        "-n",
        namespace,
        "--cert=" + keys.certificate(),
        "--key=" + keys.key());
  }

  private static List<Object> published(String namespace) throws Exception {
    return ids(api.entry(namespace, JWKS, "jwks.json"));
  }

  private static String keyId(String namespace, String slot) throws Exception {
    return api.entry(namespace, KEYS, slot + ".kid").replaceFirst(" .*", "");
  }

  private static List<Object> ids(String jwks) {
    return Json.objects(Json.object(jwks).get("keys")).stream().map(key -> key.get("kid")).toList();
  }

  private static void assertRefused(Completed completed, String... parts) {
    assertThat(completed.status()).as("%s", completed).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains(parts));
  }

  @Test
  void secret_rotated_publishesAllThatMayVerify() throws Exception {
    createSecret("rotated");
    assertThat(keys("stage", "rotated").orFail().lines().toList())
        .startsWith("created   Secret rotated/" + JWKS, "updated   Secret rotated/" + KEYS)
        .contains("current   " + FIXED)
        .hasSize(4);
    String next = keyId("rotated", "next");
    String template = "go-template={{index .data \"next.crt\" | base64decode}}"; // of docs/keys.md
    assertThat(api.kubectl("get", "secret", KEYS, "-n", "rotated", "-o", template))
        .contains("-----BEGIN CERTIFICATE-----")
        .isEqualTo(api.entry("rotated", KEYS, "next.crt"));
    assertThat(published("rotated")).containsExactly(FIXED, next);
    assertThat(api.entry("rotated", KEYS, "tls.key")).isEqualTo(Files.readString(keys.key()));

    keys("promote", "rotated").orFail();
    assertThat(api.entries("rotated", KEYS))
        .containsEntry("retired.crt", Files.readString(keys.certificate()))
        .doesNotContainKey("next.key");
    assertThat(keyId("rotated", "tls")).isEqualTo(next);
    assertThat(keyId("rotated", "retired")).isEqualTo(FIXED);
    assertThat(published("rotated")).containsExactlyInAnyOrder(FIXED, next);

    assertRefused(keys("retire", "rotated"), "Tokens of the retired key may be valid until");
    String refusal =
        keys("retire", "rotated", "--refresh-expiration=0", "--push-expiration=86400").stderr();
    assertThat(Instant.parse(refusal.replaceFirst("(?s).*valid until (\\S+?Z).*", "$1")))
        .isAfter(Instant.now().plusSeconds(80_000));
    keys("retire", "rotated", "--force").orFail();
    assertThat(api.entries("rotated", KEYS)).containsOnlyKeys("tls.crt", "tls.key", "tls.kid");
    assertThat(published("rotated")).containsExactly(next);
  }

  @Test
  void secret_stepsOutOfOrder_areRefusedAndChangeNothing() throws Exception {
    createSecret("order");
    String before = api.versions("order");
    assertRefused(keys("promote", "order"), "No key is staged");
    assertRefused(keys("retire", "order"), "No key is retired");
    assertRefused(keys("stage", "order", "--next-key-id=" + FIXED), FIXED, "valid are rfc7638");
    assertRefused(keys("stage", "nobody"), "Secret nobody/" + KEYS, "is not there");
    assertThat(api.versions("order")).isEqualTo(before);

    keys("stage", "order").orFail();
    before = api.versions("order");
    assertRefused(keys("stage", "order"), "is staged already");
    assertThat(api.versions("order")).isEqualTo(before);
    String first = keyId("order", "next");
    keys("stage", "order", "--force").orFail();
    assertThat(published("order")).hasSize(2).doesNotContain(first);

    keys("promote", "order").orFail();
    keys("stage", "order").orFail();
    assertRefused(
        keys("promote", "order"), FIXED + " is still there", "retire it first", "by force");
  }

  @Test
  void secret_keyPublishedUnderAnotherId_isRefusedAndChangesNothing() throws Exception {
    createSecret("guess");
    run("bootstrap", "--namespace=guess").orFail();
    String before = api.versions("guess");
    for (String step : List.of("stage", "promote", "retire")) {
      assertRefused(
          keys(step, "guess", "--key-id=other", "--dry-run"), "has the id " + FIXED, "--key-id");
      assertRefused(keys(step, "guess", "--key-id=other"), "has the id " + FIXED, "--key-id");
    }
    assertThat(api.versions("guess")).isEqualTo(before);
  }

  /** As a Certificate does that makes another key at each renewal. */
  @Test
  void secret_promotedKeyReplacedBySomebodyElse_isRefusedByName() throws Exception {
    createSecret("replaced");
    keys("stage", "replaced").orFail();
    keys("promote", "replaced").orFail();
    String stored = api.entry("replaced", KEYS, "tls.kid");
    Keys other = Keys.generateEc(directory);
    for (Map.Entry<String, Path> file :
        Map.of("tls.key", other.key(), "tls.crt", other.certificate()).entrySet()) {
      String base64 = Base64.getEncoder().encodeToString(Files.readAllBytes(file.getValue()));
      api.kubectl(
          "patch",
          "secret",
          KEYS,
          "-n",
          "replaced",
          "--patch={\"data\": {\"%s\": \"%s\"}}".formatted(file.getKey(), base64));
    }
    String before = api.versions("replaced");
    assertRefused(keys("retire", "replaced", "--force"), "tls.kid is", stored, "put that key back");
    assertThat(api.versions("replaced")).isEqualTo(before);
    String published = api.entry("replaced", JWKS, "jwks.json");
    assertRefused(run("bootstrap", "--namespace=replaced"), "tls.kid is", "put that key back");
    assertThat(api.entry("replaced", JWKS, "jwks.json")).isEqualTo(published);
  }

  @Test
  void dryRun_writesNothing_andItsOutputReplacesTheSecrets() throws Exception {
    createSecret("dry");
    keys("stage", "dry").orFail();
    String before = api.versions("dry");
    Path manifest =
        Files.writeString(
            directory.resolve("promoted.yaml"), keys("promote", "dry", "--dry-run").orFail());
    assertThat(api.versions("dry")).isEqualTo(before);

    api.kubectl("replace", "-f", manifest.toString());
    assertThat(api.entries("dry", KEYS))
        .containsKeys("retired.since")
        .doesNotContainKey("next.key");
    assertThat(published("dry")).hasSize(2);
  }

  @Test
  void bootstrap_duringARotation_keepsAllThatMayVerify() throws Exception {
    createSecret("again");
    keys("stage", "again").orFail();
    List<Object> staged = published("again");
    run("bootstrap", "--namespace=again").orFail();
    assertThat(published("again")).isEqualTo(staged);
    keys("promote", "again").orFail();
    run("bootstrap", "--namespace=again").orFail();
    assertThat(published("again")).containsExactlyInAnyOrderElementsOf(staged);
  }

  @Test
  void secret_keysOfOthersInTheJwkSet_stay() throws Exception {
    createSecret("others");
    String other =
        run("jwks", "--cert=" + Keys.generateEc(directory).certificate(), "--key-id=other")
            .orFail();
    api.kubectl(
        "create", "secret", "generic", JWKS, "-n", "others", "--from-literal=jwks.json=" + other);
    keys("stage", "others").orFail();
    keys("promote", "others").orFail();
    keys("retire", "others", "--force").orFail();
    assertThat(published("others")).hasSize(2).contains("other").doesNotContain(FIXED);
  }

  @Test
  void directory_rotated_hasLinksAndTheRightsOfBefore() throws Exception {
    Keys files = Keys.generateEc(directory);
    Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r-----"));
    Path jwks = directory.resolve("published.json");
    String[] options = {"--directory=" + files.directory(), "--jwks=" + jwks};
    run("keys", "stage", options[0], options[1], "--dry-run").orFail();
    assertThat(files.directory().resolve("next.key")).doesNotExist();
    assertThat(jwks).doesNotExist();

    run("keys", "stage", options[0], options[1], "--next-key-id=second").orFail();
    Path next = files.directory().resolve("next.key");
    assertThat(next).isSymbolicLink();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(next)))
        .isEqualTo("rw-r-----");
    assertThat(ids(Files.readString(jwks))).containsExactly(FIXED, "second");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(jwks)))
        .isEqualTo("rw-r--r--");
    assertRefused(
        run("keys", "promote", options[0], options[1], "--key-id=other"),
        "has the id " + FIXED,
        "--key-id");
    String key = Files.readString(next);

    run("keys", "promote", options[0], options[1]).orFail();
    assertThat(files.key()).hasContent(key).isSymbolicLink();
    assertThat(Files.exists(next, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(ids(Files.readString(jwks))).containsExactly("second", FIXED);
    run("keys", "retire", options[0], options[1], "--force").orFail();
    assertThat(ids(Files.readString(jwks))).containsExactly("second");
    try (Stream<Path> all = Files.list(files.directory())) {
      assertThat(all.filter(Files::isDirectory).filter(file -> !Files.isSymbolicLink(file)))
          .as("directories of before are gone")
          .hasSize(1);
    }
  }

  @Test
  void promote_registryThatCannotBeAsked_isRefusedWithItsAddress() throws Exception {
    Keys files = Keys.generate(directory);
    String option = "--directory=" + files.directory();
    String registry = "--when-accepted-by=http://127.0.0.1:1/v2/";
    assertRefused(run("keys", "promote", option, registry), "No key is staged");
    run("keys", "stage", option).orFail();
    assertRefused(
        run("keys", "promote", option, registry),
        "is not promoted: http://127.0.0.1:1/v2/ at 127.0.0.1 does not answer");
    Completed wrong = run("keys", "promote", option, "--when-accepted-by=registry");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.stderr())
        .contains("--when-accepted-by", "\"registry\"", "https://registry/v2/");
    assertThat(files.directory().resolve("retired.key")).doesNotExist();
  }

  @Test
  void promote_keyThatTheProfileCannotUse_isRefusedByTheNameOfThatOption() throws Exception {
    Keys files = Keys.generate(directory);
    Keys next = Keys.generateEd25519(directory);
    String option = "--directory=" + files.directory();
    String profile = "--profile=distribution-2.8";
    run("keys", "stage", option, "--key=" + next.key(), "--cert=" + next.certificate()).orFail();
    String registry = "--when-accepted-by=http://127.0.0.1:1/v2/";
    for (Completed refused :
        List.of(
            run("keys", "promote", option, profile),
            run("keys", "promote", option, profile, registry))) {
      assertRefused(refused, "Ed25519", "--profile is distribution-2.8");
      assertThat(refused.stderr()).doesNotContain("--issuer");
    }
    run("keys", "promote", option).orFail();
  }

  @Test
  void directory_thatAnotherCommandChanges_isRefusedAfterAWhile() throws Exception {
    Keys files = Keys.generateEc(directory);
    try (FileChannel lock =
        FileChannel.open(
            files.directory().resolve("..lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      assertThat(lock.tryLock()).isNotNull();
      assertRefused(
          run("keys", "stage", "--directory=" + files.directory()),
          "Another command changes the keys",
          "nothing is changed");
    }
    run("keys", "stage", "--directory=" + files.directory()).orFail();
  }
}
