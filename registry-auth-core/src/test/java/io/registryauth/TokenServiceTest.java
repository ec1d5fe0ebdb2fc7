// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static io.registryauth.TestRequests.anonymous;
import static io.registryauth.TestRequests.basic;
import static io.registryauth.TestRequests.withBasic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import io.registryauth.scope.RequestedScopes;
import io.registryauth.scope.ScopeParser;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.TokenIssuer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenServiceTest {
  private static final String OWN = "service=reg&scope=repository:team-a/x:pull";

  private final TokenIssuer issuer = TokenIssuer.builder(TestKeys.signingKey()).build();
  private final List<String> usernames = new ArrayList<>();
  private final List<TokenDecision> decisions = new ArrayList<>();
  private final InMemoryCredentialStore store =
      new InMemoryCredentialStore().put("team-a", "pw-a").put("admin", "pw:admin");
  private final Authenticator authenticator =
      request -> {
        usernames.add(request.credentials().username());
        return new CredentialStoreAuthenticator(store).authenticate(request);
      };
  private final TokenService service = builder().build();

  private TokenService.Builder builder() {
    return TokenService.builder(issuer, authenticator)
        .service("reg")
        .authorizer(
            NamespaceAuthorizer.builder()
                .publicNamespaces(List.of(new NamespaceName("pub")))
                .adminNamespaces(List.of(new NamespaceName("admin")))
                .build())
        .listener(decisions::add);
  }

  // Granted

  @Test
  void issue_goodCredentials_grantsExactlyWhatIsAskedAndAllowed() {
    TokenResult.Issued issued = issued(withBasic("team-a", "pw-a", OWN + ",push,fly"));

    assertThat(issued.grant().subject()).isEqualTo("team-a");
    assertThat(issued.grant().audience()).isEqualTo("reg");
    assertThat(issued.grant().access())
        .extracting(Access::toString)
        .containsExactly("repository:team-a/x:pull,push");
    assertThat(issued.token().value()).matches("[\\w-]+\\.[\\w-]+\\.[\\w-]+");
  }

  @Test
  void issue_dockerLogin_isATokenWithoutAccess() {
    TokenResult.Issued issued =
        issued(
            withBasic(
                "team-a",
                "pw-a",
                "account=team-a&client_id=docker&offline_token=true&service=reg"));

    assertThat(issued.grant().subject()).isEqualTo("team-a");
    assertThat(issued.grant().access()).isEmpty();
  }

  @Test
  void issue_ownAndForeignRepository_grantsTheOwn() {
    assertThat(
            issued(withBasic("team-a", "pw-a", OWN + "&scope=repository:team-b/y:pull"))
                .grant()
                .access())
        .extracting(Access::toString)
        .containsExactly("repository:team-a/x:pull");
  }

  @Test
  void issue_noCredentialsOnPublicRepository_isATokenOfNobody() {
    TokenResult.Issued issued =
        issued(anonymous("service=reg&scope=repository:pub/img:pull,push+registry:catalog:*"));

    assertThat(issued.grant().subject()).isEmpty();
    assertThat(issued.grant().access())
        .extracting(Access::toString)
        .containsExactly("repository:pub/img:pull");
    assertThat(usernames).isEmpty();
  }

  @Test
  void issue_attackByPolicyThatAllowsMore_grantsOnlyWhatIsAsked() {
    TokenService generous =
        builder().authorizer(request -> Set.of("pull", "push", "delete", "*")).build();

    assertThat(generous.issue(withBasic("team-a", "pw-a", OWN)))
        .isInstanceOfSatisfying(
            TokenResult.Issued.class,
            issued ->
                assertThat(issued.grant().access())
                    .extracting(Access::toString)
                    .containsExactly("repository:team-a/x:pull"));
  }

  @Test
  void issue_malformedBesideWellFormed_isAsIfItWereNotThere() {
    TokenResult.Issued issued = issued(withBasic("team-a", "pw-a", OWN + "&scope=bogus"));

    assertThat(issued.grant().access()).hasSize(1);
    assertThat(decisions.get(0).asked().malformed()).hasSize(1);
  }

  @Test
  void issue_manyAtOnce_areAllGood() {
    List<TokenResult> results =
        IntStream.range(0, 6)
            .parallel()
            .mapToObj(
                i ->
                    TokenService.builder(issuer, new CredentialStoreAuthenticator(store))
                        .service("reg")
                        .build()
                        .issue(withBasic("team-a", "pw-a", OWN)))
            .toList();

    assertThat(results).hasSize(6).allMatch(TokenResult.Issued.class::isInstance);
  }

  // Denied

  @Test
  void issue_nothingGranted_isDenied() {
    TokenResult.Rejected rejected =
        rejected(
            withBasic(
                "team-a",
                "pw-a",
                "service=reg&scope=repository:b/y:pull&scope=registry:catalog:*"));

    assertThat(rejected)
        .isEqualTo(
            new TokenResult.Rejected(
                401,
                ErrorCode.DENIED,
                "The account team-a may have nothing of what is asked:"
                    + " repository:b/y:pull registry:catalog:*",
                "nothing-granted",
                "team-a"));
  }

  @Test
  void issue_nothingGrantedWithEmptyTokens_isATokenWithoutAccess() {
    TokenService lenient = builder().deniedResponse(DeniedResponse.EMPTY_TOKEN).build();

    assertThat(
            lenient.issue(
                withBasic("team-a", "pw-a", "service=reg&scope=repository:team-b/y:pull")))
        .isInstanceOfSatisfying(
            TokenResult.Issued.class,
            issued -> {
              assertThat(issued.grant().subject()).isEqualTo("team-a");
              assertThat(issued.grant().access()).isEmpty();
            });
  }

  // Unauthorized

  @ParameterizedTest
  @ValueSource(strings = {"unauthorized", "empty-token"})
  void issue_noCredentialsAndNothingPublic_isUnauthorized(String deniedResponse) {
    TokenService either = builder().deniedResponse(DeniedResponse.parse(deniedResponse)).build();

    for (String query : List.of(OWN, "service=reg", "service=reg&account=team-a")) {
      assertThat(either.issue(anonymous(query))).isEqualTo(unauthorized("no-credentials", ""));
    }
    assertThat(usernames).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "team-a, wrong, wrong-password, team-a",
    "team-b, pw-a, unknown-namespace, ''",
    "Team-A, pw-a, unknown-namespace, ''",
    "pw-a!secret, pw-a, unknown-namespace, ''",
    "'', pw-a, unknown-namespace, ''",
  })
  void issue_wrongCredentials_areAllTheSameToTheClient(
      String username, String password, String reason, String subject) {
    assertThat(rejected(withBasic(username, password, OWN)))
        .isEqualTo(unauthorized(reason, subject));
    assertThat(rejected(withBasic(username, password, "service=reg")))
        .isEqualTo(unauthorized(reason, subject));
  }

  @Test
  void issue_wrongCredentialsOnPublicRepository_areNotTakenForNone() {
    assertThat(rejected(withBasic("team-a", "wrong", "service=reg&scope=repository:pub/img:pull")))
        .isEqualTo(unauthorized("wrong-password", "team-a"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Bearer abc", "Basic", "Basic !", "Basic dGVhbS1h", "Basic dGVhbS1hOg=="})
  void issue_malformedCredentials_areUnauthorized(String authorization) {
    TokenRequest request =
        TokenRequest.builder()
            .query("service=reg&scope=repository:pub/img:pull")
            .authorization(authorization)
            .build();

    assertThat(rejected(request)).isEqualTo(unauthorized("malformed-credentials", ""));
    assertThat(usernames).isEmpty();
  }

  @Test
  void issue_passwordWithColons_works() {
    assertThat(
            service.issue(withBasic("admin", "pw:admin", "service=reg&scope=registry:catalog:*")))
        .isInstanceOf(TokenResult.Issued.class);
  }

  @Test
  void issue_accountOfAnother_isUnauthorizedWithoutVerification() {
    assertThat(rejected(withBasic("team-a", "pw-a", OWN + "&account=bob")))
        .isEqualTo(unauthorized("account-is-not-the-user-name", ""));
    assertThat(usernames).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"account=team-a", "account=", "account"})
  void issue_accountThatDoesNotContradict_isGood(String account) {
    assertThat(issued(withBasic("team-a", "pw-a", OWN + "&" + account)).grant().access())
        .hasSize(1);
  }

  // Bad requests

  @ParameterizedTest
  @ValueSource(strings = {"", "scope=repository:team-a/x:pull", "service=", "service"})
  void issue_noService_isABadRequestThatNamesIt(String query) {
    assertThat(rejected(withBasic("team-a", "pw-a", query)))
        .isEqualTo(
            bad(
                ErrorCode.MISSING_REQUIRED_FIELD,
                "service-missing",
                "The parameter service is missing; it must be reg"));
  }

  @ParameterizedTest
  @CsvSource({
    "service=other, \"other\"",
    "service=Reg, \"Reg\"",
    "service=reg+, \"reg \"",
    "service=reg&service=reg, \"reg\" and \"reg\"",
    "service=reg&service=other, \"reg\" and \"other\"",
    "service=&service=reg, \"\" and \"reg\"",
  })
  void issue_otherOrRepeatedService_isABadRequestThatNamesTheRightOne(String query, String quoted) {
    assertThat(rejected(withBasic("team-a", "pw-a", query)))
        .isEqualTo(
            bad(
                ErrorCode.UNSUPPORTED_VALUE,
                "service-unknown",
                "The parameter service is " + quoted + "; it must be reg"));
  }

  @Test
  void issue_attackWithLongValue_isQuotedInPart() {
    assertThat(rejected(anonymous("service=" + "x".repeat(200))).message())
        .contains("\"" + "x".repeat(200) + "\"");
    assertThat(rejected(anonymous("service=" + "x".repeat(201))).message())
        .contains("\"" + "x".repeat(200) + "…\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false", "1", "0", "", "true&offline_token=false"})
  void issue_booleanOfflineToken_isGood(String value) {
    assertThat(
            issued(withBasic("team-a", "pw-a", OWN + "&offline_token=" + value)).grant().access())
        .hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"maybe, \"maybe\"", "' ', \" \"", "true&offline_token=maybe, \"true\" and \"maybe\""})
  void issue_otherOfflineToken_isABadRequest(String value, String quoted) {
    assertThat(rejected(withBasic("team-a", "pw-a", OWN + "&offline_token=" + value)))
        .isEqualTo(
            bad(
                ErrorCode.BAD_TOKEN_OPTION,
                "offline-token-invalid",
                "The parameter offline_token is " + quoted + "; it must be true or false"));
  }

  @Test
  void issue_repeatedAccount_isABadRequest() {
    assertThat(rejected(withBasic("team-a", "pw-a", OWN + "&account=team-a&account=bob")))
        .isEqualTo(
            bad(
                ErrorCode.UNSUPPORTED_VALUE,
                "account-repeated",
                "The parameter account is \"team-a\" and \"bob\"; one is valid"));
  }

  @Test
  void issue_attackWithTwoAuthorizationHeaders_isABadRequest() {
    TokenRequest request =
        TokenRequest.builder()
            .query(OWN)
            .authorization(basic("team-a", "pw-a"))
            .authorization(basic("admin", "pw:admin"))
            .build();

    assertThat(rejected(request))
        .isEqualTo(
            bad(
                ErrorCode.UNSUPPORTED_VALUE,
                "authorization-repeated",
                "There are 2 Authorization headers; one is valid"));
    assertThat(usernames).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "bogus, a scope is type:name:actions",
    "repository:../x:pull, 'the name, between'",
    "Repository:a/b:pull, 'the type, before'",
  })
  void issue_allScopesMalformed_isABadRequestThatNamesTheFirst(String scope, String problem) {
    TokenResult.Rejected rejected =
        rejected(withBasic("team-a", "pw-a", "service=reg&scope=" + scope + "&scope=bogus2"));

    assertThat(rejected.status()).isEqualTo(400);
    assertThat(rejected.code()).isEqualTo(ErrorCode.UNSUPPORTED_VALUE);
    assertThat(rejected.reason()).isEqualTo("scope-malformed");
    assertThat(rejected.message())
        .startsWith("The scope \"" + scope + "\" is malformed: " + problem);
    assertThat(usernames).isEmpty();
  }

  @Test
  void issue_unreadableRequest_isRefusedAsItSays() {
    TokenRequest request = anonymous("service=%zz");

    assertThat(rejected(request)).isEqualTo(request.unreadable().orElseThrow());
    assertThat(rejected(request).reason()).isEqualTo("query-encoding");
  }

  // Cannot tell

  @Test
  void issue_storeFails_isUnavailableAndNeverWrong() {
    CredentialStoreException cause = new CredentialStoreException("down");
    TokenService failing =
        TokenService.builder(
                issuer,
                credentials -> {
                  throw cause;
                })
            .build();

    assertThat(failing.issue(withBasic("team-a", "pw-a", "service=docker-registry")))
        .isEqualTo(
            new TokenResult.Rejected(
                503,
                ErrorCode.UNAVAILABLE,
                "The credentials cannot be verified now; try again",
                "credentials-unavailable",
                "",
                Optional.of(Duration.ofSeconds(5)),
                Optional.of(cause)));
  }

  @Test
  void issue_authenticatorThatDoesNotLook_isTooManyRequestsInWholeSeconds() {
    TokenService throttling =
        TokenService.builder(
                issuer, request -> new AuthenticationResult.Throttled(Duration.ofMillis(2_001)))
            .build();

    assertThat(throttling.issue(withBasic("team-a", "pw-a", "service=docker-registry")))
        .isEqualTo(
            new TokenResult.Rejected(
                429,
                ErrorCode.TOOMANYREQUESTS,
                "Too many credentials from here were wrong; try again in 3 s",
                "too-many-failed-attempts",
                "",
                Optional.of(Duration.ofSeconds(3)),
                Optional.empty()));
  }

  @Test
  void issue_tellsTheAuthenticatorWhereTheClientIs() {
    List<String> addresses = new ArrayList<>();
    TokenService noting =
        TokenService.builder(
                issuer,
                request -> {
                  addresses.add(request.clientAddress());
                  return authenticator.authenticate(request);
                })
            .service("reg")
            .build();

    TokenResult issued =
        noting.issue(
            TokenRequest.builder()
                .query("service=reg")
                .authorization(TestRequests.basic("team-a", "pw-a"))
                .clientAddress("192.0.2.7")
                .build());

    assertThat(issued).isInstanceOf(TokenResult.Issued.class);
    assertThat(addresses).containsExactly("192.0.2.7");
  }

  @Test
  void issue_bugInTheAuthenticator_isUnavailable() {
    IllegalStateException bug = new IllegalStateException("bug");
    TokenService failing =
        TokenService.builder(
                issuer,
                credentials -> {
                  throw bug;
                })
            .build();

    TokenResult result = failing.issue(withBasic("team-a", "pw-a", "service=docker-registry"));

    assertThat(result)
        .isInstanceOfSatisfying(
            TokenResult.Rejected.class,
            rejected -> {
              assertThat(rejected.status()).isEqualTo(503);
              assertThat(rejected.cause()).contains(bug);
            });
  }

  @Test
  void issue_bugInTheAuthorizer_isPassedOn() {
    TokenService failing =
        TokenService.builder(
                issuer,
                credentials ->
                    new AuthenticationResult.Authenticated(
                        new Identity.Tenant(new NamespaceName("team-a"))))
            .authorizer(
                request -> {
                  throw new IllegalStateException("bug");
                })
            .build();
    TokenRequest request =
        withBasic("team-a", "pw-a", "service=docker-registry&scope=repository:team-a/x:pull");

    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> failing.issue(request));
  }

  @Test
  void attack_authorizerThatAllowsWhatIsNoAction_isPassedOnByItsName() {
    TokenService failing =
        builder().authorizer(request -> Set.of("pull\",\"name\":\"team-b/x")).build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> failing.issue(withBasic("team-a", "pw-a", OWN.replace(":pull", ":*"))))
        .withMessageContaining(
            "allows the action \"pull\",\"name\":\"team-b/x\" on repository:team-a/x;");
  }

  @Test
  void respond_isTheResponseOfWhatIsIssued() {
    TokenService failing =
        TokenService.builder(
                issuer, new CredentialStoreAuthenticator(new InMemoryCredentialStore()))
            .build();
    TokenRequest request = TokenRequest.builder().requestId("id-1").build();

    assertThat(failing.respond(request))
        .isEqualTo(TokenResponse.of(failing.issue(request), request, "docker-registry"));
  }

  // Listener

  @Test
  void issue_anyRequest_isToldToTheListenerOnce() {
    List<TokenRequest> requests =
        List.of(
            withBasic("team-a", "pw-a", OWN),
            withBasic("team-a", "pw-a", OWN + "&scope=bogus"),
            withBasic("team-a", "pw-a", "service=reg&scope=repository:team-b/y:pull"),
            withBasic("team-a", "wrong", OWN),
            anonymous(OWN),
            anonymous("service=other"),
            anonymous("service=reg&scope=bogus"),
            anonymous("service=%zz"));
    for (TokenRequest request : requests) {
      decisions.clear();

      TokenResult result = service.issue(request);

      RequestedScopes asked = ScopeParser.parse(request.parameter("scope"));
      assertThat(decisions).containsExactly(new TokenDecision(request, asked, result));
      assertThat(decisions.get(0).result()).isSameAs(result);
    }
  }

  @Test
  void issue_listenerFails_issuesNothing() {
    TokenService unaudited =
        builder()
            .listener(
                decision -> {
                  throw new IllegalStateException("no audit");
                })
            .build();

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> unaudited.issue(withBasic("team-a", "pw-a", OWN)))
        .withMessage("no audit");
  }

  // Settings

  @Test
  void builder_withoutSettings_isThatOfTheDocument() {
    TokenService defaults = TokenService.builder(issuer, authenticator).build();

    assertThat(defaults.service()).isEqualTo("docker-registry");
    assertThat(defaults.issue(withBasic("team-a", "pw-a", OWN.replace("reg", "docker-registry"))))
        .isInstanceOfSatisfying(
            TokenResult.Issued.class,
            issued -> assertThat(issued.grant().audience()).isEqualTo("docker-registry"));
    assertThat(defaults.issue(anonymous("service=docker-registry&scope=repository:pub/img:pull")))
        .isEqualTo(unauthorized("no-credentials", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reg", "my registry", "a.b:5000/~!"})
  void service_printableName_isKept(String name) {
    assertThat(builder().service(name).build().service()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a\"b", "a\\b", "a\r\nX: y", "a\u0000", "a\u007f", "é"})
  void service_attackOnTheHeaderItStandsIn_isRefused(String name) {
    TokenService.Builder builder = builder();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.service(name))
        .withMessage(
            "The service is \""
                + name
                + "\"; valid is printable ASCII without quote and backslash");
  }

  private TokenResult.Issued issued(TokenRequest request) {
    return (TokenResult.Issued) service.issue(request);
  }

  private TokenResult.Rejected rejected(TokenRequest request) {
    return (TokenResult.Rejected) service.issue(request);
  }

  private static TokenResult.Rejected unauthorized(String reason, String subject) {
    return new TokenResult.Rejected(
        401,
        ErrorCode.UNAUTHORIZED,
        "Authentication is required: the credentials are absent or wrong",
        reason,
        subject);
  }

  private static TokenResult.Rejected bad(ErrorCode code, String reason, String message) {
    return new TokenResult.Rejected(400, code, message, reason);
  }
}
