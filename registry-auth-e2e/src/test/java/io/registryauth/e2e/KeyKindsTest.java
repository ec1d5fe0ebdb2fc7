// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which keys each registry takes, by what it has: docs/keys.md shows the table. */
class KeyKindsTest {
  private static final Path PAGE = Path.of("../docs/keys.md");
  private static final URI REALM = URI.create("http://localhost/auth");

  /** The coordinates that are a byte shorter than most, as numbers. */
  private static final int SHORT_BITS = 248;

  /** The rows of each key in the table: what the registry has, and the server's option. */
  private static final Map<String, List<String>> SHAPES = new LinkedHashMap<>();

  static {
    SHAPES.put("`jwks`", List.of());
    SHAPES.put("`rootcertbundle`, `--key-id rfc7638`", List.of("--key-id=rfc7638"));
    SHAPES.put(
        "`rootcertbundle`, `--profile distribution-2.8`", List.of("--profile=distribution-2.8"));
  }

  @TempDir private static Path directory;
  private static final List<Sample> SAMPLES = new ArrayList<>();

  /** A key, how the registry is to find it, the server's token and its JWK Set. */
  private record Sample(String algorithm, String shape, Keys keys, String token, Path jwks) {
    static Sample of(String algorithm, String shape, Keys keys) throws Exception {
      try (TokenServer server =
          TokenServer.start(directory, keys, SHAPES.get(shape).toArray(new String[0]))) {
        String token = server.token(Tenant.TEST_BUILD);
        assertThat(Jwt.parse(token).header()).containsEntry("alg", algorithm);
        assertThat(server.log()).contains("Signing " + algorithm + " with the key ");
        Path jwks = Files.createTempFile(directory, "jwks-", ".json");
        Files.writeString(jwks, Http.send("GET", server.uri().resolve("/jwks.json")).body());
        return new Sample(algorithm, shape, keys, token, jwks);
      }
    }

    String row() {
      return algorithm + " | " + shape;
    }

    /** Returns what the table says of a registry. */
    String measure(String version) throws Exception {
      try (Registry registry = start(version)) {
        return registry.get("/v2/", token).statusCode() == 200 ? "yes" : "no";
      } catch (AssertionError e) {
        // Registry 2.8, of an Ed25519 certificate; any other reason is a fault of the test.
        if (String.valueOf(e.getMessage())
            .contains("public key type ed25519.PublicKey is not supported")) {
          return "does not start";
        }
        throw e;
      }
    }

    private Registry start(String version) throws Exception {
      return shape.equals("`jwks`")
          ? Registry.start(version, directory, REALM, keys.certificate(), jwks)
          : Registry.startWithoutJwks(version, directory, REALM, keys.certificate());
    }
  }

  @BeforeAll
  static void askForTokens() throws Exception {
    Map<String, Keys> keys = new LinkedHashMap<>();
    keys.put("RS256", Keys.generate(directory));
    keys.put("ES256", ecKeys(directory, false));
    keys.put("EdDSA", Keys.generateEd25519(directory));
    for (Map.Entry<String, Keys> entry : keys.entrySet()) {
      for (String shape : SHAPES.keySet()) {
        if (!(entry.getKey().equals("EdDSA") && shape.contains("2.8"))) {
          SAMPLES.add(Sample.of(entry.getKey(), shape, entry.getValue()));
        }
      }
    }
  }

  /** Returns a key of which a coordinate has a leading zero, or one of which none has. */
  static Keys ecKeys(Path directory, boolean leadingZero) throws Exception {
    if (!leadingZero) {
      Keys keys = Keys.generateEc(directory);
      return isShort(keys) ? ecKeys(directory, false) : keys;
    }
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    for (int i = 0; i < 10_000; i++) {
      KeyPair pair = generator.generateKeyPair();
      if (isShort((ECPublicKey) pair.getPublic())) {
        return Keys.of(directory, pair.getPrivate());
      }
    }
    throw new AssertionError("10,000 keys, none of which has a coordinate with a leading zero");
  }

  private static boolean isShort(Keys keys) throws Exception {
    String pem = keys.openssl("x509 -in tls.crt -noout -pubkey").replaceAll("-----.*-----", "");
    byte[] der = Base64.getMimeDecoder().decode(pem.strip());
    return isShort(
        (ECPublicKey) KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der)));
  }

  private static boolean isShort(ECPublicKey key) {
    BigInteger x = key.getW().getAffineX();
    BigInteger y = key.getW().getAffineY();
    return x.bitLength() <= SHORT_BITS || y.bitLength() <= SHORT_BITS;
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.8", "3.0.0", "3.1.2"})
  void tableOfThePage_isWhatTheRegistryTakes(String version) throws Exception {
    Peers.program("registry-" + version);
    Map<String, String> measured = new LinkedHashMap<>();
    for (Sample sample : SAMPLES) {
      measured.put(sample.row(), sample.measure(version));
    }
    System.out.println("registry " + version);
    measured.forEach((row, taken) -> System.out.println("  " + row + ": " + taken));

    Map<String, String> shown = column(version);
    assertThat(shown.remove("EdDSA | `rootcertbundle`, `--profile distribution-2.8`"))
        .isEqualTo("refused by `serve`");
    assertThat(shown).containsExactlyEntriesOf(measured);
  }

  /** Returns the page's table: what a row begins with, and its cell for a registry. */
  private static Map<String, String> column(String version) throws Exception {
    List<List<String>> rows =
        Files.readAllLines(PAGE).stream()
            .filter(line -> line.matches("\\| (algorithm|RS256|ES256|EdDSA) \\|.*"))
            .map(line -> List.of(line.substring(2, line.length() - 2).split(" \\| ", -1)))
            .filter(cells -> cells.size() == 5)
            .toList();
    int index = rows.get(0).indexOf("registry " + version);
    assertThat(index).as("%s", rows).isPositive();
    return rows.stream()
        .skip(1)
        .collect(
            Collectors.toMap(
                cells -> cells.get(0) + " | " + cells.get(1),
                cells -> cells.get(index),
                (a, b) -> a + " and " + b,
                LinkedHashMap::new));
  }

  @Test
  void serve_ed25519ForVersion28_saysWhatIsValid() throws Exception {
    Keys keys = Keys.generateEd25519(directory);
    Completed serve =
        ServerJar.refused(
            directory,
            Map.of(),
            "--listen=127.0.0.1:0",
            "--management-listen=127.0.0.1:0",
            "--credentials=directory:" + TokenServer.credentials(directory),
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate(),
            "--profile=distribution-2.8");

    assertThat(serve.status()).isEqualTo(2);
    assertThat(serve.stdout()).isEmpty();
    assertThat(serve.stderr().lines())
        .singleElement()
        .asString()
        .contains(
            "--signing-key", keys.key().toString(), "distribution-2.8", "valid are RSA and EC");
  }

  /** A JWK whose coordinate is a byte short stops a registry from starting. */
  @ParameterizedTest
  @CsvSource({
    "3.0.0, `jwks`, yes",
    "3.1.2, `jwks`, yes",
    "3.1.2, '`rootcertbundle`, `--key-id rfc7638`', no",
    "3.1.2, '`rootcertbundle`, `--profile distribution-2.8`', yes",
    "2.8, '`rootcertbundle`, `--profile distribution-2.8`', yes"
  })
  void coordinateWithLeadingZero_isTakenButByItsThumbprint(
      String version, String shape, String taken) throws Exception {
    assertThat(Sample.of("ES256", shape, ecKeys(directory, true)).measure(version))
        .isEqualTo(taken);
  }

  @ParameterizedTest
  @CsvSource({"3.0.0, ES256", "3.1.2, ES256", "3.0.0, EdDSA", "3.1.2, EdDSA"})
  void registryWithAListOfAlgorithms_takesThoseAlone(String version, String algorithm)
      throws Exception {
    Sample sample =
        SAMPLES.stream().filter(s -> s.row().equals(algorithm + " | `jwks`")).findFirst().get();

    assertThat(statusWithAlgorithms(version, sample, "RS256")).isEqualTo(401);
    assertThat(statusWithAlgorithms(version, sample, "RS256, " + algorithm)).isEqualTo(200);
  }

  private static int statusWithAlgorithms(String version, Sample sample, String algorithms)
      throws Exception {
    String settings =
        "    jwks: %s\n    signingalgorithms: [%s]\n".formatted(sample.jwks(), algorithms);
    try (Registry registry =
        Registry.start(version, directory, REALM, sample.keys().certificate(), settings)) {
      return registry.get("/v2/", sample.token()).statusCode();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "Ed25519"})
  void jwks_ofKeyAndOfCertificate_areEqual(String kind) throws Exception {
    Keys keys = kind.equals("EC") ? Keys.generateEc(directory) : Keys.generateEd25519(directory);
    String ofKey = ServerJar.run(directory, Map.of(), "jwks", "--key=" + keys.key()).orFail();
    String ofCertificate =
        ServerJar.run(directory, Map.of(), "jwks", "--cert=" + keys.certificate()).orFail();

    assertThat(ofKey).isEqualTo(ofCertificate);
    Map<String, Object> key = Json.objects(Json.object(ofKey).get("keys")).get(0);
    assertThat(key.keySet())
        .isEqualTo(
            kind.equals("EC")
                ? Set.of("kty", "kid", "use", "alg", "crv", "x", "y")
                : Set.of("kty", "kid", "use", "alg", "crv", "x"));
  }
}
