// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jose4j.jwk.JsonWebKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;

/**
 * What a registry makes of the server's tokens and of forged ones. Each forged one differs from a
 * good one in a single thing; signed again with the server's key and nothing changed, it is good.
 */
@OnEachRegistry
class RegistryTokenChecksTest {
  private static final String BAD_SIGNATURE = "error in cryptographic primitive";
  private static final String REPOSITORY = "test-build/app";

  @TempDir private static Path directory;
  private static Deployment deployment;
  private static TokenServer server;
  private static Registry registry;

  private Jwt good;
  private RSAPrivateCrtKey key;

  RegistryTokenChecksTest(String version) throws Exception {
    good = Jwt.parse(server.token(Tenant.TEST_BUILD, "repository:" + REPOSITORY + ":pull"));
    key = deployment.keys().privateKey();
  }

  @BeforeParameterizedClassInvocation
  static void start(String version) throws Exception {
    deployment = Deployment.start(version, directory);
    server = deployment.server();
    registry = deployment.registry();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (deployment != null) {
      deployment.close();
    }
  }

  private static HttpResponse<String> use(String token) throws Exception {
    return registry.get("/v2/", token);
  }

  private static void assertAccepted(Jwt token) throws Exception {
    assertThat(use(token.toString()).statusCode()).isEqualTo(200);
  }

  /** The reason is what the registry logs; clients only hear that it is no good. */
  private static void assertRefused(Jwt token, String reason) throws Exception {
    int logged = registry.log().length();
    HttpResponse<String> response = use(token.toString());
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.body()).contains("UNAUTHORIZED");
    assertThat(registry.log().substring(logged)).contains(reason);
  }

  private static long now() {
    return Instant.now().getEpochSecond();
  }

  @Test
  void token_asIssued_accepted() throws Exception {
    String token = server.token(Tenant.TEST_BUILD, "repository:" + REPOSITORY + ":pull");
    assertThat(use(token).statusCode()).isEqualTo(200);
  }

  @Test
  void token_withoutScope_acceptedForTheBaseAlone() throws Exception {
    String token = server.token(Tenant.TEST_BUILD);
    assertThat(use(token).statusCode()).isEqualTo(200);
    assertThat(registry.get("/v2/" + REPOSITORY + "/tags/list", token).statusCode()).isEqualTo(401);
  }

  private static int status(String method, String path, String actions) throws Exception {
    String token = server.token(Tenant.TEST_BUILD, "repository:" + REPOSITORY + ":" + actions);
    URI uri = registry.uri("/v2/" + REPOSITORY + path);
    return Http.send(method, uri, "Authorization", "Bearer " + token).statusCode();
  }

  @Test
  void token_forDeletionAlone_readsNothing() throws Exception {
    assertThat(status("HEAD", "/manifests/none", "delete")).isEqualTo(401);
    assertThat(status("HEAD", "/manifests/none", "delete,pull")).isEqualTo(404);
  }

  @Test
  void token_forPushAlone_startsNoUpload() throws Exception {
    assertThat(status("POST", "/blobs/uploads/", "push")).isEqualTo(401);
    assertThat(status("POST", "/blobs/uploads/", "push,pull")).isEqualTo(202);
  }

  @Test
  void token_signedAgain_accepted() throws Exception {
    assertAccepted(good.signed(key));
  }

  @Test
  void token_expiringLater_accepted() throws Exception {
    assertAccepted(good.withClaim("exp", now() + 30).signed(key));
  }

  @Test
  void token_expiredBeyondTheLeeway_refused() throws Exception {
    assertRefused(good.withClaim("exp", now() - 120).signed(key), "token not to be used after");
  }

  @Test
  void token_notValidYet_refused() throws Exception {
    assertRefused(good.withClaim("nbf", now() + 120).signed(key), "token not to be used before");
  }

  @Test
  void token_forAnotherAudience_refused() throws Exception {
    assertRefused(
        good.withClaim("aud", List.of("another-registry")).signed(key),
        "token intended for another audience");
  }

  @Test
  void token_ofAnotherIssuer_refused() throws Exception {
    assertRefused(
        good.withClaim("iss", "another-issuer").signed(key), "token from untrusted issuer");
  }

  @Test
  void attack_accessAdded_refused() throws Exception {
    Map<String, Object> more =
        Map.of("type", "repository", "name", "other-namespace/app", "actions", List.of("pull"));
    assertRefused(good.withClaim("access", List.of(more)), BAD_SIGNATURE);
  }

  @Test
  void attack_signatureChanged_refused() throws Exception {
    char first = good.signature().charAt(0) == 'A' ? 'B' : 'A';
    assertRefused(good.withSignature(first + good.signature().substring(1)), BAD_SIGNATURE);
  }

  @Test
  void attack_signatureLeftOut_refused() throws Exception {
    assertRefused(good.withSignature(""), BAD_SIGNATURE);
  }

  @Test
  void attack_algNone_refused() throws Exception {
    assertRefused(good.withHeader("alg", "none").withSignature(""), "malformed token");
    assertRefused(good.withHeader("alg", "none"), "malformed token");
  }

  @Test
  void attack_publicKeyAsHmacSecret_refused() throws Exception {
    String publicKey = deployment.keys().openssl("x509 -in tls.crt -noout -pubkey");
    assertRefused(good.signed(publicKey.getBytes(UTF_8)), BAD_SIGNATURE);
  }

  @Test
  void attack_anotherKeyWithTheSameId_refused() throws Exception {
    assertRefused(good.signed(Keys.generate(directory).privateKey()), BAD_SIGNATURE);
  }

  /** A registry that believed the token's own key once, CVE-2025-24976. */
  @Test
  void attack_anotherKeyInTheTokenUnderTheTrustedId_refused() throws Exception {
    Keys own = Keys.generate(directory);
    PublicKey publicKey =
        KeyFactory.getInstance("RSA")
            .generatePublic(
                new RSAPublicKeySpec(
                    own.privateKey().getModulus(), own.privateKey().getPublicExponent()));
    JsonWebKey jwk = JsonWebKey.Factory.newJwk(publicKey);
    jwk.setKeyId((String) good.header().get("kid"));
    assertRefused(
        good.withHeader("jwk", jwk.toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY))
            .signed(own.privateKey()),
        BAD_SIGNATURE);
  }

  @Test
  void attack_anotherKeyWithItsOwnCertificateInTheToken_refused() throws Exception {
    Keys own = Keys.generate(directory);
    String certificate = Files.readString(own.certificate()).replaceAll("-----.*-----|\\s", "");
    assertRefused(
        good.withHeader("x5c", List.of(certificate)).signed(own.privateKey()),
        "certificate signed by unknown authority");
  }
}
