// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.servlet.Container.Mounted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The servlets as web.xml makes them, with a file for each secret. */
abstract class InitParametersContract {
  private static final Path KEYS = Path.of("../registry-auth-core/src/test/resources/keys");

  @TempDir private Path directory;
  private Container container;
  private JsonWebKeySet served;

  abstract Container container(Path directory);

  @BeforeEach
  void makeContainer() throws Exception {
    container = container(directory.resolve("container"));
    Path tenant = Files.createDirectories(directory.resolve("credentials/team"));
    Files.writeString(tenant.resolve("username"), "team");
    Files.writeString(tenant.resolve("password"), "team-password");
  }

  @AfterEach
  void stopContainer() throws Exception {
    container.stop();
  }

  private Map<String, String> parameters() {
    Map<String, String> parameters = new TreeMap<>();
    parameters.put("credentials", "directory:" + directory.resolve("credentials"));
    parameters.put("signing-key", KEYS.resolve("rsa-2048.pkcs8.key").toString());
    parameters.put("signing-cert", KEYS.resolve("rsa-2048.crt").toString());
    return parameters;
  }

  @Test
  void servlets_withFilesAlone_serveWithTheDefaults() throws Exception {
    JwtContext token = token(parameters(), "docker-registry", "registry-token-issuer");

    JwtClaims claims = token.getJwtClaims();
    assertThat(claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue())
        .isEqualTo(300);
    assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue())
        .isEqualTo("registry-auth-jwt-signer");
  }

  @Test
  void servlets_withAllParameters_obeyThem() throws Exception {
    Map<String, String> parameters = parameters();
    parameters.put("service", "reg");
    parameters.put("issuer", "me");
    parameters.put("expiration", "600");
    parameters.put("refresh-expiration", "0");
    parameters.put("profile", "distribution-2.8");
    parameters.put("denied-response", "empty-token");
    parameters.put("public-namespaces", "pub");
    parameters.put("shared-namespaces", "ro, rw");
    parameters.put("admin-namespaces", "root");

    JwtContext token = token(parameters, "reg", "me");

    JwtClaims claims = token.getJwtClaims();
    assertThat(claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue())
        .isEqualTo(600);
    assertThat(claims.getClaimValue("aud")).isEqualTo("reg");
    assertThat(token.getJoseObjects().get(0).getHeaders().getObjectHeaderValue("x5c")).isNotNull();
    assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue())
        .matches("([A-Z2-7]{4}:){11}[A-Z2-7]{4}");
  }

  @Test
  void servlet_withRefreshExpiration_givesRefreshTokensOfThatAge() throws Exception {
    Map<String, String> parameters = parameters();
    parameters.put("issuer", "me");
    parameters.put("refresh-expiration", "600");
    int port = container.start(Map.of("/auth", new Mounted(new TokenServlet(), parameters)));

    RawHttp.Response response =
        new RawHttp(port)
            .get(
                "/auth?service=docker-registry&offline_token=true",
                RawHttp.basic("team", "team-password"));

    JwtClaims claims =
        new JwtConsumerBuilder()
            .setSkipSignatureVerification()
            .setExpectedIssuer("me")
            .setExpectedAudience("me/refresh")
            .build()
            .processToClaims((String) response.json().get("refresh_token"));
    assertThat(claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue())
        .isEqualTo(600);
  }

  @Test
  void servlets_withKeysThatWereChanged_signAndShowThemAsTheServerDoes() throws Exception {
    KeyIdStyle style = KeyIdStyle.fixed("registry-auth-jwt-signer");
    KeyEntries changed =
        new KeyEntries(Map.of("tls.key", pem("rsa-2048.pkcs8.key"), "tls.crt", pem("rsa-2048.crt")))
            .stage(pem("ec-256.sec1.key"), pem("ec-256.crt"), style, KeyIdStyle.fixed("second"))
            .promote(Instant.EPOCH, style);
    for (Map.Entry<String, String> entry : changed.texts().entrySet()) {
      Files.writeString(directory.resolve(entry.getKey()), entry.getValue());
    }
    Map<String, String> parameters = parameters();
    parameters.put("signing-key", directory.resolve("tls.key").toString());
    parameters.put("signing-cert", directory.resolve("tls.crt").toString());

    JwtContext token = token(parameters, "docker-registry", "registry-token-issuer");

    assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue()).isEqualTo("second");
    assertThat(served.getJsonWebKeys())
        .extracting(JsonWebKey::getKeyId)
        .containsExactly("second", "registry-auth-jwt-signer");
  }

  private static String pem(String name) throws Exception {
    return Files.readString(KEYS.resolve(name));
  }

  @Test
  void servlet_withAnHtpasswdFile_takesItsPasswords() throws Exception {
    // The hash of team-password, of the cost 4.
    String line = "team:$2y$04$7YuouQzY9JQeTKOHAGbVyuDNQkT7bOX3eU/0qjHhYLC9FElx.9JjC\n";
    Map<String, String> parameters = parameters();
    parameters.put(
        "credentials", "htpasswd:" + Files.writeString(directory.resolve("htpasswd"), line));

    JwtContext token = token(parameters, "docker-registry", "registry-token-issuer");

    assertThat(token.getJwtClaims().getSubject()).isEqualTo("team");
  }

  /** Gets a token for nothing and verifies it with what the other servlet serves. */
  private JwtContext token(Map<String, String> parameters, String service, String issuer)
      throws Exception {
    Map<String, String> ofJwks = new TreeMap<>(parameters);
    ofJwks.keySet().retainAll(Set.of("signing-cert", "profile"));
    int port =
        container.start(
            Map.of(
                "/auth", new Mounted(new TokenServlet(), parameters),
                "/jwks.json", new Mounted(new JwksServlet(), ofJwks)));
    RawHttp http = new RawHttp(port);
    served = new JsonWebKeySet(http.get("/jwks.json").body());
    RawHttp.Response response =
        http.get("/auth?service=" + service, RawHttp.basic("team", "team-password"));
    assertThat(response.status()).isEqualTo(200);
    return new JwtConsumerBuilder()
        .setVerificationKeyResolver(new JwksVerificationKeyResolver(served.getJsonWebKeys()))
        .setExpectedIssuer(issuer)
        .setExpectedAudience(service)
        .build()
        .process((String) response.json().get("token"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "credentials | ldap:x | valid are directory:PATH and htpasswd:FILE",
        "credentials | directory: | valid are directory:PATH and htpasswd:FILE",
        "credentials | htpasswd: | valid are directory:PATH and htpasswd:FILE",
        "credentials | htpasswd:/nowhere/at/all | cannot be read",
        "credentials | directory:/nowhere/at/all | is not a directory",
        "signing-key | /nowhere/tls.key | the file cannot be read",
        "signing-cert | /nowhere/tls.crt | the file cannot be read",
        "expiration | soon | valid is a number of seconds",
        "refresh-expiration | soon | valid is a number of seconds",
        "refresh-expiration | 59 | 60 s to 31622400 s, and 0 for none",
        "service | registry-token-issuer/refresh | the audience of refresh tokens",
        "expiration | 59 | valid are whole seconds from 60 s to 86400 s",
        "profile | distribution-1 | valid are distribution-3, distribution-2.8",
        "denied-response | maybe | valid are unauthorized, empty-token",
        "key-id | a b | printable ASCII",
        "public-namespaces | Team | is not a namespace",
        "realm | x | there is no such parameter as realm"
      })
  void servlet_withAWrongParameter_doesNotStart_andSaysWhatIsValid(
      String name, String value, String expected) {
    Map<String, String> parameters = parameters();
    parameters.put(name, value);

    assertThatThrownBy(
            () -> container.start(Map.of("/auth", new Mounted(new TokenServlet(), parameters))))
        .satisfies(failure -> assertThat(causes(failure)).contains(name).contains(expected));
  }

  private static String causes(Throwable failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      text.append(cause).append('\n');
    }
    return text.toString();
  }
}
