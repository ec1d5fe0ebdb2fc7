// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.DeniedResponse;
import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.servlet.Container.Mounted;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every container must answer alike. {@code /auth} refuses what may not be had, {@code /empty}
 * answers it with an empty token, {@code /down} has a store that fails, {@code /faulty} one with a
 * bug, {@code /broken} a listener with one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ServletContract {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String GOOD_FORM =
      "grant_type=password&service=reg&client_id=x&username=team&password=team-password";
  private static final String TEAM = RawHttp.basic("team", "team-password");

  private Container container;
  private RawHttp http;
  private Answers answers;

  private static final int LARGE = 50_000;

  abstract Container container(Path directory);

  @BeforeAll
  void startContainer(@TempDir Path directory) throws Exception {
    SigningKey key = generateKey();
    CredentialStore store =
        new InMemoryCredentialStore()
            .put("team", "team-password")
            .put("colon", "a:b::c")
            .put("unicode", "pässwörd-日本")
            .put("root", "root-password");
    container = container(directory);
    String jwks = new JwksBuilder().add(key.verificationKey()).build();
    int port =
        container.start(
            Map.of(
                "/auth",
                Mounted.of(new TokenServlet(service(key, store, DeniedResponse.UNAUTHORIZED))),
                "/empty",
                Mounted.of(new TokenServlet(service(key, store, DeniedResponse.EMPTY_TOKEN))),
                "/down",
                Mounted.of(
                    new TokenServlet(
                        service(
                            key,
                            lookup -> {
                              throw new CredentialStoreException("The secret host is down");
                            },
                            DeniedResponse.UNAUTHORIZED))),
                "/faulty",
                Mounted.of(
                    new TokenServlet(
                        service(
                            key,
                            lookup -> {
                              throw new IllegalStateException("The secret fault");
                            },
                            DeniedResponse.UNAUTHORIZED))),
                "/broken",
                Mounted.of(new TokenServlet(brokenService(key, store))),
                "/jwks.json",
                Mounted.of(new JwksServlet(() -> jwks)),
                "/large.json",
                Mounted.of(new JwksServlet(() -> "x".repeat(LARGE))),
                "/healthz",
                Mounted.of(new HealthServlet()),
                "/readyz",
                Mounted.of(new HealthServlet(() -> Optional.of("the store is away")))));
    http = new RawHttp(port);
    answers = new Answers(http.get("/jwks.json").body());
  }

  private static SigningKey generateKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    return SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed("test-key"));
  }

  private static TokenService service(
      SigningKey key, CredentialStore store, DeniedResponse denied) {
    NamespaceAuthorizer policy =
        NamespaceAuthorizer.builder()
            .publicNamespaces(Set.of(new NamespaceName("pub")))
            .sharedNamespaces(Set.of(new NamespaceName("ro")))
            .adminNamespaces(Set.of(new NamespaceName("root")))
            .build();
    return TokenService.builder(
            TokenIssuer.builder(key).build(), new CredentialStoreAuthenticator(store))
        .service("reg")
        .authorizer(policy)
        .deniedResponse(denied)
        .refreshTokens(RefreshTokens.builder(key, store).build())
        .build();
  }

  private static TokenService brokenService(SigningKey key, CredentialStore store) {
    return TokenService.builder(
            TokenIssuer.builder(key).build(), new CredentialStoreAuthenticator(store))
        .service("reg")
        .listener(
            decision -> {
              throw new IllegalStateException("The secret fault");
            })
        .build();
  }

  @AfterAll
  void stopContainer() throws Exception {
    container.stop();
  }

  @ParameterizedTest(name = "{0}")
  @CsvFileSource(resources = "requests.txt", delimiter = '|', numLinesToSkip = 1)
  void request_ofTheTable_isAnsweredAsItSays(
      String name, String credentials, String query, String atEmpty, String atAuth)
      throws Exception {
    assertThat(answer(http.get("/empty?" + query, header(credentials)))).isEqualTo(atEmpty);
    assertThat(answer(http.get("/auth?" + query, header(credentials)))).isEqualTo(atAuth);
  }

  private static String[] header(String credentials) {
    if (credentials.equals("-")) {
      return new String[0];
    }
    if (credentials.startsWith("raw ")) {
      return new String[] {"Authorization: " + credentials.substring(4)};
    }
    int colon = credentials.indexOf(':');
    return new String[] {
      RawHttp.basic(credentials.substring(0, colon), credentials.substring(colon + 1))
    };
  }

  /** {@code REFRESH} in a form is a refresh token of team, and {@code ACCESS} a token. */
  @ParameterizedTest(name = "{0}")
  @CsvFileSource(resources = "forms.txt", delimiter = '|', numLinesToSkip = 1)
  void form_ofTheTable_isAnsweredAsItSays(
      String name, String credentials, String form, String expected) throws Exception {
    Map<String, Object> tokens = http.get("/auth?service=reg&offline_token=true", TEAM).json();
    String refreshToken = (String) tokens.get("refresh_token");
    String sent =
        form.replace("REFRESH", refreshToken).replace("ACCESS", (String) tokens.get("token"));

    RawHttp.Response response = post("/auth", FORM, sent, header(credentials));

    assertThat(answer(response)).isEqualTo(expected);
    if (form.contains("=REFRESH") && response.status() == 200) {
      assertThat(response.json()).containsEntry("refresh_token", refreshToken);
    }
  }

  private RawHttp.Response post(String path, String type, String body, String... headers)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(headers));
    all.add("Content-Type: " + type);
    all.add("Content-Length: " + body.length());
    return http.send("POST", path, body, all.toArray(new String[0]));
  }

  private String answer(RawHttp.Response response) throws Exception {
    return answers.of(response);
  }

  @Test
  void token_ofNobody_hasAnEmptySubject() throws Exception {
    RawHttp.Response response = http.get("/auth?service=reg&scope=repository:pub/img:pull");

    JwtClaims claims = answers.claims(response);

    assertThat(claims.getSubject()).isEmpty();
  }

  @Test
  void unknownNamespace_isToldNothingThatAWrongPasswordIsNot() throws Exception {
    String query = "/auth?service=reg&scope=repository:team/app:pull";
    String id = "X-Request-Id: same";

    RawHttp.Response wrong = http.get(query, RawHttp.basic("team", "wrong"), id);
    RawHttp.Response unknown = http.get(query, RawHttp.basic("nobody", "wrong"), id);
    RawHttp.Response none = http.get(query, id);

    assertThat(unknown.body()).isEqualTo(wrong.body()).isEqualTo(none.body());
    assertThat(withoutDate(unknown)).isEqualTo(withoutDate(wrong)).isEqualTo(withoutDate(none));
  }

  private static Map<String, String> withoutDate(RawHttp.Response response) {
    Map<String, String> headers = new HashMap<>(response.headers());
    headers.remove("date");
    return headers;
  }

  @Test
  void twoAuthorizationHeaders_areRefused_evenIfBothAreGood() throws Exception {
    assertThat(answer(http.get("/auth?service=reg", TEAM, TEAM)))
        .isEqualTo("400 UNSUPPORTED_VALUE");
  }

  @Test
  void scopes_upToSixteen_areGranted_andMoreAreRefused() throws Exception {
    assertThat(answer(http.get("/auth?service=reg" + scopes(16), TEAM)))
        .startsWith("200 repository:team/r0:pull")
        .endsWith("repository:team/r15:pull");
    assertThat(answer(http.get("/auth?service=reg" + scopes(17), TEAM)))
        .isEqualTo("400 UNSUPPORTED_VALUE");
  }

  private static String scopes(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "&scope=repository:team/r" + i + ":pull")
        .collect(Collectors.joining());
  }

  @Test
  void fiveHundredScopes_areRefused() throws Exception {
    assertThat(answer(http.get("/auth?service=reg" + scopes(500), TEAM)))
        .isEqualTo("414 UNSUPPORTED");
  }

  @Test
  void query_ofEightKibibytes_isRead_andALongerOneIsRefused() throws Exception {
    String start = "service=reg&client_id=";
    String longest = start + "x".repeat(8192 - start.length());

    assertThat(answer(http.get("/auth?" + longest, TEAM))).isEqualTo("200 []");
    assertThat(answer(http.get("/auth?" + longest + "x", TEAM))).isEqualTo("414 UNSUPPORTED");
  }

  @Test
  void authorization_thatIsTooLong_isRefused() throws Exception {
    String header = "Authorization: Basic " + "A".repeat(4096);

    assertThat(answer(http.get("/auth?service=reg", header))).isEqualTo("431 UNSUPPORTED");
  }

  @Test
  void name_of255Characters_isGranted_andALongerOneIsMalformed() throws Exception {
    String longest = "team/" + "a".repeat(250);
    String scope = "/auth?service=reg&scope=repository:";

    assertThat(answer(http.get(scope + longest + ":pull", TEAM)))
        .isEqualTo("200 repository:" + longest + ":pull");
    assertThat(answer(http.get(scope + longest + "a:pull", TEAM)))
        .isEqualTo("400 UNSUPPORTED_VALUE");
  }

  @ParameterizedTest
  @CsvSource({
    "application/x-www-form-urlencoded; charset=utf-8, 200 []",
    "application/x-www-form-urlencoded;charset=UTF-8, 200 []",
    "APPLICATION/X-WWW-FORM-URLENCODED, 200 []",
    "application/json, 400 UNSUPPORTED_VALUE",
    "multipart/form-data; boundary=x, 400 UNSUPPORTED_VALUE",
    "text/plain, 400 UNSUPPORTED_VALUE",
  })
  void post_ofAnotherType_isRefused_soThatClientsFallBackToGet(String type, String expected)
      throws Exception {
    assertThat(answer(post("/auth", type, GOOD_FORM))).isEqualTo(expected);
  }

  @Test
  void post_withoutTypeOrBody_isRefused() throws Exception {
    assertThat(answer(http.send("POST", "/auth", "", "Content-Length: 0")))
        .isEqualTo("400 UNSUPPORTED_VALUE");
    assertThat(answer(post("/auth?" + GOOD_FORM, FORM, "")))
        .isEqualTo("400 MISSING_REQUIRED_FIELD");
  }

  @Test
  void post_inPieces_isRead() throws Exception {
    String rest = GOOD_FORM.substring(1);
    String pieces =
        "1\r\n"
            + GOOD_FORM.charAt(0)
            + "\r\n"
            + Integer.toHexString(rest.length())
            + "\r\n"
            + rest
            + "\r\n";

    RawHttp.Response response =
        http.send(
            "POST",
            "/auth",
            pieces + "0\r\n\r\n",
            "Content-Type: " + FORM,
            "Transfer-Encoding: chunked");

    assertThat(answer(response)).isEqualTo("200 []");
  }

  @Test
  void attack_bodyOfAnyLengthInPieces_isRefusedWhenItIsTooLong() throws Exception {
    String piece = "1000\r\n" + "x".repeat(4096) + "\r\n";

    RawHttp.Response response =
        http.send(
            "POST",
            "/auth",
            piece + piece + "1\r\nx\r\n0\r\n\r\n",
            "Content-Type: " + FORM,
            "Transfer-Encoding: chunked");

    assertThat(answer(response)).isEqualTo("413 UNSUPPORTED");
  }

  @Test
  void attack_bodyThatDoesNotComeInWhole_isRefused() throws Exception {
    RawHttp.Response response =
        http.send(
            "POST",
            "/auth",
            "zz\r\n" + GOOD_FORM,
            "Content-Type: " + FORM,
            "Transfer-Encoding: chunked");

    assertThat(response.status()).isEqualTo(400);
  }

  @Test
  void storeThatFails_isUnavailableToAPostToo() throws Exception {
    assertThat(answer(post("/down", FORM, GOOD_FORM))).isEqualTo("503 UNAVAILABLE");
  }

  @Test
  void bodyThatIsTooLarge_isRefused() throws Exception {
    RawHttp.Response response =
        http.send("POST", "/auth?service=reg", "x".repeat(8193), "Content-Length: 8193");

    assertThat(answer(response)).isEqualTo("413 UNSUPPORTED");
  }

  @ParameterizedTest
  @CsvSource({"PUT", "DELETE", "PATCH", "OPTIONS", "FOO"})
  void otherMethod_isRefused_andToldWhichAreAllowed(String method) throws Exception {
    RawHttp.Response response = http.send(method, "/auth?service=reg", "", TEAM);

    assertThat(answer(response)).isEqualTo("405 UNSUPPORTED");
    assertThat(response.header("Allow")).isEqualTo("GET, POST");
  }

  @Test
  void head_isRefusedWithoutABody() throws Exception {
    RawHttp.Response response = http.send("HEAD", "/auth?service=reg", "", TEAM);

    assertThat(response.status()).isEqualTo(405);
    assertThat(response.body()).isEmpty();
  }

  @Test
  void storeThatFails_isAnsweredWithUnavailable_andNeverWithUnauthorized() throws Exception {
    RawHttp.Response response = http.get("/down?service=reg", TEAM);

    assertThat(answer(response)).isEqualTo("503 UNAVAILABLE");
    assertThat(response.header("Retry-After")).isEqualTo("5");
    assertThat(response.body()).doesNotContain("secret host");
  }

  @Test
  void faultyStore_isAnsweredWithUnavailable_too() throws Exception {
    assertThat(answer(http.get("/faulty?service=reg", TEAM))).isEqualTo("503 UNAVAILABLE");
  }

  @Test
  void fault_isAnsweredWithoutDetails() throws Exception {
    RawHttp.Response response = http.get("/broken?service=reg", TEAM);

    assertThat(answer(response)).isEqualTo("500 UNKNOWN");
    assertThat(response.body()).doesNotContain("secret fault").doesNotContain("Exception");
  }

  @Test
  void requestId_ofTheClient_isKept_andABadOneReplaced() throws Exception {
    assertThat(http.get("/auth", "X-Request-Id: abc-1.2_3").header("X-Request-Id"))
        .isEqualTo("abc-1.2_3");
    assertThat(http.get("/auth", "X-Request-Id: a b").header("X-Request-Id"))
        .isNotEqualTo("a b")
        .hasSize(36);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/auth?service=reg", "/jwks.json", "/healthz"})
  void requestId_ofTheClient_isInTheAnswerOfEachServlet_once(String path) throws Exception {
    RawHttp.Response response = http.get(path, TEAM, "X-Request-Id: abc-1.2_3");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Request-Id")).isEqualTo("abc-1.2_3");
  }

  @Test
  void serviceUnknown_isToldTheRightOne() throws Exception {
    assertThat((String) http.get("/auth?service=other", TEAM).error().get("message"))
        .contains("\"other\"")
        .contains("must be reg");
  }

  @Test
  void jwks_isServedToGetAndHead_andNothingElse() throws Exception {
    RawHttp.Response response = http.get("/jwks.json");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(new JsonWebKeySet(response.body()).getJsonWebKeys()).hasSize(1);
    assertThat(http.send("HEAD", "/jwks.json", "").status()).isEqualTo(200);
    assertThat(http.send("HEAD", "/jwks.json", "").body()).isEmpty();
    assertThat(http.send("POST", "/jwks.json", "", "Content-Length: 0").status()).isEqualTo(405);
  }

  /** The container keeps it until the servlet has returned, and so knows its length. */
  @Test
  void answer_longerThanTheContainersBuffer_isSentAsOneWithItsLength() throws Exception {
    RawHttp.Response response = http.get("/large.json");

    assertThat(response.header("Content-Length")).isEqualTo(String.valueOf(LARGE));
    assertThat(response.body()).hasSize(LARGE);
    assertThat(http.send("HEAD", "/large.json", "").header("Content-Length"))
        .isEqualTo(String.valueOf(LARGE));
  }

  @Test
  void health_isWhatTheSupplierSays() throws Exception {
    assertThat(http.get("/healthz").status()).isEqualTo(200);
    assertThat(http.get("/healthz").body()).isEqualTo("{\"status\":\"ok\"}");
    assertThat(http.get("/readyz").status()).isEqualTo(503);
    assertThat(http.get("/readyz").error()).containsEntry("code", "UNAVAILABLE");
    assertThat(http.get("/readyz").error())
        .containsEntry("message", "Not ready: the store is away");
  }
}
