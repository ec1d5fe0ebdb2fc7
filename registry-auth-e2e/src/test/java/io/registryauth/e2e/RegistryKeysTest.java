// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a registry gets to know the server's key. */
@OnEachRegistry
class RegistryKeysTest {
  @TempDir private Path directory;

  private final String version;

  RegistryKeysTest(String version) {
    this.version = version;
  }

  private static int use(Registry registry, TokenServer server) throws Exception {
    return registry.get("/v2/", server.token(Tenant.TEST_BUILD)).statusCode();
  }

  @Test
  void newKey_acceptedAfterTheRestart_andTheOldOneRefused() throws Exception {
    Keys oldKeys = Keys.generate(directory);
    Keys newKeys = Keys.generate(directory);
    Path certificate = Files.copy(oldKeys.certificate(), directory.resolve("tls.crt"));
    Path jwks = directory.resolve("jwks.json");
    ServerJar.writeJwks(certificate, jwks);
    try (TokenServer oldServer = TokenServer.start(directory, oldKeys);
        TokenServer newServer = TokenServer.start(directory, newKeys);
        Registry registry =
            Registry.start(version, directory, oldServer.realm(), certificate, jwks)) {
      assertThat(use(registry, oldServer)).isEqualTo(200);
      assertThat(use(registry, newServer)).isEqualTo(401);
      Files.copy(newKeys.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
      ServerJar.writeJwks(certificate, jwks);
      registry.restart();
      assertThat(use(registry, newServer)).isEqualTo(200);
      assertThat(use(registry, oldServer)).isEqualTo(401);
    }
  }

  /** So a JWK Set of ours has no entry of another kind: it would stop the registry, not be left. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"kty\":\"XYZ\",\"kid\":\"other\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"other\",\"x\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"other\",\"x\":\"AAAA\",\"y\":\"AAAA\"}"
      })
  void jwkSetWithAnEntryThatMakesNoSense_stopsTheRegistryFromStarting(String entry)
      throws Exception {
    Keys keys = Keys.generate(directory);
    Path jwks = directory.resolve("jwks.json");
    ServerJar.writeJwks(keys.certificate(), jwks);
    Files.writeString(
        jwks, Files.readString(jwks).replaceFirst("\\]\\s*}\\s*$", "," + entry + "]}"));
    URI realm = URI.create("http://localhost:1/auth");

    assertThatThrownBy(
            () -> Registry.start(version, directory, realm, keys.certificate(), jwks).close())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("failed to parse jwks");
  }

  @Test
  void rfc7638_acceptedByARegistryWithTheCertificateAlone() throws Exception {
    Keys keys = Keys.generate(directory);
    try (TokenServer server = TokenServer.start(directory, keys, "--key-id=rfc7638");
        Registry registry =
            Registry.startWithoutJwks(version, directory, server.realm(), keys.certificate())) {
      assertThat(use(registry, server)).isEqualTo(200);
    }
  }

  @Test
  void fixedKeyId_refusedByARegistryWithTheCertificateAlone() throws Exception {
    Keys keys = Keys.generate(directory);
    try (TokenServer server = TokenServer.start(directory, keys);
        Registry registry =
            Registry.startWithoutJwks(version, directory, server.realm(), keys.certificate())) {
      assertThat(use(registry, server)).isEqualTo(401);
    }
  }

  @ParameterizedTest
  @CsvSource({"2048, 2147483647", "4096, 3"})
  void unusualKey_accepted(int bits, String exponent) throws Exception {
    assertAccepted(Keys.generate(directory, bits, exponent));
  }

  @Test
  void tokenForVersion28_accepted() throws Exception {
    assertAccepted(Keys.generate(directory), "--profile=distribution-2.8");
  }

  private void assertAccepted(Keys keys, String... options) throws Exception {
    Path jwks = directory.resolve("jwks.json");
    try (TokenServer server = TokenServer.start(directory, keys, options)) {
      Files.writeString(jwks, Http.send("GET", server.uri().resolve("/jwks.json")).body());
      try (Registry registry =
          Registry.start(version, directory, server.realm(), keys.certificate(), jwks)) {
        assertThat(use(registry, server)).isEqualTo(200);
      }
    }
  }
}
