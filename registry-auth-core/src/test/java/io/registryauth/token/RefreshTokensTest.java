// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static io.registryauth.key.TestKeys.pem;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.base.Splitter;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.security.Key;
import java.security.PrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.keys.HmacKey;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefreshTokensTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final AccountName TEAM = AccountName.parse("team").orElseThrow();
  private static final Identity.Tenant TENANT = new Identity.Tenant(TEAM.namespace());
  private static final SigningKey KEY = TestKeys.signingKey();
  private static final Optional<AccountName> CLAIMED = Optional.of(TEAM);

  private final InMemoryCredentialStore store = new InMemoryCredentialStore().put("team", "pw");
  private final RefreshTokens tokens = at(NOW).build();

  private RefreshTokens.Builder at(Instant now) {
    return RefreshTokens.builder(KEY, store).clock(Clock.fixed(now, ZoneOffset.UTC));
  }

  private RefreshToken issue() {
    StoredPassword password =
        store.find(CredentialLookup.of(TEAM)).orElseThrow().passwords().get(0);
    return tokens.issue(TENANT, password, "reg").orElseThrow();
  }

  private static AuthenticationResult use(RefreshTokens tokens, RefreshToken token) {
    return tokens.authenticate(tokens.parse(token.value(), "reg").orElseThrow());
  }

  @Test
  void issue_token_saysWhatItIsGoodFor() throws JoseException {
    RefreshToken token = issue();

    assertThat(text(token.value(), 0))
        .isEqualTo(
            "{\"alg\":\"RS256\",\"typ\":\"refresh+jwt\",\"kid\":\"registry-auth-jwt-signer\"}");
    assertThat(claims(token))
        .containsExactly(
            Map.entry("iss", "registry-token-issuer"),
            Map.entry("sub", "team"),
            Map.entry("aud", List.of("registry-token-issuer/refresh")),
            Map.entry("exp", NOW.getEpochSecond() + 30 * 24 * 3600),
            Map.entry("iat", NOW.getEpochSecond()),
            Map.entry("jti", token.tokenId()),
            Map.entry("service", "reg"),
            Map.entry("credential", token.fingerprint()));
    assertThat(token.fingerprint()).matches("[0-9a-f]{64}");
    assertThat(UUID.fromString(token.tokenId())).hasToString(token.tokenId());
    assertThat(token).hasToString("RefreshToken[" + token.tokenId() + "]");
  }

  @Test
  void use_again_isTheTenantEachTime() {
    RefreshToken token = issue();

    for (int i = 0; i < 2; i++) {
      assertThat(tokens.parse(token.value(), "reg")).contains(token);
      assertThat(use(tokens, token))
          .isInstanceOfSatisfying(
              Authenticated.class, result -> assertThat(result.tenant()).isEqualTo(TENANT));
    }
  }

  /** As after a restart: the key is read anew, and from a file of another form. */
  @Test
  void use_byAnotherProcessWithTheSameKey_isTheTenant() {
    SigningKey same =
        SigningKey.fromPem(
            pem("rsa-2048.pkcs1.key"), pem("rsa-2048.crt"), KeyIdStyle.fixed("another-id"));
    InMemoryCredentialStore sameContent = new InMemoryCredentialStore().put("team", "pw");
    RefreshTokens other =
        RefreshTokens.builder(same, sameContent).clock(Clock.fixed(NOW, ZoneOffset.UTC)).build();

    assertThat(use(other, issue())).isInstanceOf(Authenticated.class);
  }

  @Test
  void use_untilItExpires_isTheTenant() {
    RefreshToken token = issue();
    Instant end = NOW.plus(Duration.ofDays(30));

    assertThat(use(at(end.minusSeconds(1)).build(), token)).isInstanceOf(Authenticated.class);
    assertThat(at(end).build().parse(token.value(), "reg")).as("expired").isEmpty();
  }

  @Test
  void attack_afterPasswordChange_isRefused() {
    RefreshToken token = issue();
    store.put("team", "new");

    assertThat(use(tokens, token))
        .isEqualTo(new Refused("refresh-token-of-another-password", CLAIMED));
  }

  @Test
  void attack_afterDeletion_isRefused() {
    RefreshToken token = issue();
    store.remove(TEAM);

    assertThat(use(tokens, token)).isEqualTo(new Refused("unknown-namespace", Optional.empty()));
  }

  @Test
  void use_afterRotationThatKeepsThePassword_isTheTenantUntilThatEnds() {
    RefreshToken token = issue();
    Instant end = NOW.plusSeconds(60);
    CredentialStore rotated =
        lookup ->
            Optional.of(
                new StoredCredentials("team", List.of(stored("new"), stored("pw").until(end))));

    assertThat(use(over(rotated, end.minusSeconds(1)), token)).isInstanceOf(Authenticated.class);
    assertThat(use(over(rotated, end), token)).isInstanceOf(Refused.class);
  }

  @Test
  void attack_storedUserNameOfAnother_isRefused() {
    RefreshToken token = issue();
    CredentialStore wrong =
        lookup -> Optional.of(new StoredCredentials("other", List.of(stored("pw"))));

    assertThat(use(over(wrong, NOW), token)).isInstanceOf(Refused.class);
  }

  @Test
  void use_bcryptHash_isGoodForThatHashAlone() {
    String hash = "$2b$05$abcdefghijklmnopqrstuuCZVJ90P3gTL5sdyo4ukgrAWuuo5renS";
    RefreshToken token = tokens.issue(TENANT, StoredPassword.bcrypt(hash), "reg").orElseThrow();

    assertThat(use(over(having(StoredPassword.bcrypt(hash)), NOW), token))
        .isInstanceOf(Authenticated.class);
    assertThat(use(over(having(StoredPassword.bcrypt(hash.replace("5renS", "5renT"))), NOW), token))
        .isInstanceOf(Refused.class);
    assertThat(use(over(having(stored(hash)), NOW), token)).isInstanceOf(Refused.class);
  }

  @Test
  void fingerprint_samePasswordOfTwoNamespaces_tellsNobodySo() {
    RefreshToken other =
        tokens
            .issue(new Identity.Tenant(new NamespaceName("other")), stored("pw"), "reg")
            .orElseThrow();

    assertThat(other.fingerprint()).isNotEqualTo(issue().fingerprint());
  }

  @Test
  void use_storeFails_cannotBeTold() {
    CredentialStore down =
        lookup -> {
          throw new CredentialStoreException("down");
        };
    RefreshToken token = issue();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> use(over(down, NOW), token));
  }

  /** The one who gave it knew a new password that this cache has not seen. */
  @Test
  void use_passwordThatTheCacheDoesNotKnow_isReadAgain() {
    CachingCredentialStore cache = CachingCredentialStore.builder(store).build();
    assertThat(cache.find(CredentialLookup.of(TEAM))).isPresent();
    store.put("team", "new");

    assertThat(use(over(cache, NOW), issue())).isInstanceOf(Authenticated.class);
  }

  @TestFactory
  Stream<DynamicTest> attack_anyTokenThatIsNotOurs_isNone() throws Exception {
    Map<String, Object> claims = claims(issue());
    RSAPublicKey publicKey = (RSAPublicKey) KEY.verificationKey().publicKey();
    SigningKey foreign =
        SigningKey.fromPem(
            pem("rsa-2048-other.key"), pem("rsa-2048-other.crt"), KeyIdStyle.fixed(KEY.keyId()));
    PublicJsonWebKey foreignJwk =
        PublicJsonWebKey.Factory.newPublicJwk(foreign.verificationKey().publicKey());
    PrivateKey key = KEY.privateKey();
    String good = issue().value();
    Map<String, String> attacks = new LinkedHashMap<>();
    attacks.put("alg none", signed("none", "refresh+jwt", null, claims, Map.of()));
    attacks.put(
        "alg none, signature kept", withHeader(good, "{\"alg\":\"none\",\"typ\":\"refresh+jwt\"}"));
    attacks.put(
        "HS256 with the public key, DER",
        signed("HS256", "refresh+jwt", new HmacKey(publicKey.getEncoded()), claims, Map.of()));
    attacks.put(
        "HS256 with the certificate, PEM",
        signed(
            "HS256",
            "refresh+jwt",
            new HmacKey(pem("rsa-2048.crt").getBytes(UTF_8)),
            claims,
            Map.of()));
    attacks.put("RS512 with our key", signed("RS512", "refresh+jwt", key, claims, Map.of()));
    attacks.put(
        "foreign key", signed("RS256", "refresh+jwt", foreign.privateKey(), claims, Map.of()));
    attacks.put(
        "foreign key in the header",
        signed(
            "RS256",
            "refresh+jwt",
            foreign.privateKey(),
            claims,
            Map.of("jwk", foreignJwk.toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY))));
    attacks.put("type of access tokens", signed("RS256", "JWT", key, claims, Map.of()));
    attacks.put(
        "an access token",
        TokenIssuer.builder(KEY)
            .clock(Clock.fixed(NOW, ZoneOffset.UTC))
            .build()
            .issue(new Grant("team", "reg", List.of()))
            .value());
    attacks.put("another service", changed(claims, "service", "other"));
    attacks.put("services", changed(claims, "service", List.of("reg")));
    attacks.put("another issuer", changed(claims, "iss", "other"));
    attacks.put("another audience", changed(claims, "aud", List.of("reg")));
    attacks.put("no subject", changed(claims, "sub", null));
    attacks.put("a subject that is no namespace", changed(claims, "sub", "../team"));
    attacks.put("no end", changed(claims, "exp", null));
    attacks.put("an end that is no number", changed(claims, "exp", "soon"));
    attacks.put("expired", changed(claims, "exp", NOW.getEpochSecond()));
    attacks.put("no id", changed(claims, "jti", null));
    attacks.put("no fingerprint", changed(claims, "credential", null));
    attacks.put("tampered claims", withClaims(good, text(good, 1).replace("\"team\"", "\"root\"")));
    attacks.put("no signature", good.substring(0, good.lastIndexOf('.') + 1));
    attacks.put("cut", good.substring(0, good.length() - 4));
    attacks.put("more parts", good + ".");
    attacks.put("encrypted", good + "..");
    attacks.put("a space before", " " + good);
    attacks.put("a line end behind", good + "\n");
    attacks.put("padding", good + "==");
    attacks.put("a character that no decoder counts", good.replaceFirst("..$", "!$0"));
    attacks.put("a password", "pw");
    attacks.put("nothing", "");
    attacks.put("dots", "..");
    attacks.put("no Base64", "\u0000.\ud800.é");
    attacks.put(
        "deep",
        Base64.getUrlEncoder().encodeToString("[".repeat(5000).getBytes(UTF_8)) + ".e30.e30");

    // The way by which they are made would make a good one.
    assertThat(tokens.parse(signed("RS256", "refresh+jwt", key, claims, Map.of()), "reg"))
        .isPresent();
    return attacks.entrySet().stream()
        .map(
            attack ->
                DynamicTest.dynamicTest(
                    attack.getKey(),
                    () -> assertThat(tokens.parse(attack.getValue(), "reg")).isEmpty()));
  }

  /** Which verified for any key on a curve once, CVE-2022-21449. */
  @Test
  void attack_signatureOfZeros_isNone() {
    SigningKey onACurve =
        SigningKey.fromPem(
            TestKeys.pem("ec-256.sec1.key"),
            TestKeys.pem("ec-256.crt"),
            KeyIdStyle.fixed("on-a-curve"));
    RefreshTokens tokensOfCurve =
        RefreshTokens.builder(onACurve, store).clock(Clock.fixed(NOW, ZoneOffset.UTC)).build();
    StoredPassword password =
        store.find(CredentialLookup.of(TEAM)).orElseThrow().passwords().get(0);
    String good = tokensOfCurve.issue(TENANT, password, "reg").orElseThrow().value();
    String zeros = Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[64]);

    assertThat(tokensOfCurve.parse(good, "reg")).isPresent();
    assertThat(tokensOfCurve.parse(good.substring(0, good.lastIndexOf('.') + 1) + zeros, "reg"))
        .isEmpty();
  }

  @Test
  void attack_tokenOfThisServiceAtAnother_isNone() {
    assertThat(tokens.parse(issue().value(), "other")).isEmpty();
  }

  @Test
  void lifetime_zero_givesAndTakesNone() {
    RefreshTokens off = at(NOW).lifetime(Duration.ZERO).build();

    assertThat(off.issue(TENANT, stored("pw"), "reg")).isEmpty();
    assertThat(off.parse(issue().value(), "reg")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT59S", "PT90.5S", "PT8784H1S", "-PT5M"})
  void lifetime_outsideItsLimits_isRefused(Duration time) {
    RefreshTokens.Builder builder = at(NOW);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.lifetime(time))
        .withMessage(
            "The lifetime of refresh tokens is "
                + time
                + "; valid are whole seconds from 60 s to 31622400 s, and 0 for none");
  }

  @ParameterizedTest
  @ValueSource(longs = {60, 31_622_400})
  void lifetime_withinItsLimits_isKept(long seconds) throws JoseException {
    RefreshTokens limited = at(NOW).lifetime(Duration.ofSeconds(seconds)).build();

    assertThat(claims(limited.issue(TENANT, stored("pw"), "reg").orElseThrow()))
        .containsEntry("exp", NOW.getEpochSecond() + seconds);
  }

  @Test
  void issuer_another_isInIssuerAndAudience() throws JoseException {
    RefreshTokens named = at(NOW).issuer("my-issuer").build();

    assertThat(claims(named.issue(TENANT, stored("pw"), "reg").orElseThrow()))
        .containsEntry("iss", "my-issuer")
        .containsEntry("aud", List.of("my-issuer/refresh"));
    assertThat(named.audience()).isEqualTo("my-issuer/refresh");
    assertThat(named.parse(issue().value(), "reg")).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> at(NOW).issuer(" "));
  }

  private static RefreshTokens over(CredentialStore store, Instant now) {
    return RefreshTokens.builder(KEY, store).clock(Clock.fixed(now, ZoneOffset.UTC)).build();
  }

  private static CredentialStore having(StoredPassword password) {
    return lookup -> Optional.of(new StoredCredentials("team", List.of(password)));
  }

  private static StoredPassword stored(String password) {
    return StoredPassword.of(Password.of(password));
  }

  private static String changed(Map<String, Object> claims, String name, Object value)
      throws JoseException {
    Map<String, Object> changed = new LinkedHashMap<>(claims);
    if (value == null) {
      changed.remove(name);
    } else {
      changed.put(name, value);
    }
    return signed("RS256", "refresh+jwt", KEY.privateKey(), changed, Map.of());
  }

  private static String signed(
      String algorithm,
      String type,
      Key key,
      Map<String, Object> claims,
      Map<String, Object> header)
      throws JoseException {
    JsonWebSignature jws = new JsonWebSignature();
    jws.setAlgorithmConstraints(AlgorithmConstraints.NO_CONSTRAINTS);
    jws.setAlgorithmHeaderValue(algorithm);
    jws.setHeader("typ", type);
    header.forEach((name, value) -> jws.getHeaders().setObjectHeaderValue(name, value));
    jws.setDoKeyValidation(false);
    jws.setKey(key);
    jws.setPayload(JsonUtil.toJson(claims));
    return jws.getCompactSerialization();
  }

  private static String withHeader(String token, String header) {
    return encode(header) + token.substring(token.indexOf('.'));
  }

  private static String withClaims(String token, String claims) {
    List<String> parts = Splitter.on('.').splitToList(token);
    return parts.get(0) + "." + encode(claims) + "." + parts.get(2);
  }

  private static String encode(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  private static Map<String, Object> claims(RefreshToken token) throws JoseException {
    return JsonUtil.parseJson(text(token.value(), 1));
  }

  private static String text(String token, int part) {
    return new String(
        Base64.getUrlDecoder().decode(Splitter.on('.').splitToList(token).get(part)), UTF_8);
  }
}
