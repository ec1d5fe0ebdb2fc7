// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.base.Throwables;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the answers of an API server mean; the end-to-end tests ask a real one. */
class KubernetesCredentialStoreTest {
  private static final String PATH = "/api/v1/namespaces/team/secrets/team-registry-credentials";

  // team / secret
  private static final String SECRET =
      """
      {"kind":"Secret","metadata":{"name":"team-registry-credentials","namespace":"team"},
       "data":{"username":"dGVhbQ==","password":"c2VjcmV0"}}""";

  private FakeApiServer api;
  private KubernetesCredentialStore store;

  @BeforeEach
  void start() throws IOException {
    api = new FakeApiServer();
    store = new KubernetesCredentialStore(api.client());
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void find_secret_isTheCredentials() {
    api.answer(PATH, 200, SECRET);

    StoredCredentials found = find().orElseThrow();

    assertThat(found.accept(new Credentials("team", Password.of("secret")), Instant.EPOCH))
        .isTrue();
    assertThat(api.requests()).containsExactly(PATH);
  }

  /** {@code team+ci} has a Secret of its own, in the same namespace. */
  @Test
  void find_accountOfANamespace_isItsOwnSecret() {
    String path = "/api/v1/namespaces/team/secrets/ci-registry-credentials";
    api.answer(
        path,
        200,
        SECRET
            .replace("team-registry-credentials", "ci-registry-credentials")
            .replace("dGVhbQ==", "dGVhbStjaQ=="));

    StoredCredentials found =
        store.find(CredentialLookup.of(AccountName.parse("team+ci").orElseThrow())).orElseThrow();

    assertThat(found.accept(new Credentials("team+ci", Password.of("secret")), Instant.EPOCH))
        .isTrue();
    assertThat(api.requests()).containsExactly(path);
  }

  /** An upgrade of a cluster may bring any field, anywhere. */
  @Test
  void find_secretWithFieldsOfAnotherVersion_isTheCredentials() {
    api.answer(
        PATH,
        200,
        SECRET.replace("\"metadata\":{", "\"novelty\":{\"a\":[1]},\"metadata\":{\"novelty\":1,"));

    assertThat(find().orElseThrow().passwords()).hasSize(1);
  }

  @Test
  void find_secretWithoutCredentials_isEmpty() {
    api.answer(PATH, 200, SECRET.replace("username", "a").replace("password", "b"));

    assertThat(find()).isEmpty();
  }

  @Test
  void find_noSecret_isEmpty() {
    api.answerStatus(PATH, 404, "NotFound");

    assertThat(find()).isEmpty();
  }

  /** A path that the API server does not know, behind a proxy that changes paths, for instance. */
  @Test
  void find_somethingElseIsNotFound_cannotTell() {
    api.answer(PATH, 404, "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"details\":{}}");

    assertCannotTell("Reading the Secret of team: HTTP status 404, ");
  }

  @Test
  void find_forbiddenSecret_isEmptyOnceItIsSureThatRolesAreRead() {
    api.answerStatus(PATH, 403, "Forbidden");
    api.answer("/readyz", 200, "ok");

    assertThat(find()).isEmpty();
    assertThat(api.requests()).containsExactly(PATH, "/readyz", PATH);
  }

  @Test
  void find_manyForbiddenSecrets_askForReadinessOnceASecond() {
    api.answerStatus(PATH, 403, "Forbidden");
    api.answer("/readyz", 200, "ok");
    for (int i = 0; i < 20; i++) {
      assertThat(find()).isEmpty();
    }

    assertThat(Collections.frequency(api.requests(), "/readyz")).isLessThan(5);
  }

  /** It forbade while it started, and was ready when it was asked. */
  @Test
  void find_forbiddenJustBeforeItWasReady_isReadAgain() {
    api.answerStatus(PATH, 403, "Forbidden");
    api.answer("/readyz", 200, "ok");
    api.afterwards("/readyz", () -> api.answer(PATH, 200, SECRET));

    assertThat(find()).isPresent();
  }

  /** This program's own credentials are missing: that says nothing of a tenant's. */
  @Test
  void find_forbiddenToAnonymous_cannotTell() {
    api.answer(
        PATH,
        403,
        "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"secrets is forbidden: User"
            + " \\\"system:anonymous\\\" cannot get\"}");
    api.answer("/readyz", 200, "ok");

    assertThatExceptionOfType(CredentialStoreException.class).isThrownBy(this::find);
  }

  /** Before it has read its roles, an API server forbids everything. */
  @ParameterizedTest
  @ValueSource(ints = {403, 500, 404})
  void find_forbiddenByAServerThatIsNotReady_cannotTell(int readyz) {
    api.answerStatus(PATH, 403, "Forbidden");
    api.answer("/readyz", readyz, "");

    assertCannotTell("Reading the Secret of team: forbidden, by an API server that is not ready");
  }

  @ParameterizedTest
  @CsvSource({"404", "403", "200"})
  void find_answerOfSomethingElse_cannotTell(int status) {
    api.answer(PATH, status, "<html>No such page</html>");
    api.answer("/readyz", 200, "ok");

    assertThatExceptionOfType(CredentialStoreException.class).isThrownBy(this::find);
  }

  @ParameterizedTest
  @CsvSource({
    "401, Unauthorized",
    "404, Forbidden",
    "403, NotFound",
    "410, Gone",
    "429, TooManyRequests",
    "500, InternalError",
    "503, ServiceUnavailable"
  })
  void find_anyOtherStatus_cannotTell(int status, String reason) {
    api.answerStatus(PATH, status, reason);
    if (reason.equals("NotFound")) {
      assertThat(find()).as("the reason counts").isEmpty();
    } else if (reason.equals("Forbidden")) {
      assertCannotTell("Reading the Secret of team: forbidden, by an API server that is not ready");
    } else {
      assertCannotTell("Reading the Secret of team: HTTP status " + status + ", the message");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{\"kind\":\"Secret\"}",
        "{\"kind\":\"SecretList\",\"items\":[]}",
        "{\"data\":\"s3cr3t\"}",
        "{\"data\":{\"password\":[\"s3cr3t\"]}}",
        "{\"da"
      })
  void find_answerThatMakesNoSense_cannotTellAndQuotesNothing(String body) {
    api.answer(PATH, 200, body);

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(this::find)
        .satisfies(e -> assertThat(Throwables.getStackTraceAsString(e)).doesNotContain("s3cr3t"));
  }

  @Test
  void find_serverGone_cannotTell() {
    api.close();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(this::find)
        .withMessageStartingWith("Reading the Secret of team: java.net.ConnectException");
  }

  private Optional<StoredCredentials> find() {
    return store.find(CredentialLookup.of(AccountName.parse("team").orElseThrow()));
  }

  private void assertCannotTell(String message) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(this::find)
        .withMessage(message);
  }
}
