// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static io.registryauth.key.TestKeys.pem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.base.Splitter;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import io.registryauth.scope.ResourceScope;
import io.registryauth.scope.ScopeParser;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenIssuerTest {
  private static final Instant NOW = Instant.parse("2025-09-30T17:18:17.987654321Z");
  private static final Grant GRANT =
      new Grant(
          "test-build",
          "docker-registry",
          List.of(access("test-build/myapp", "push", "pull"), access("shared/base", "pull")));

  private final SigningKey key = TestKeys.signingKey();
  private final TokenIssuer issuer =
      TokenIssuer.builder(key).clock(Clock.fixed(NOW, ZoneOffset.UTC)).build();

  @Test
  void issue_grant_hasTheHeaderOfTheDocument() {
    assertThat(text(issuer.issue(GRANT), 0))
        .isEqualTo("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"registry-auth-jwt-signer\"}");
  }

  @Test
  void issue_grant_hasTheClaimsOfTheDocument() throws JoseException {
    IssuedToken token = issuer.issue(GRANT);

    Map<String, Object> claims = claims(token);
    assertThat(claims.keySet())
        .containsExactly("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access");
    assertThat(claims)
        .containsEntry("iss", "registry-token-issuer")
        .containsEntry("sub", "test-build")
        .containsEntry("aud", List.of("docker-registry"))
        .containsEntry("jti", token.tokenId())
        .containsEntry(
            "access",
            List.of(
                Map.of(
                    "type", "repository",
                    "name", "test-build/myapp",
                    "actions", List.of("push", "pull")),
                Map.of(
                    "type", "repository",
                    "name", "shared/base",
                    "actions", List.of("pull"))));
  }

  @Test
  void issue_grant_hasIntegerDates() {
    long now = NOW.getEpochSecond();

    assertThat(text(issuer.issue(GRANT), 1))
        .contains(
            "\"exp\":" + (now + 300) + ",\"nbf\":" + (now - 60) + ",\"iat\":" + now + ",\"jti\"");
  }

  @Test
  void issue_accessEntry_hasTypeNameAndActionsInThisOrder() throws JoseException {
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> access =
        (List<Map<String, Object>>) claims(issuer.issue(GRANT)).get("access");

    assertThat(access.get(0).keySet()).containsExactly("type", "name", "actions");
  }

  @Test
  void issue_noAccess_isAnEmptyArrayAndNeverNull() {
    IssuedToken token = issuer.issue(new Grant("", "docker-registry", List.of()));

    assertThat(text(token, 1)).contains("\"sub\":\"\"").endsWith(",\"access\":[]}");
  }

  @Test
  void issue_token_describesItself() {
    IssuedToken token = issuer.issue(GRANT);

    assertThat(token.keyId()).isEqualTo("registry-auth-jwt-signer");
    assertThat(token.issuedAt()).isEqualTo(Instant.parse("2025-09-30T17:18:17Z"));
    assertThat(token.lifetime()).isEqualTo(Duration.ofMinutes(5));
    assertThat(UUID.fromString(token.tokenId())).hasToString(token.tokenId());
    assertThat(token).hasToString("IssuedToken[" + token.tokenId() + "]");
  }

  @Test
  void issue_manyTokens_haveAnIdEach() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      ids.add(issuer.issue(GRANT).tokenId());
    }

    assertThat(ids).hasSize(10_000);
  }

  @ParameterizedTest
  @CsvSource({"299.999, 299", "61, 61", "1.5, 1", "0.2, 1", "-3, 1", "300, 300", "100000, 300"})
  void issue_grantThatEnds_isValidNoLongerInWholeSeconds(double left, long seconds)
      throws JoseException {
    Instant now = Instant.parse("2026-11-25T12:00:00Z");
    TokenIssuer atNow =
        TokenIssuer.builder(signingKey("ec-256.pkcs8.key"))
            .clock(Clock.fixed(now, ZoneOffset.UTC))
            .build();
    Instant end = now.plusMillis(Math.round(left * 1000));
    IssuedToken token = atNow.issue(new Grant("team", "reg", List.of(), Optional.of(end)));

    assertThat(token.lifetime()).isEqualTo(Duration.ofSeconds(seconds));
    String payload = token.value().split("\\.", -1)[1];
    assertThat(JsonUtil.parseJson(new String(Base64.getUrlDecoder().decode(payload), UTF_8)))
        .containsEntry("exp", now.getEpochSecond() + seconds);
  }

  @ParameterizedTest
  @CsvSource({
    "distribution-3, rsa-2048.pkcs8.key, RS256, RSA",
    "distribution-2.8, rsa-2048.pkcs8.key, RS256, RSA",
    "distribution-3, ec-256.sec1.key, ES256, EC",
    "distribution-2.8, ec-256.pkcs8.key, ES256, EC",
    "distribution-3, ed25519.key, EdDSA, OKP",
  })
  void issue_token_isVerifiedWithTheKeySet(
      String profile, String keyFile, String algorithm, String keyType) throws JoseException {
    SigningKey signer = signingKey(keyFile);
    IssuedToken token =
        TokenIssuer.builder(signer).profile(TokenProfile.parse(profile)).build().issue(GRANT);
    String jwks = new JwksBuilder().add(signer.verificationKey()).build();

    JsonWebSignature jws = new JsonWebSignature();
    jws.setCompactSerialization(token.value());
    jws.setKey(
        new JsonWebKeySet(jwks).findJsonWebKey(token.keyId(), keyType, "sig", algorithm).getKey());
    assertThat(jws.verifySignature()).isTrue();
    assertThat(jws.getPayload()).contains(token.tokenId());
    assertThat(jws.getAlgorithmHeaderValue()).isEqualTo(algorithm);
  }

  /** RFC 7518, section 3.4: 32 bytes each, whatever the numbers are; never DER. */
  @Test
  void issue_es256_hasASignatureOfFixedWidth() throws GeneralSecurityException {
    SigningKey signer = signingKey("ec-256.pkcs8.key");
    TokenIssuer es256 = TokenIssuer.builder(signer).build();
    Signature verifying = Signature.getInstance("SHA256withECDSAinP1363Format");

    // One in 128 has a number with a leading zero.
    for (int i = 0; i < 1000; i++) {
      String value = es256.issue(GRANT).value();
      byte[] signature = Base64.getUrlDecoder().decode(value.substring(value.lastIndexOf('.') + 1));
      verifying.initVerify(signer.verificationKey().publicKey());
      verifying.update(value.substring(0, value.lastIndexOf('.')).getBytes(UTF_8));

      assertThat(signature).hasSize(64);
      assertThat(verifying.verify(signature)).isTrue();
    }
  }

  @Test
  void build_profile28WithEd25519_isRefused() {
    TokenIssuer.Builder builder =
        TokenIssuer.builder(signingKey("ed25519.key")).profile(TokenProfile.DISTRIBUTION_2_8);

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage(
            "A registry of the profile distribution-2.8 takes no tokens of an Ed25519 key; valid"
                + " are RSA and EC keys");
  }

  private static SigningKey signingKey(String keyFile) {
    String certificateFile = keyFile.replaceAll("\\..*", ".crt");
    return SigningKey.fromPem(pem(keyFile), pem(certificateFile), KeyIdStyle.fixed("signer"));
  }

  @Test
  void issue_signature_isOverWhatWasSent() throws JoseException {
    String value = issuer.issue(GRANT).value();
    List<String> parts = Splitter.on('.').splitToList(value);
    String claims = text(value, 1).replace("test-build", "other-name");
    String forged =
        parts.get(0)
            + "."
            + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
            + "."
            + parts.get(2);

    JsonWebSignature jws = new JsonWebSignature();
    jws.setCompactSerialization(forged);
    jws.setKey(key.verificationKey().publicKey());
    assertThat(jws.verifySignature()).isFalse();
  }

  @Test
  void issue_otherIssuerAndLifetime_areInTheClaims() throws JoseException {
    IssuedToken token =
        TokenIssuer.builder(key)
            .issuer("my issuer")
            .lifetime(Duration.ofMinutes(15))
            .clock(Clock.fixed(NOW, ZoneOffset.UTC))
            .build()
            .issue(GRANT);

    assertThat(claims(token))
        .containsEntry("iss", "my issuer")
        .containsEntry("exp", NOW.getEpochSecond() + 900);
    assertThat(token.lifetime()).isEqualTo(Duration.ofMinutes(15));
  }

  @Test
  void issue_withoutClock_isNow() {
    Instant before = Instant.ofEpochSecond(Clock.systemUTC().instant().getEpochSecond());
    IssuedToken token = TokenIssuer.builder(key).build().issue(GRANT);

    assertThat(token.issuedAt()).isBetween(before, Clock.systemUTC().instant());
  }

  @Test
  void issue_profile28_hasStringAudienceAndCertificateChain()
      throws JoseException, CertificateEncodingException {
    SigningKey chained =
        SigningKey.fromPem(
            pem("rsa-2048.pkcs8.key"), pem("rsa-2048.chain.crt"), KeyIdStyle.libtrust());
    TokenIssuer issuer28 =
        TokenIssuer.builder(chained).profile(TokenProfile.DISTRIBUTION_2_8).build();

    IssuedToken token = issuer28.issue(GRANT);

    Map<String, Object> header = JsonUtil.parseJson(text(token, 0));
    assertThat(header.keySet()).containsExactly("alg", "typ", "kid", "x5c");
    // Standard Base64, not that for URLs.
    assertThat(header)
        .containsEntry("kid", chained.keyId())
        .containsEntry(
            "x5c",
            List.of(
                Base64.getEncoder().encodeToString(chained.certificates().get(0).getEncoded()),
                Base64.getEncoder().encodeToString(chained.certificates().get(1).getEncoded())));
    assertThat(claims(token)).containsEntry("aud", "docker-registry");
  }

  @Test
  void build_profile28WithoutCertificate_isRefused() {
    SigningKey bare =
        SigningKey.of(
            key.privateKey(), key.verificationKey().publicKey(), KeyIdStyle.fixed("signer"));
    TokenIssuer.Builder builder = TokenIssuer.builder(bare).profile(TokenProfile.DISTRIBUTION_2_8);

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage(
            "The profile distribution-2.8 sends the certificate of the key, and the key has none;"
                + " make it with SigningKey.fromPem");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 120",
    "repository:team/x:pull, 120",
    "repository:team/x:pull repository:team/y:pull, 120",
    "'repository:team/x:pull,push', 900",
    "repository:team/x:push, 900",
    "repository:team/x:delete, 900",
    "registry:catalog:*, 900",
    "'repository:team/x:pull repository:team/y:pull,push', 900"
  })
  void pushLifetime_isThatOfTokensThatAllowMoreThanToPull(String scopes, long seconds)
      throws JoseException {
    TokenIssuer limited =
        TokenIssuer.builder(key)
            .lifetime(Duration.ofMinutes(2))
            .pushLifetime(Duration.ofMinutes(15))
            .build();
    List<Access> access =
        ScopeParser.parse(List.of(scopes)).scopes().stream()
            .flatMap(scope -> scope.narrowTo(Set.of("pull", "push", "delete", "*")).stream())
            .toList();

    IssuedToken token = limited.issue(new Grant("team", "reg", access));

    assertThat(token.lifetime()).isEqualTo(Duration.ofSeconds(seconds));
    Map<String, Object> claims = JsonUtil.parseJson(text(token.value(), 1));
    assertThat((Long) claims.get("exp") - (Long) claims.get("iat")).isEqualTo(seconds);
  }

  @Test
  void pushLifetime_outsideItsLimits_isRefused() {
    TokenIssuer.Builder builder = TokenIssuer.builder(key);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.pushLifetime(Duration.ofSeconds(59)))
        .withMessage(
            "The lifetime of push tokens is PT59S; valid are whole seconds from 60 s to 86400 s");
  }

  @ParameterizedTest
  @ValueSource(longs = {60, 300, 86_400})
  void lifetime_withinItsLimits_isKept(long seconds) {
    TokenIssuer limited = TokenIssuer.builder(key).lifetime(Duration.ofSeconds(seconds)).build();

    assertThat(limited.issue(GRANT).lifetime()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"PT59S", "PT59.999S", "PT24H1S", "PT24H0.001S", "PT90.5S", "PT0S", "-PT5M"})
  void lifetime_outsideItsLimits_isRefused(Duration time) {
    TokenIssuer.Builder builder = TokenIssuer.builder(key);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.lifetime(time))
        .withMessage("The lifetime is " + time + "; valid are whole seconds from 60 s to 86400 s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void issuer_blank_isRefused(String name) {
    TokenIssuer.Builder builder = TokenIssuer.builder(key);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.issuer(name))
        .withMessage("The issuer is blank; it must be the registry's issuer");
  }

  private static Access access(String name, String... actions) {
    Set<String> asked = new LinkedHashSet<>(List.of(actions));
    return new ResourceScope("repository", name, asked).narrowTo(asked).orElseThrow();
  }

  private static Map<String, Object> claims(IssuedToken token) throws JoseException {
    return JsonUtil.parseJson(text(token, 1));
  }

  private static String text(IssuedToken token, int part) {
    return text(token.value(), part);
  }

  private static String text(String token, int part) {
    String base64 = Splitter.on('.').splitToList(token).get(part);
    return new String(Base64.getUrlDecoder().decode(base64), UTF_8);
  }
}
