// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code jwks} prints what the documented script printed; here {@code openssl} says what that is.
 */
class JwksCommandTest {
  private static final Pattern EXPONENT = Pattern.compile("Exponent: (\\d+) \\(0x");

  @TempDir private Path directory;

  private String jwks(String... arguments) throws Exception {
    String[] all = new String[arguments.length + 1];
    all[0] = "jwks";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return ServerJar.run(directory, Map.of(), all).orFail();
  }

  /** Returns the documented example with the numbers of this key. */
  private static String expected(Keys keys, String keyId) throws Exception {
    keys.openssl("x509 -in tls.crt -noout -pubkey -out public.pem");
    String modulus = keys.openssl("rsa -pubin -in public.pem -noout -modulus").strip();
    String text = keys.openssl("rsa -pubin -in public.pem -noout -text");
    return """
    {
      "keys": [
        {
          "kty": "RSA",
          "kid": "%s",
          "use": "sig",
          "alg": "RS256",
          "n": "%s",
          "e": "%s"
        }
      ]
    }
    """
        .formatted(
            keyId,
            base64Url(HexFormat.of().parseHex(modulus.replace("Modulus=", ""))),
            base64Url(unsigned(exponent(text))));
  }

  private static BigInteger exponent(String text) {
    Matcher matcher = EXPONENT.matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return new BigInteger(matcher.group(1));
  }

  /** Returns the bytes as RFC 7518 has them: as few as can be, none for a sign. */
  private static byte[] unsigned(BigInteger number) {
    String hex = number.toString(16);
    return HexFormat.of().parseHex(hex.length() % 2 == 0 ? hex : "0" + hex);
  }

  private static String base64Url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @ParameterizedTest
  @CsvSource({"2048, 65537", "4096, 65537", "2048, 3", "2048, 17", "2048, 2147483647"})
  void jwks_ofCertificate_isTheDocumentedFile(int bits, String exponent) throws Exception {
    Keys keys = Keys.generate(directory, bits, exponent);
    assertThat(jwks("--cert", keys.certificate().toString()))
        .isEqualTo(expected(keys, "registry-auth-jwt-signer"));
  }

  /** Registries start with such an entry, and then refuse each token of its key. */
  @Test
  void jwks_ofAnExponentThatRegistriesCannotRead_isRefused() throws Exception {
    Keys keys = Keys.generate(directory, 2048, "4294967297");
    Completed completed =
        ServerJar.run(directory, Map.of(), "jwks", "--cert", keys.certificate().toString());
    assertThat(completed.status()).isEqualTo(2);
    assertThat(completed.stdout()).isEmpty();
    assertThat(completed.stderr()).contains("4294967297; registries take at most 2147483647");
  }

  @Test
  void jwks_ofPkcs8Key_isThatOfItsCertificate() throws Exception {
    Keys keys = Keys.generate(directory);
    assertThat(firstLine(keys.key())).isEqualTo("-----BEGIN PRIVATE KEY-----");
    assertThat(jwks("--key", keys.key().toString()))
        .isEqualTo(expected(keys, "registry-auth-jwt-signer"));
  }

  @Test
  void jwks_ofPkcs1Key_isThatOfItsCertificate() throws Exception {
    Keys keys = Keys.generate(directory);
    Path key = keys.pkcs1();
    assertThat(firstLine(key)).isEqualTo("-----BEGIN RSA PRIVATE KEY-----");
    assertThat(jwks("--key", key.toString())).isEqualTo(expected(keys, "registry-auth-jwt-signer"));
  }

  private static String firstLine(Path file) throws IOException {
    return Files.readAllLines(file).get(0);
  }

  @Test
  void jwks_withFixedKeyId_hasIt() throws Exception {
    Keys keys = Keys.generate(directory);
    assertThat(jwks("--cert", keys.certificate().toString(), "--key-id", "2026-11"))
        .isEqualTo(expected(keys, "2026-11"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--profile=distribution-3", "--profile=distribution-2.8", "--key-id=rfc7638"})
  void jwks_withTheOptionsOfTheServer_isWhatItServes(String option) throws Exception {
    Keys keys = Keys.generate(directory);
    try (TokenServer server = TokenServer.start(directory, keys, option)) {
      String served = Http.send("GET", server.uri().resolve("/jwks.json")).body();
      assertThat(jwks("--cert=" + keys.certificate(), option)).isEqualTo(served);
      String token = server.token(Tenant.TEST_BUILD);
      assertThat(served).contains("\"kid\": \"" + Jwt.parse(token).header().get("kid") + "\"");
    }
  }
}
