// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.kubernetes.ObjectReport.Status;
import io.registryauth.kubernetes.TenantInspection.Found;
import io.registryauth.tenant.NamespaceName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantInspectionTest {
  private static final TenantObjects TENANT = new TenantObjects(new NamespaceName("test-build"));
  private static final ObjectName ACCOUNT = ObjectName.parse("registry/registry-auth");
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String HOST = "registry.registry.svc.cluster.local";
  private static final String PASSWORD = "test-password-123";
  private static final String CREDENTIALS = "test-build-registry-credentials";
  private static final String CA = "-----BEGIN CERTIFICATE-----";

  private static V1Secret credentials(Map<String, String> entries) {
    return ManagedObjects.secret(new ObjectName(TENANT.tenant(), CREDENTIALS), "Opaque", entries);
  }

  private static V1Secret config(V1Secret named, String host, String password) {
    return TenantObjects.withDockerConfig(
        named, DockerConfig.parse("").with(host, new Login("test-build", password)));
  }

  private static Found complete(V1Secret credentials) {
    return found(credentials, config(TENANT.dockerConfig(), HOST, PASSWORD), CA);
  }

  private static Found found(V1Secret credentials, V1Secret dockerConfig, String registryCa) {
    return new Found(
        Optional.of(TENANT.namespace()),
        Optional.of(credentials),
        Optional.of(dockerConfig),
        Optional.of(config(TENANT.imagePullSecret(), HOST, PASSWORD)),
        Optional.of(TENANT.ca(CA)),
        Optional.of(TENANT.role()),
        Optional.of(TENANT.roleBinding(ACCOUNT)),
        Optional.ofNullable(registryCa));
  }

  private static List<ObjectReport> inspect(Found found) {
    return inspect(found, Optional.empty(), ACCOUNT);
  }

  private static List<ObjectReport> inspect(
      Found found, Optional<String> host, ObjectName account) {
    return new TenantInspection(TENANT, host, account, NOW).inspect(found);
  }

  private static ObjectReport of(List<ObjectReport> reports, String object) {
    return reports.stream()
        .filter(report -> report.object().endsWith(object))
        .findFirst()
        .orElseThrow();
  }

  private static V1Secret credentials() {
    return credentials(Map.of("username", "test-build", "password", PASSWORD));
  }

  @Test
  void inspect_whatCreateMakes_isAllOk() {
    List<ObjectReport> reports = inspect(complete(credentials()));

    assertThat(reports).hasSize(7).allMatch(report -> report.status() == Status.OK);
    assertThat(reports.toString()).doesNotContain(PASSWORD);
  }

  @Test
  void inspect_nothingThere_isAllMissing() {
    Found nothing =
        new Found(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    assertThat(inspect(nothing)).hasSize(7).allMatch(report -> report.status() == Status.MISSING);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          other      | secret | -    | its username is not the namespace
          -          | secret | -    | its username is not the namespace
          -          | -      | -    | it has no credentials
          test-build | -      | -    | stored-password-is-missing
          test-build | ''     | -    | stored-password-is-missing
          test-build | secret | hash | stored-password-and-password-hash-are-both-there
          test-build | -      | hash | stored-password-hash-is-no-bcrypt-hash
          """)
  void credentials_thatTheServerRefuses_areWrong(
      String username, String password, String hash, String note) {
    ImmutableMap.Builder<String, String> entries = ImmutableMap.builder();
    Optional.ofNullable(username).ifPresent(text -> entries.put("username", text));
    Optional.ofNullable(password).ifPresent(text -> entries.put("password", text));
    Optional.ofNullable(hash).ifPresent(text -> entries.put("password-hash", text));
    ObjectReport report = of(inspect(complete(credentials(entries.build()))), CREDENTIALS);

    assertThat(report.status()).isEqualTo(Status.WRONG);
    assertThat(report.note()).contains(note).doesNotContain("secret");
  }

  /** What confines the account is read by the server, too. */
  @ParameterizedTest
  @CsvSource({
    "actions, read-only, stored-actions-is-no-list-of-pull-push-and-delete",
    "repositories, test-build/a*, stored-repositories-is-no-list-of-repositories",
    "expires, tomorrow, stored-expires-is-no-rfc-3339-time",
    "expires, 2026-11-25T12:00:00Z, stored-credentials-have-expired"
  })
  void credentials_confinedSoThatTheServerRefusesThem_areWrong(
      String key, String text, String note) {
    V1Secret credentials =
        credentials(Map.of("username", "test-build", "password", PASSWORD, key, text));
    ObjectReport report = of(inspect(complete(credentials)), CREDENTIALS);

    assertThat(report.status()).isEqualTo(Status.WRONG);
    assertThat(report.note()).contains(note);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-25T12:00:01Z, OK, valid until 2026-11-25T12:00:01Z",
    "2026-11-25T13:00:01+01:00, OK, valid until 2026-11-25T13:00:01+01:00",
    "2026-11-25T12:00:00Z, OK, not valid since 2026-11-25T12:00:00Z",
    "tomorrow, WRONG, stored-password-previous-expires-is-no-rfc-3339-time",
    "'', WRONG, stored-password-previous-expires-is-no-rfc-3339-time",
    "-, OK, until it is removed"
  })
  void credentials_withPrevious_saysUntilWhen(String expires, Status status, String note) {
    V1Secret credentials =
        credentials(
            Map.of(
                "username",
                "test-build\n",
                "password",
                PASSWORD + "\n",
                "password-previous",
                "before",
                expires.equals("-") ? "other" : "password-previous-expires",
                expires));
    ObjectReport report = of(inspect(complete(credentials)), CREDENTIALS);

    assertThat(report.status()).isEqualTo(status);
    assertThat(report.note()).contains(note).doesNotContain("before");
  }

  @ParameterizedTest
  @CsvSource({
    HOST + ", test-password-123, OK, " + HOST,
    "elsewhere.example, test-password-123, OK, elsewhere.example",
    HOST + ", another-password, WRONG, is not that of the credentials",
    HOST + ", password-before, WRONG, the one before the last rotation",
    HOST + ":443, test-password-123, WRONG, has a port"
  })
  void dockerConfig_entry_isComparedWithTheCredentials(
      String host, String password, Status status, String note) {
    V1Secret credentials =
        credentials(
            Map.of(
                "username", "test-build",
                "password", PASSWORD,
                "password-previous", "password-before"));
    V1Secret config = config(TENANT.dockerConfig(), host, password);
    ObjectReport report = of(inspect(found(credentials, config, CA)), "registry-docker-config");

    assertThat(report.status()).isEqualTo(status);
    assertThat(report.note()).contains(note).doesNotContain(password);
  }

  /** The server reads no more of an entry, so neither it nor a client could use it. */
  @Test
  void credentials_tooLong_areWrong() {
    V1Secret credentials =
        credentials(Map.of("username", "test-build", "password", "x".repeat(1025)));
    ObjectReport report = of(inspect(complete(credentials)), CREDENTIALS);

    assertThat(report.status()).isEqualTo(Status.WRONG);
    assertThat(report.note()).contains("stored-password-has-more-than-1024-bytes");
  }

  @Test
  void dockerConfig_withoutTheHostAskedFor_isWrong() {
    ObjectReport report =
        of(
            inspect(complete(credentials()), Optional.of("elsewhere.example"), ACCOUNT),
            "registry-docker-config");

    assertThat(report.status()).isEqualTo(Status.WRONG);
    assertThat(report.note()).contains("no usable entry for elsewhere.example");
  }

  @Test
  void dockerConfig_ofAnotherType_isWrong() {
    V1Secret opaque = config(TENANT.dockerConfig(), HOST, PASSWORD).type("Opaque");
    ObjectReport report = of(inspect(found(credentials(), opaque, CA)), "registry-docker-config");

    assertThat(report.note()).contains("kubernetes.io/dockerconfigjson");
  }

  @Test
  void ca_thatIsNotTheRegistrys_isWrong() {
    V1Secret config = config(TENANT.dockerConfig(), HOST, PASSWORD);

    assertThat(of(inspect(found(credentials(), config, "other")), "registry-ca-cert").note())
        .isEqualTo("ca.crt is not that of the registry");
    assertThat(of(inspect(found(credentials(), config, null)), "registry-ca-cert").status())
        .isEqualTo(Status.WRONG);
  }

  @Test
  void rbac_thatGivesMoreOrToOthers_isWrong() {
    Found found = complete(credentials());
    found.role().orElseThrow().getRules().get(0).addVerbsItem("list");
    List<ObjectReport> reports =
        inspect(found, Optional.empty(), ObjectName.parse("registry/another"));

    assertThat(of(reports, "Role test-build/registry-auth-secret-reader").status())
        .isEqualTo(Status.WRONG);
    assertThat(of(reports, "RoleBinding test-build/registry-auth-secret-reader").note())
        .contains("registry/another");
  }
}
