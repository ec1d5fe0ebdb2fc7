// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.e2e.ClientMatrix.Cell;
import io.registryauth.e2e.MatrixClient.Operation;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every client at every registry, all by one server: docs/protocol.md shows the table. What the
 * client says counts only together with what the registry has stored and the server has logged.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(180)
class ClientMatrixTest {
  private static final Path PAGE = Path.of("../docs/protocol.md");
  private static final String BEGIN =
      "<!-- the client matrix, as ClientMatrixTest measures it -->\n";
  private static final String END = "<!-- end of the client matrix -->\n";
  private static final Path REPORT = Path.of("target/client-matrix.md");

  private static final ClientMatrix MATRIX = new ClientMatrix("2.8", "3.0.0", "3.1.2");
  private static final Tenant TENANT = Tenant.TEST_BUILD;
  private static final Tenant PUBLIC = new Tenant("public-namespace", "public-password-789");

  @TempDir private static Path directory;
  private static Keys keys;
  private static TokenServer server;
  private static final Map<String, Registry> REGISTRIES = new HashMap<>();

  @BeforeAll
  static void start() throws Exception {
    keys = Keys.generate(directory);
    PUBLIC.store(TokenServer.credentials(directory));
    server =
        TokenServer.start(
            directory,
            keys,
            "--profile=distribution-2.8",
            "--public-namespaces=" + PUBLIC.name(),
            "--failed-attempts=0"); // all clients come from one address
  }

  @AfterAll
  static void stop() {
    REGISTRIES.values().forEach(Registry::close);
    REGISTRIES.clear();
    if (server != null) {
      server.close();
    }
  }

  static Stream<Cell> cells() {
    return MATRIX.cells();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cells")
  @Order(1)
  void clientAtRegistry_doesAsItShould(Cell cell) throws Exception {
    MATRIX.put(cell, new Attempt(cell, registry(cell.registry())).outcome());
  }

  private static Registry registry(String version) throws Exception {
    Registry registry = REGISTRIES.get(version);
    if (registry == null) {
      registry = Registry.startWithoutJwks(version, directory, server.realm(), keys.certificate());
      REGISTRIES.put(version, registry);
    }
    return registry;
  }

  @Test
  @Order(2)
  void tableOfThePage_isWhatWasMeasured() throws Exception {
    List<Cell> missing = MATRIX.missing();
    if (!missing.isEmpty()) {
      Assumptions.abort(
          "The table of the page is not compared, for some cells have failed or were skipped: "
              + missing);
    }
    String table = MATRIX.markdown();
    System.out.println(table);
    Files.writeString(REPORT, table);

    String page = Files.readString(PAGE);
    assertThat(page).contains(BEGIN, END);
    assertThat(page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END)).strip())
        .as("docs/protocol.md between its markers; %s has what was measured", REPORT)
        .isEqualTo(table.strip());
  }

  /** One cell: returns what the table says, or fails if it should not be so. */
  private record Attempt(Cell cell, Registry registry) {
    String outcome() throws Exception {
      return switch (cell.operation()) {
        case LOGIN -> login();
        case WRONG_PASSWORD -> wrongPassword();
        case PUSH -> push();
        case PULL -> pull();
        case MOUNT -> mount();
        case DELETE -> delete();
        case FOREIGN_PUSH -> foreignPush();
        case ANONYMOUS_PULL -> anonymousPull();
        case IDENTITY_TOKEN -> identityToken();
      };
    }

    /** What the login has stored is enough for a push. */
    private String login() throws Exception {
      try (ClientSession session = session()) {
        AuditTrail audit = AuditTrail.of(server);
        session.login(TENANT).orFail();
        boolean asked = !audit.requests().isEmpty();
        assertAll(audit, Map.of("subject", TENANT.name(), "outcome", "issued"));

        session.push(own()).orFail();
        assertThat(registry.stores(own())).isTrue();
        return asked ? "yes" : "unchecked";
      }
    }

    private String wrongPassword() throws Exception {
      Tenant wrong = new Tenant(TENANT.name(), "wrong-password");
      int attempts = 0;
      if (cell.client().can(Operation.LOGIN)) {
        try (ClientSession session = session()) {
          AuditTrail audit = AuditTrail.of(server);
          Completed login = session.login(wrong);
          attempts = audit.requests().size();
          // A login that has asked must not succeed; one that asks nobody cannot know.
          assertThat(login.status() == 0).as("%s", login).isEqualTo(attempts == 0);
          assertWrongPassword(audit);
        }
      }
      try (ClientSession session = session()) {
        session.remember(wrong);
        AuditTrail audit = AuditTrail.of(server);
        assertRefused(session.push(own()), own());
        assertThat(audit.requests()).isNotEmpty();
        assertWrongPassword(audit);
        attempts = attempts == 0 ? audit.requests().size() : attempts;
      }
      // BuildKit's are two or three, as its requests happen to come.
      return attempts == 1 ? "refused" : "refused, more than one attempt";
    }

    private static void assertWrongPassword(AuditTrail audit) {
      assertAll(audit, Map.of("outcome", "unauthorized", "reason", "wrong-password"));
    }

    private String push() throws Exception {
      try (ClientSession session = session()) {
        session.remember(TENANT);
        session.push(own()).orFail();
      }
      assertThat(digest(TENANT, own())).startsWith("sha256:");
      return "yes";
    }

    private String pull() throws Exception {
      pushOwn();
      try (ClientSession session = session()) {
        session.remember(TENANT);
        assertThat(session.pull(own())).isEqualTo(digest(TENANT, own()));
      }
      return "yes";
    }

    private void pushOwn() throws Exception {
      try (ClientSession session = session()) {
        session.remember(TENANT);
        session.push(own()).orFail();
      }
    }

    /** The registry's access log has an upload that was done at once, with nothing sent. */
    private String mount() throws Exception {
      String copy = own() + "-copy";
      try (ClientSession session = session()) {
        session.remember(TENANT);
        session.push(own()).orFail();
        session.copy(own(), copy).orFail();
      }
      assertThat(digest(TENANT, copy)).startsWith("sha256:");
      registry.awaitLog(
          Pattern.compile(
              "\"POST /v2/%s/blobs/uploads/\\?(?=\\S*mount=sha256)\\S*from=%s[& ].*\" 201 0"
                  .formatted(copy, own().replace("/", "(?:/|%2F)"))));
      return "yes";
    }

    private String delete() throws Exception {
      try (ClientSession session = session()) {
        session.remember(TENANT);
        session.push(own()).orFail();
        String digest = digest(TENANT, own());
        session.delete(own(), digest).orFail();
        assertThat(manifest(TENANT, own(), digest).statusCode()).isEqualTo(404);
      }
      return "yes";
    }

    private String foreignPush() throws Exception {
      String foreign = Tenant.OTHER.name() + "/" + name();
      AuditTrail audit = AuditTrail.of(server);
      Completed push;
      try (ClientSession session = session()) {
        session.remember(TENANT);
        push = session.push(foreign);
      }
      assertRefused(push, foreign);
      assertThat(audit.requests()).isNotEmpty();
      assertAll(audit, Map.of("subject", TENANT.name(), "outcome", "denied", "granted", ""));
      return push.output().contains("The account test-build may have nothing of what is asked")
          ? "refused, says why"
          : "refused";
    }

    private String anonymousPull() throws Exception {
      String repository = PUBLIC.name() + "/" + name();
      try (ClientSession owner = session()) {
        owner.remember(PUBLIC);
        owner.push(repository).orFail();
      }
      try (ClientSession anonymous = session()) {
        AuditTrail audit = AuditTrail.of(server);
        String pulled = anonymous.pull(repository);
        assertThat(audit.requests()).isNotEmpty();
        assertAll(audit, Map.of("subject", "", "outcome", "issued"));
        assertThat(pulled).isEqualTo(digest(PUBLIC, repository));
      }
      return "yes";
    }

    private String identityToken() throws Exception {
      String token = refreshToken();
      String jti = (String) Jwt.parse(token).claims().get("jti");
      AuditTrail audit = AuditTrail.of(server);
      try (ClientSession session = session()) {
        session.rememberIdentityToken(TENANT.name(), token);
        session.push(own()).orFail();
      }
      String pulled;
      try (ClientSession session = session()) {
        session.rememberIdentityToken(TENANT.name(), token);
        pulled = session.pull(own());
      }
      assertThat(audit.requests()).hasSizeGreaterThanOrEqualTo(2);
      assertAll(
          audit, Map.of("outcome", "issued", "grant_type", "refresh_token", "refresh_jti", jti));
      assertThat(pulled).isEqualTo(digest(TENANT, own()));
      return "yes";
    }

    private static String refreshToken() throws Exception {
      HttpResponse<String> response =
          Http.postForm(
              server.uri().resolve("/token"),
              "grant_type=password&service=docker-registry&client_id=test&access_type=offline"
                  + "&username=%s&password=%s".formatted(TENANT.name(), TENANT.password()));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return (String) Json.object(response.body()).get("refresh_token");
    }

    private ClientSession session() throws Exception {
      return cell.client().start(directory, registry.address());
    }

    /** Returns the tenant's repository that this cell has for itself. */
    private String own() {
      return TENANT.name() + "/" + name();
    }

    private String name() {
      return (cell.client() + "-" + cell.operation()).toLowerCase(Locale.ROOT).replace(' ', '-');
    }

    private void assertRefused(Completed push, String repository) {
      assertThat(push.status()).as("%s", push).isNotZero();
      assertThat(registry.stores(repository)).as("%s", push).isFalse();
    }

    /** Every request has these values, if there is one. */
    private static void assertAll(AuditTrail audit, Map<String, String> values) {
      assertThat(audit.requests())
          .allSatisfy(request -> assertThat(request).containsAllEntriesOf(values));
    }

    /** Returns the digest that the registry has for an image, by its own answer. */
    private String digest(Tenant tenant, String repository) throws Exception {
      HttpResponse<String> response = manifest(tenant, repository, ClientSession.TAG);
      assertThat(response.statusCode()).isEqualTo(200);
      return response.headers().firstValue("Docker-Content-Digest").orElseThrow();
    }

    private HttpResponse<String> manifest(Tenant tenant, String repository, String reference)
        throws Exception {
      String token = server.token(tenant, "repository:" + repository + ":pull");
      return Http.send(
          "GET",
          registry.uri("/v2/" + repository + "/manifests/" + reference),
          "Authorization",
          "Bearer " + token,
          "Accept",
          "application/vnd.oci.image.manifest.v1+json,"
              + "application/vnd.docker.distribution.manifest.v2+json");
    }
  }
}
