// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which shapes of a token each registry takes, and what it says of those that it does not take:
 * docs/protocol.md shows the table. What no option gives is a token of ours that is changed and
 * signed again, by the JDK.
 */
class TokenShapesTest {
  private static final Path PAGE = Path.of("../docs/protocol.md");
  private static final URI REALM = URI.create("http://localhost/auth");

  private static final String CHAIN = "`x5c`";
  private static final String CHAIN_AND_LIBTRUST = "`x5c`, `kid` libtrust";
  private static final String CHAIN_AND_TEXT = "`x5c`, `kid` a text";
  private static final String LIBTRUST = "`kid` libtrust";
  private static final String RFC7638 = "`kid` RFC 7638";
  private static final String TEXT = "`kid` a text";

  private static final String BUNDLE = "`rootcertbundle`";
  private static final String JWKS = "`jwks`";
  private static final String BOTH = "both";

  private static final String DEFAULTS = "the defaults";
  private static final String PROFILE = "`--profile distribution-2.8`";
  private static final String PROFILE_AND_TEXT = "`--profile distribution-2.8 --key-id any-text`";
  private static final String NONE = "none";

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(TEXT, "array", "RSA", BOTH, DEFAULTS),
          new Shape(TEXT, "array", "EC", BOTH, DEFAULTS),
          new Shape(TEXT, "array", "RSA", BUNDLE, DEFAULTS),
          new Shape(TEXT, "string", "RSA", BOTH, NONE),
          new Shape(CHAIN_AND_LIBTRUST, "string", "RSA", BUNDLE, PROFILE),
          new Shape(CHAIN_AND_LIBTRUST, "string", "EC", BUNDLE, PROFILE),
          new Shape(CHAIN_AND_LIBTRUST, "string", "RSA", BOTH, PROFILE),
          new Shape(CHAIN_AND_LIBTRUST, "string", "RSA", JWKS, PROFILE),
          new Shape(CHAIN_AND_LIBTRUST, "array", "RSA", BUNDLE, NONE),
          new Shape(CHAIN_AND_TEXT, "string", "RSA", BUNDLE, PROFILE_AND_TEXT),
          new Shape(CHAIN_AND_TEXT, "string", "EC", BUNDLE, PROFILE_AND_TEXT),
          new Shape(CHAIN, "string", "RSA", BUNDLE, NONE),
          new Shape(CHAIN, "string", "EC", BUNDLE, NONE),
          new Shape(LIBTRUST, "array", "RSA", BUNDLE, "`--key-id libtrust`"),
          new Shape(LIBTRUST, "array", "RSA", BOTH, "`--key-id libtrust`"),
          new Shape(LIBTRUST, "string", "RSA", BUNDLE, NONE),
          new Shape(LIBTRUST, "string", "EC", BUNDLE, NONE),
          new Shape(LIBTRUST, "string", "RSA", BOTH, NONE),
          new Shape(LIBTRUST, "string", "EC", BOTH, NONE),
          new Shape(RFC7638, "array", "RSA", BUNDLE, "`--key-id rfc7638`"),
          new Shape(RFC7638, "array", "EC", BUNDLE, "`--key-id rfc7638`"),
          new Shape(RFC7638, "string", "RSA", BUNDLE, NONE),
          new Shape(RFC7638, "string", "EC", BUNDLE, NONE));

  /** What a registry's log says of a token that it refuses, and how the page says it. */
  private static final Map<String, String> REASONS =
      Map.of(
          "malformed token", "malformed token",
          "token signed by untrusted key with ID", "untrusted key",
          "certificate signed by unknown authority", "unknown authority");

  @TempDir private static Path directory;
  private static final Map<String, Keys> KEYS = new LinkedHashMap<>();
  private static final Map<Shape, Sample> SAMPLES = new LinkedHashMap<>();

  /** A server's token, and its JWK Set. */
  private record Issued(Jwt token, Path jwks) {}

  /** A token of a shape, and the JWK Set that has its key. */
  private record Sample(String token, Path jwks) {}

  /** A row of the table, but for its last cells: the options that give such a token come last. */
  private record Shape(String header, String audience, String key, String has, String options) {
    String row() {
      return String.join(" | ", header, audience, key, has, options);
    }

    /** Returns the options that give such a token, or one that differs as little as possible. */
    String arguments() {
      if (!options.equals(NONE)) {
        return options.equals(DEFAULTS) ? "" : options.replace("`", "");
      }
      return switch (header) {
        case LIBTRUST -> "--key-id libtrust";
        case RFC7638 -> "--key-id rfc7638";
        case TEXT -> "";
        default -> "--profile distribution-2.8";
      };
    }

    Jwt token(Jwt issued) throws Exception {
      if (!options.equals(NONE)) {
        return issued;
      }
      Jwt token = header.equals(CHAIN) ? issued.withoutHeader("kid") : issued;
      boolean array = audience.equals("array");
      Object aud = array ? List.of("docker-registry") : "docker-registry";
      return token.withClaim("aud", aud).signed(privateKey(KEYS.get(key)));
    }

    /** Asserts that a token is what the row says of it. */
    void assertShape(Jwt token) {
      assertThat(token.header().keySet())
          .as(row())
          .containsExactlyInAnyOrderElementsOf(
              Stream.of("alg", "typ", "kid", "x5c")
                  .filter(name -> !name.equals("kid") || header.contains("`kid`"))
                  .filter(name -> !name.equals("x5c") || header.contains("`x5c`"))
                  .toList());
      assertThat(token.header())
          .as(row())
          .containsEntry("alg", key.equals("RSA") ? "RS256" : "ES256");
      if (header.contains("`kid`")) {
        assertThat((String) token.header().get("kid")).as(row()).matches(keyIdPattern());
      }
      assertThat(token.claims().get("aud"))
          .as(row())
          .isInstanceOf(audience.equals("array") ? List.class : String.class);
    }

    private String keyIdPattern() {
      if (header.contains("libtrust")) {
        return "([A-Z2-7]{4}:){11}[A-Z2-7]{4}";
      }
      return header.contains("RFC 7638")
          ? "[A-Za-z0-9_-]{43}"
          : "registry-auth-jwt-signer|any-text";
    }

    /** Returns what the table says of a registry. */
    String measure(String version) throws Exception {
      try (Registry registry = start(version)) {
        HttpResponse<String> response = registry.get("/v2/", SAMPLES.get(this).token());
        return response.statusCode() == 200 ? "yes" : "no: " + reason(registry.log());
      } catch (AssertionError e) {
        if (String.valueOf(e.getMessage())
            .contains("requires a valid option string: \"rootcertbundle\"")) {
          return "does not start";
        }
        throw e;
      }
    }

    private Registry start(String version) throws Exception {
      Path certificate = KEYS.get(key).certificate();
      Path jwks = SAMPLES.get(this).jwks();
      return switch (has) {
        case BUNDLE -> Registry.startWithoutJwks(version, directory, REALM, certificate);
        case JWKS -> Registry.startWithoutCertificate(version, directory, REALM, jwks);
        default -> Registry.start(version, directory, REALM, certificate, jwks);
      };
    }
  }

  private static String reason(String log) {
    List<String> reasons =
        REASONS.keySet().stream().filter(log::contains).map(REASONS::get).toList();
    assertThat(reasons).as(log).hasSize(1);
    return reasons.get(0);
  }

  private static PrivateKey privateKey(Keys keys) throws Exception {
    String pem = keys.openssl("pkcs8 -topk8 -nocrypt -in tls.key");
    String algorithm = keys.equals(KEYS.get("RSA")) ? "RSA" : "EC";
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
  }

  @BeforeAll
  static void askForTokens() throws Exception {
    KEYS.put("RSA", Keys.generate(directory));
    KEYS.put("EC", KeyKindsTest.ecKeys(directory, false));
    Map<String, Issued> issued = new LinkedHashMap<>();
    for (Shape shape : SHAPES) {
      String source = shape.key() + " " + shape.arguments();
      if (!issued.containsKey(source)) {
        issued.put(source, issue(shape));
      }
      Jwt token = shape.token(issued.get(source).token());
      shape.assertShape(token);
      SAMPLES.put(shape, new Sample(token.toString(), issued.get(source).jwks()));
    }
  }

  private static Issued issue(Shape shape) throws Exception {
    String[] options = shape.arguments().isEmpty() ? new String[0] : shape.arguments().split(" ");
    try (TokenServer server = TokenServer.start(directory, KEYS.get(shape.key()), options)) {
      Path jwks = Files.createTempFile(directory, "jwks-", ".json");
      Files.writeString(jwks, Http.send("GET", server.uri().resolve("/jwks.json")).body());
      return new Issued(Jwt.parse(server.token(Tenant.TEST_BUILD)), jwks);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.8", "3.0.0", "3.1.2"})
  void tableOfThePage_isWhatTheRegistryTakes(String version) throws Exception {
    Peers.program("registry-" + version);
    Map<String, String> measured = new LinkedHashMap<>();
    for (Shape shape : SHAPES) {
      measured.put(shape.row(), shape.measure(version));
    }
    System.out.println("registry " + version);
    measured.forEach((row, taken) -> System.out.println("  " + row + ": " + taken));

    assertThat(column(version)).containsExactlyEntriesOf(measured);
  }

  /** Returns the page's table: what a row begins with, and its cell for a registry. */
  private static Map<String, String> column(String version) throws Exception {
    List<List<String>> rows = new ArrayList<>(table("| header |"));
    assertThat(rows).as("table of %s", PAGE).isNotEmpty();
    int index = rows.remove(0).indexOf("registry " + version);
    assertThat(index).as("column of registry %s", version).isPositive();
    return rows.stream()
        .collect(
            Collectors.toMap(
                cells -> String.join(" | ", cells.subList(0, 5)),
                cells -> cells.get(index),
                (a, b) -> a + " and " + b,
                LinkedHashMap::new));
  }

  /** Returns the cells of the page's table whose head begins so, the line below it left out. */
  private static List<List<String>> table(String head) throws Exception {
    return Files.readAllLines(PAGE).stream()
        .dropWhile(line -> !line.startsWith(head))
        .takeWhile(line -> line.startsWith("| ") || line.startsWith("|--"))
        .filter(line -> line.startsWith("| "))
        .map(line -> List.of(line.substring(2, line.length() - 2).split(" \\| ", -1)))
        .toList();
  }

  /** 2.8 wants a string in {@code aud}; it tells its log so, and the client nothing. */
  @Test
  void defaultProfile_registry28_isRefusedAsMalformed() throws Exception {
    Keys keys = KEYS.get("RSA");
    try (TokenServer server = TokenServer.start(directory, keys);
        TokenServer server28 = TokenServer.start(directory, keys, "--profile=distribution-2.8");
        Registry registry =
            Registry.startWithoutJwks("2.8", directory, server.realm(), keys.certificate())) {
      HttpResponse<String> refused = registry.get("/v2/", server.token(Tenant.TEST_BUILD));

      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.body()).contains("UNAUTHORIZED").doesNotContain("malformed");
      assertThat(registry.log()).contains("malformed token");
      assertThat(registry.get("/v2/", server28.token(Tenant.TEST_BUILD)).statusCode())
          .isEqualTo(200);
    }
  }
}
