// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static io.registryauth.TestRequests.basic;
import static io.registryauth.TestRequests.withBasic;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.TestKeys;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshToken;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** POST, as the OAuth2 specification of the registry has it, and refresh tokens by GET too. */
class OAuthTest {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String COMMON = "service=reg&client_id=test&";
  private static final String PASSWORD =
      COMMON + "grant_type=password&username=team-a&password=pw-a";
  private static final String OWN = "&scope=repository:team-a/x:pull,push";

  private final InMemoryCredentialStore store =
      new InMemoryCredentialStore().put("team-a", "pw-a").put("team-b", "pw-b");
  private final TokenService service = service(store);

  private static TokenService service(CredentialStore store) {
    return builder(store)
        .refreshTokens(RefreshTokens.builder(TestKeys.signingKey(), store).build())
        .build();
  }

  private static TokenService.Builder builder(CredentialStore store) {
    return TokenService.builder(
            TokenIssuer.builder(TestKeys.signingKey()).build(),
            new CredentialStoreAuthenticator(store))
        .service("reg");
  }

  private static TokenRequest post(String form) {
    return TokenRequest.builder().form(FORM, form.getBytes(UTF_8)).build();
  }

  private Map<String, Object> answer(TokenRequest request) throws JoseException {
    TokenResponse response = service.respond(request);
    assertThat(response.status()).as(response.body()).isEqualTo(200);
    return JsonUtil.parseJson(response.body());
  }

  private String refreshToken() throws JoseException {
    return (String) answer(post(PASSWORD + "&access_type=offline")).get("refresh_token");
  }

  private static String refresh(String token) {
    return COMMON + "grant_type=refresh_token&refresh_token=" + token;
  }

  private String refusal(TokenRequest request) {
    return refusal(service.issue(request));
  }

  private static String refusal(TokenResult result) {
    assertThat(result).isInstanceOf(TokenResult.Rejected.class);
    TokenResult.Rejected rejected = (TokenResult.Rejected) result;
    return rejected.status() + " " + rejected.code() + " " + rejected.reason();
  }

  // Password grants

  @Test
  void passwordGrant_scopes_areAnsweredWithWhatIsGranted() throws JoseException {
    Map<String, Object> answer =
        answer(post(PASSWORD + "&scope=repository:team-b/y:pull+repository:team-a/x:pull,push"));

    assertThat(answer.keySet())
        .containsExactly("token", "access_token", "expires_in", "issued_at", "scope");
    assertThat(answer)
        .containsEntry("access_token", answer.get("token"))
        .containsEntry("scope", "repository:team-a/x:pull,push");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "&scope=repository:team-a/x:pull&scope=repository:team-a/y:push",
        "&scope=repository:team-a/x:pull+repository:team-a/y:push",
        "&scope=repository:team-a/x:pull%20repository:team-a/y:push&scope=repository:team-a/x:pull",
      })
  void passwordGrant_joinedOrRepeatedScopes_areUnited(String scopes) throws JoseException {
    assertThat(answer(post(PASSWORD + scopes)))
        .containsEntry("scope", "repository:team-a/x:pull repository:team-a/y:push");
  }

  @Test
  void passwordGrant_login_hasAnEmptyScope() throws JoseException {
    assertThat(answer(post(PASSWORD))).containsEntry("scope", "");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded;charset=ISO-8859-1",
        "Application/X-WWW-Form-URLEncoded ",
      })
  void contentType_withParameters_isAccepted(String type) throws JoseException {
    assertThat(answer(TokenRequest.builder().form(type, PASSWORD.getBytes(UTF_8)).build()))
        .containsKey("access_token");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {"", "application/json", "text/plain", "application/x-www-form-urlencodedx"})
  void contentType_other_isABadRequest(String type) {
    assertThat(refusal(TokenRequest.builder().form(type, PASSWORD.getBytes(UTF_8)).build()))
        .isEqualTo("400 UNSUPPORTED_VALUE content-type-unknown");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x=%zz", "x=%C0%AF", "service=other&service=reg", "TOO-LONG"})
  void query_ofAPost_isNotEvenRead(String query) throws JoseException {
    String text = query.replace("TOO-LONG", "x".repeat(9000));

    assertThat(
            answer(TokenRequest.builder().query(text).form(FORM, PASSWORD.getBytes(UTF_8)).build()))
        .containsKey("access_token");
    assertThat(
            answer(TokenRequest.builder().form(FORM, PASSWORD.getBytes(UTF_8)).query(text).build()))
        .containsKey("access_token");
  }

  @Test
  void attack_authorizationThatIsTooLong_isRefusedWhateverElseIsWrong() {
    TokenRequest request =
        TokenRequest.builder()
            .authorization("x".repeat(2049))
            .query("x=%zz")
            .form(FORM, new byte[0])
            .build();

    assertThat(refusal(request)).isEqualTo("431 UNSUPPORTED authorization-too-long");
  }

  @Test
  void query_ofAPost_doesNotCount() {
    TokenRequest request =
        TokenRequest.builder().query(PASSWORD).form(FORM, new byte[0]).query(PASSWORD).build();

    assertThat(refusal(request)).isEqualTo("400 MISSING_REQUIRED_FIELD service-missing");
  }

  @Test
  void form_ofEightKibibytes_isRead_andALongerOneIsRefused() throws JoseException {
    String longest = PASSWORD + "&x=" + "y".repeat(8192 - 3 - PASSWORD.length());

    assertThat(answer(post(longest))).containsKey("access_token");
    assertThat(refusal(post(longest + "y"))).isEqualTo("413 UNSUPPORTED form-too-long");
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret%zz", "secret%C0%AF", "secret%2"})
  void attack_brokenEncoding_isABadRequestThatDoesNotShowIt(String password) {
    TokenRequest request = post(COMMON + "grant_type=password&username=u&password=" + password);

    assertThat(refusal(request)).isEqualTo("400 UNSUPPORTED_VALUE form-encoding");
    assertThat(service.respond(request).body()).doesNotContain("secret");
  }

  @Test
  void attack_bytesThatAreNotUtf8_areABadRequest() {
    byte[] form = (PASSWORD + "\u00ff").getBytes(ISO_8859_1);

    assertThat(refusal(TokenRequest.builder().form(FORM, form).build()))
        .isEqualTo("400 UNSUPPORTED_VALUE form-encoding");
  }

  @ParameterizedTest
  @CsvSource({
    "service=reg&client_id=c, 400 MISSING_REQUIRED_FIELD grant-type-missing",
    "service=reg&client_id=c&grant_type=, 400 MISSING_REQUIRED_FIELD grant-type-missing",
    "service=reg&client_id=c&grant_type=code, 400 UNSUPPORTED_VALUE grant-type-unknown",
    "service=reg&client_id=c&grant_type=Password, 400 UNSUPPORTED_VALUE grant-type-unknown",
    "service=reg&grant_type=password, 400 MISSING_REQUIRED_FIELD client-id-missing",
    "service=reg&grant_type=password&client_id=, 400 MISSING_REQUIRED_FIELD client-id-missing",
    "client_id=c&grant_type=password, 400 MISSING_REQUIRED_FIELD service-missing",
    "service=other&client_id=c&grant_type=password, 400 UNSUPPORTED_VALUE service-unknown",
    "service=reg&client_id=c&grant_type=password&password=p,"
        + " 400 MISSING_REQUIRED_FIELD username-missing",
    "service=reg&client_id=c&grant_type=password&username=team-a,"
        + " 400 MISSING_REQUIRED_FIELD password-missing",
    "service=reg&client_id=c&grant_type=refresh_token,"
        + " 400 MISSING_REQUIRED_FIELD refresh-token-missing",
  })
  void form_withoutWhatIsRequired_isABadRequest(String form, String refusal) {
    assertThat(refusal(post(form))).isEqualTo(refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "grant_type=password, grant-type-repeated",
    "grant_type=refresh_token, grant-type-repeated",
    "client_id=x, client-id-repeated",
    "username=team-b, username-repeated",
    "password=pw-b, password-repeated",
    "access_type=online&access_type=offline, access-type-repeated",
    "access_type=maybe, access-type-invalid",
    "access_type=&access_type=offline, access-type-repeated",
    "account=a&account=b, account-repeated",
    "service=reg, service-unknown",
    "scope=bogus, scope-malformed",
  })
  void attack_ambiguousForm_isABadRequest(String more, String reason) {
    assertThat(refusal(post(PASSWORD + "&" + more))).isEqualTo("400 UNSUPPORTED_VALUE " + reason);
  }

  @Test
  void attack_repeatedSecret_isNotShown() {
    assertThat(service.respond(post(PASSWORD + "&password=secret")).body())
        .contains("comes 2 times")
        .doesNotContain("secret", "pw-a");
  }

  @ParameterizedTest
  @CsvSource({
    "team-a, wrong, wrong-password",
    "team-b, pw-a, wrong-password",
    "nobody, pw-a, unknown-namespace",
    "../team-a, pw-a, unknown-namespace",
    "team-a, '', malformed-credentials",
    "'', pw-a, unknown-namespace",
    "team-a, pw-a%0A, malformed-credentials",
  })
  void passwordGrant_wrongCredentials_areUnauthorized(
      String username, String password, String reason) {
    String form = COMMON + "grant_type=password&username=" + username + "&password=" + password;

    assertThat(refusal(post(form))).isEqualTo("401 UNAUTHORIZED " + reason);
  }

  @Test
  void passwordGrant_foreignRepository_isDenied() {
    assertThat(refusal(post(PASSWORD + "&scope=repository:team-b/y:pull")))
        .isEqualTo("401 DENIED nothing-granted");
  }

  @ParameterizedTest
  @CsvSource({
    "team-b, pw-b, malformed-credentials",
    "team-a, wrong, malformed-credentials",
  })
  void attack_headerThatContradictsTheForm_isRefused(
      String username, String password, String reason) {
    assertThat(refusal(withHeader(basic(username, password), PASSWORD)))
        .isEqualTo("401 UNAUTHORIZED " + reason);
  }

  @Test
  void header_thatSaysTheSame_isGood() throws JoseException {
    assertThat(answer(withHeader(basic("team-a", "pw-a"), PASSWORD))).containsKey("access_token");
  }

  private static TokenRequest withHeader(String authorization, String form) {
    return TokenRequest.builder()
        .authorization(authorization)
        .form(FORM, form.getBytes(UTF_8))
        .build();
  }

  @Test
  void attack_headerInThePlaceOfTheForm_isABadRequest() {
    assertThat(
            refusal(
                withHeader(basic("team-a", "pw-a"), COMMON + "grant_type=password&scope=a:b:c")))
        .isEqualTo("400 MISSING_REQUIRED_FIELD username-missing");
  }

  @Test
  void attack_accountOfAnother_isRefused() throws JoseException {
    assertThat(refusal(post(PASSWORD + "&account=team-b")))
        .isEqualTo("401 UNAUTHORIZED account-is-not-the-user-name");
    assertThat(refusal(post(refresh(refreshToken()) + "&account=team-b")))
        .isEqualTo("401 UNAUTHORIZED account-is-not-the-user-name");
  }

  // Refresh tokens

  @Test
  void offlineAccess_byPost_givesARefreshToken() throws JoseException {
    assertThat(answer(post(PASSWORD + "&access_type=offline"))).containsKey("refresh_token");
    assertThat(answer(post(PASSWORD + "&access_type=online"))).doesNotContainKey("refresh_token");
    assertThat(answer(post(PASSWORD + "&access_type="))).doesNotContainKey("refresh_token");
    assertThat(answer(post(PASSWORD + "&offline_token=true"))).doesNotContainKey("refresh_token");
  }

  @ParameterizedTest
  @CsvSource({"true, true", "1, true", "false, false", "0, false", "'', false"})
  void offlineToken_byGet_givesARefreshToken(String value, boolean given) throws JoseException {
    Map<String, Object> answer =
        answer(withBasic("team-a", "pw-a", "service=reg&offline_token=" + value));

    assertThat(answer.containsKey("refresh_token")).isEqualTo(given);
    assertThat(answer).doesNotContainKey("scope");
  }

  @Test
  void refreshGrant_twice_givesTokensAndTheSameRefreshToken() throws JoseException {
    String token = refreshToken();

    Map<String, Object> first = answer(post(refresh(token) + OWN));
    Map<String, Object> second = answer(post(refresh(token) + OWN));

    assertThat(first)
        .containsEntry("refresh_token", token)
        .containsEntry("scope", "repository:team-a/x:pull,push");
    assertThat(second).containsEntry("refresh_token", token);
    assertThat(second.get("access_token")).isNotEqualTo(first.get("access_token"));
  }

  @Test
  void refreshGrant_foreignRepository_isDenied() throws JoseException {
    assertThat(refusal(post(refresh(refreshToken()) + "&scope=repository:team-b/y:pull")))
        .isEqualTo("401 DENIED nothing-granted");
  }

  @Test
  void attack_refreshTokenAfterPasswordChange_isUnauthorized() throws JoseException {
    String token = refreshToken();
    store.put("team-a", "new");

    assertThat(refusal(post(refresh(token))))
        .isEqualTo("401 UNAUTHORIZED refresh-token-of-another-password");
  }

  /** The audit log tells by it which client still has one that was taken away. */
  @Test
  void refreshGrant_refused_tellsTheListenerWhichTokenItWas() throws JoseException {
    String token = refreshToken();
    for (String form :
        List.of(
            refresh(token) + "&account=team-b",
            refresh(token) + "&scope=repository:team-b/y:pull")) {
      assertThat(rejected(post(form)).refreshToken().map(RefreshToken::value)).contains(token);
    }
    store.put("team-a", "new");
    assertThat(rejected(post(refresh(token))).refreshToken().map(RefreshToken::value))
        .contains(token);
    String forged = token.substring(0, token.length() - 4) + "AAAA";
    assertThat(rejected(post(refresh(forged))).refreshToken()).isEmpty();
  }

  private TokenResult.Rejected rejected(TokenRequest request) {
    return (TokenResult.Rejected) service.issue(request);
  }

  /** Of the account's {@code expires}, or of the previous password's. */
  @Test
  void passwordThatEnds_itsTokensEndWithIt() throws JoseException {
    StoredPassword password =
        StoredPassword.of(Password.of("pw-c")).until(Instant.now().plusSeconds(100));
    CredentialStore ending =
        lookup -> Optional.of(new StoredCredentials("team-c", List.of(password)));
    TokenService service = service(ending);
    String form = COMMON + "grant_type=password&username=team-c&password=pw-c&access_type=offline";
    Map<String, Object> answer = JsonUtil.parseJson(service.respond(post(form)).body());
    assertThat((Long) answer.get("expires_in")).isBetween(60L, 100L);
    String again = service.respond(post(refresh((String) answer.get("refresh_token")))).body();
    assertThat((Long) JsonUtil.parseJson(again).get("expires_in")).isBetween(60L, 100L);
  }

  @Test
  void attack_refreshTokenAfterDeletion_isUnauthorized() throws JoseException {
    String token = refreshToken();
    store.remove(AccountName.of(new NamespaceName("team-a")));

    assertThat(refusal(post(refresh(token)))).isEqualTo("401 UNAUTHORIZED unknown-namespace");
  }

  @Test
  void attack_accessTokenAsRefreshToken_isUnauthorized() throws JoseException {
    assertThat(refusal(post(refresh((String) answer(post(PASSWORD + OWN)).get("token")))))
        .isEqualTo("401 UNAUTHORIZED refresh-token-invalid");
  }

  @Test
  void attack_refreshTokenOfAnotherService_isUnauthorized() throws JoseException {
    TokenService other =
        builder(store)
            .service("other")
            .refreshTokens(RefreshTokens.builder(TestKeys.signingKey(), store).build())
            .build();
    String form = refresh(refreshToken()).replace("service=reg", "service=other");

    assertThat(refusal(other.issue(post(form))))
        .isEqualTo("401 UNAUTHORIZED refresh-token-invalid");
  }

  @Test
  void attack_refreshTokenAsPassword_isUnauthorized() throws JoseException {
    String token = refreshToken();

    assertThat(refusal(withBasic("team-a", token, "service=reg")))
        .isEqualTo("401 UNAUTHORIZED wrong-password");
    assertThat(
            refusal(
                TokenRequest.builder()
                    .query("service=reg")
                    .authorization("Bearer " + token)
                    .build()))
        .isEqualTo("401 UNAUTHORIZED malformed-credentials");
  }

  @Test
  void attack_headerBesideARefreshToken_isRefused() throws JoseException {
    assertThat(refusal(withHeader(basic("team-b", "pw-b"), refresh(refreshToken()))))
        .isEqualTo("401 UNAUTHORIZED authorization-beside-a-refresh-token");
  }

  @Test
  void refreshGrant_storeFails_isUnavailable() throws JoseException {
    String token = refreshToken();
    TokenService failing =
        service(
            lookup -> {
              throw new CredentialStoreException("down");
            });

    assertThat(refusal(failing.issue(post(refresh(token)))))
        .isEqualTo("503 UNAVAILABLE credentials-unavailable");
  }

  @Test
  void refreshTokens_turnedOff_areNeitherGivenNorTaken() throws JoseException {
    String token = refreshToken();
    RefreshTokens off =
        RefreshTokens.builder(TestKeys.signingKey(), store).lifetime(Duration.ZERO).build();

    for (TokenService without :
        new TokenService[] {builder(store).build(), builder(store).refreshTokens(off).build()}) {
      assertThat(without.respond(post(PASSWORD + "&access_type=offline")))
          .satisfies(response -> assertThat(response.status()).isEqualTo(200))
          .satisfies(response -> assertThat(response.body()).doesNotContain("refresh_token"));
      assertThat(refusal(without.issue(post(refresh(token)))))
          .isEqualTo("401 UNAUTHORIZED refresh-token-invalid");
    }
  }

  @Test
  void offlineAccess_authenticatorWithoutStoredPassword_givesNone() {
    TokenService verifiesElsewhere =
        TokenService.builder(
                TokenIssuer.builder(TestKeys.signingKey()).build(),
                credentials ->
                    new AuthenticationResult.Authenticated(
                        new Identity.Tenant(new NamespaceName("team-a"))))
            .service("reg")
            .refreshTokens(RefreshTokens.builder(TestKeys.signingKey(), store).build())
            .build();

    assertThat(verifiesElsewhere.respond(post(PASSWORD + "&access_type=offline")).body())
        .contains("access_token")
        .doesNotContain("refresh_token");
  }

  @Test
  void build_serviceThatIsTheAudienceOfRefreshTokens_isRefused() {
    TokenService.Builder builder =
        builder(store)
            .service("registry-token-issuer/refresh")
            .refreshTokens(RefreshTokens.builder(TestKeys.signingKey(), store).build());

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage(
            "The service is \"registry-token-issuer/refresh\", which is the audience of refresh"
                + " tokens; valid is any other");
  }

  @Test
  void grantType_isOneOfTheKnown_orNothing() {
    assertThat(post(PASSWORD).grantType()).isEqualTo("password");
    assertThat(post("grant_type=refresh_token").grantType()).isEqualTo("refresh_token");
    assertThat(post("grant_type=a-secret").grantType()).isEmpty();
    assertThat(TokenRequest.builder().query("grant_type=password").build().grantType()).isEmpty();
  }
}
