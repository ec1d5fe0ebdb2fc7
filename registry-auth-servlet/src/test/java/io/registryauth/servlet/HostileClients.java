// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.servlet.Container.Mounted;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What attackers send, beyond what {@link ServletContract} has of malformed requests: each gets an
 * answer that says no more than it must, and none a token that it should not have.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HostileClients {
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String PASSWORD_GRANT =
      "grant_type=password&service=reg&client_id=x&username=team&password=pw";
  private static final String REFRESH_GRANT =
      "grant_type=refresh_token&service=reg&client_id=x&refresh_token=";
  private static final String TEAM = RawHttp.basic("team", "pw");
  private static final Duration PATIENCE = Duration.ofMillis(300);

  private final InMemoryCredentialStore store = new InMemoryCredentialStore();

  private KeyPair ours;
  private KeyPair foreign;
  private SigningKey key;
  private Container container;
  private RawHttp http;
  private Answers answers;

  abstract Container container(Path directory);

  @BeforeAll
  void startContainer(@TempDir Path directory) throws Exception {
    ours = keyPair();
    foreign = keyPair();
    key = SigningKey.of(ours.getPrivate(), ours.getPublic(), KeyIdStyle.fixed("test-key"));
    String jwks = new JwksBuilder().add(key.verificationKey()).build();
    TokenService service = service("reg", RefreshTokens.builder(key, store));
    Clock longAgo = Clock.offset(Clock.systemUTC(), Duration.ofDays(-31));
    container = container(directory);
    int port =
        container.start(
            Map.of(
                "/auth", Mounted.of(new TokenServlet(service)),
                "/impatient", Mounted.of(new TokenServlet(service, PATIENCE)),
                "/other",
                    Mounted.of(
                        new TokenServlet(service("other", RefreshTokens.builder(key, store)))),
                "/issuer",
                    Mounted.of(
                        new TokenServlet(
                            service("reg", RefreshTokens.builder(key, store).issuer("other")))),
                "/long-ago",
                    Mounted.of(
                        new TokenServlet(
                            service("reg", RefreshTokens.builder(key, store).clock(longAgo)))),
                "/jwks.json", Mounted.of(new JwksServlet(() -> jwks))));
    http = new RawHttp(port);
    answers = new Answers(http.get("/jwks.json").body());
  }

  private static KeyPair keyPair() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  private TokenService service(String name, RefreshTokens.Builder refreshTokens) {
    return TokenService.builder(
            TokenIssuer.builder(key).build(), new CredentialStoreAuthenticator(store))
        .service(name)
        .authorizer(
            NamespaceAuthorizer.builder()
                .publicNamespaces(Set.of(new NamespaceName("pub")))
                .build())
        .refreshTokens(refreshTokens.build())
        .build();
  }

  @AfterAll
  void stopContainer() throws Exception {
    container.stop();
  }

  @BeforeEach
  void storeCredentials() {
    store.put("team", "pw").put("root", "pw");
  }

  private String token(String path, String service, String name) throws IOException {
    String query = "?offline_token=true&service=" + service;
    return (String) http.get(path + query, TEAM).json().get(name);
  }

  private String refreshToken() throws IOException {
    return token("/auth", "reg", "refresh_token");
  }

  private RawHttp.Response post(String target, String form, String... headers) throws IOException {
    return postAs(FORM, target, form, headers);
  }

  private RawHttp.Response postAs(String type, String target, String body, String... headers)
      throws IOException {
    List<String> all = new ArrayList<>(List.of(headers));
    all.add("Content-Type: " + type);
    all.add("Content-Length: " + body.length());
    return http.send("POST", target, body, all.toArray(new String[0]));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  // Forms and refresh tokens

  @ParameterizedTest(name = "{0}")
  @CsvFileSource(resources = "attacks.txt", delimiter = '|', numLinesToSkip = 1)
  void attack_ofTheTable_isAnsweredAsItSays(
      String name, String credentials, String target, String form, String expected)
      throws Exception {
    String sent = filled(form == null ? "" : form);
    String header = filled(credentials);
    String path = "/auth" + (target == null ? "" : filled(target));

    RawHttp.Response response =
        header.equals("-") ? post(path, sent) : post(path, sent, "Authorization: " + header);

    assertThat(answers.withSubject(response)).isEqualTo(expected);
    assertThat(response.body()).doesNotContain("\0");
  }

  private String filled(String text) throws IOException {
    return text.replace("REFRESH", refreshToken())
        .replace("OTHERS", token("/other", "other", "refresh_token"))
        .replace("ISSUERS", token("/issuer", "reg", "refresh_token"))
        .replace("ACCESS", token("/auth", "reg", "token"));
  }

  @TestFactory
  Stream<DynamicTest> attack_forgedRefreshToken_isUnauthorized() throws Exception {
    ForgedTokens forged = new ForgedTokens(refreshToken(), ours, foreign);
    assertThat(refresh(forged.signedAgain())).isEqualTo("200 [] and refresh_token");
    return forged.all().entrySet().stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(),
                    () ->
                        assertThat(refresh(entry.getValue()))
                            .as(entry.getKey())
                            .isEqualTo("401 UNAUTHORIZED")));
  }

  private String refresh(String token) throws Exception {
    return answers.of(post("/auth", REFRESH_GRANT + encoded(token)));
  }

  @Test
  void attack_expiredRefreshToken_isUnauthorized() throws Exception {
    String token = token("/long-ago", "reg", "refresh_token");

    assertThat(refresh(token)).isEqualTo("401 UNAUTHORIZED");
    assertThat(answers.of(post("/long-ago", REFRESH_GRANT + token)))
        .isEqualTo("200 [] and refresh_token");
  }

  @Test
  void attack_refreshTokenAfterPasswordChange_isUnauthorized() throws Exception {
    String token = refreshToken();
    store.put("team", "new");

    assertThat(refresh(token)).isEqualTo("401 UNAUTHORIZED");

    store.put("team", "new", "pw");
    assertThat(refresh(token)).as("as a previous password").isEqualTo("200 [] and refresh_token");
  }

  @Test
  void attack_refreshTokenAfterDeletion_isUnauthorized_asAnyOther() throws Exception {
    String token = refreshToken();
    store.remove(AccountName.of(new NamespaceName("team")));
    String id = "X-Request-Id: same";

    RawHttp.Response deleted = post("/auth", REFRESH_GRANT + token, id);
    RawHttp.Response junk = post("/auth", REFRESH_GRANT + "junk", id);

    assertThat(answers.of(deleted)).isEqualTo("401 UNAUTHORIZED");
    assertThat(deleted.body()).isEqualTo(junk.body());
  }

  @Test
  void attack_tokenInTheHeader_isNoCredential() throws Exception {
    for (String name : List.of("refresh_token", "token")) {
      String token = token("/auth", "reg", name);
      for (String header :
          List.of(
              RawHttp.basic("team", token),
              RawHttp.basic("<token>", token),
              "Authorization: Bearer " + token,
              "Authorization: Basic " + token)) {
        assertThat(answers.of(http.get("/auth?service=reg", header)))
            .as("%s in %s", name, header)
            .isEqualTo("401 UNAUTHORIZED");
      }
    }
  }

  /** A GET takes proofs from the header alone: a query gets into logs. */
  @Test
  void attack_proofInTheQueryOfAGet_doesNotCount() throws Exception {
    String own = "&scope=repository:team/x:pull";

    assertThat(answers.of(http.get("/auth?" + REFRESH_GRANT + refreshToken() + own)))
        .isEqualTo("401 UNAUTHORIZED");
    assertThat(answers.of(http.get("/auth?" + PASSWORD_GRANT + own))).isEqualTo("401 UNAUTHORIZED");
    assertThat(
            answers.withSubject(
                http.get("/auth?" + PASSWORD_GRANT + "&scope=repository:pub/x:pull")))
        .isEqualTo("200 repository:pub/x:pull for nobody");
  }

  // Headers

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Basic",
        "Basic ",
        "Bearer",
        "Bearer ",
        "Digest username=\"team\"",
        "Basic dGVhbTpwdw== x",
        "Basic dGVhbTpwdw==x",
        "Basic dGVhbTpwdw==,",
        "Basic dGVhbTpwdw==, Basic dGVhbTpwdw==",
        "Basic dGVhbTpwdw==\u0001",
        "Basic dGVhbTpwdw",
        "Basic dGVhbTpwdw=",
        "Basic dGVhbTpwdx==",
        "Basic\tdGVhbTpwdw==",
        "Basic: dGVhbTpwdw==",
        "Basic dGVh bTpwdw==",
        "BasicdGVhbTpwdw==",
        "Basic team:pw",
        "Basic realm=\"dGVhbTpwdw==\"",
      })
  void attack_headerThatIsNotQuiteBasic_isRefused(String value) throws Exception {
    for (String query : List.of("service=reg", "service=reg&scope=repository:pub/x:pull")) {
      RawHttp.Response response = http.get("/auth?" + query, "Authorization: " + value);

      assertThat(response.status()).isIn(400, 401);
      assertThat(response.body()).doesNotContain("\"token\"");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "team:pw\0",
        "\0team:pw",
        "team\0:pw",
        "team:pw\n",
        "team:p\u007fw",
        "team\u00c0\u00ba:pw",
        "te\u00c1\u00a1m:pw",
        "\u00ef\u00bb\u00bfteam:pw",
        "team :pw",
        " team:pw",
        "TEAM:pw",
        "team:PW",
        "team:pw ",
        ":pw",
        "team",
        "../team:pw",
        "team/../team:pw",
        "team:p\u00ed\u00a0\u0080w"
      })
  void attack_credentialsThatAreNotQuiteRight_areUnauthorized(String bytes) throws Exception {
    String header =
        "Authorization: Basic " + Base64.getEncoder().encodeToString(bytes.getBytes(ISO_8859_1));

    assertThat(answers.of(http.get("/auth?service=reg", header))).isEqualTo("401 UNAUTHORIZED");
  }

  @Test
  void attack_twoHeadersOfAnyKind_areRefused() throws Exception {
    List<String> kinds =
        List.of(TEAM, RawHttp.basic("root", "pw"), "Authorization: Bearer x", "authorization: ");
    for (String one : kinds) {
      for (String other : kinds) {
        assertThat(answers.of(http.get("/auth?service=reg", one, other)))
            .as("%s and %s", one, other)
            .isEqualTo("400 UNSUPPORTED_VALUE");
        assertThat(answers.of(post("/auth", PASSWORD_GRANT, one, other)))
            .as("POST, %s and %s", one, other)
            .isEqualTo("400 UNSUPPORTED_VALUE");
      }
    }
  }

  /** What may stand for the address, the method or the path behind a proxy is no one's to send. */
  @Test
  void attack_headersThatOverride_areIgnored() throws Exception {
    assertThat(
            answers.of(
                post(
                    "/auth",
                    PASSWORD_GRANT,
                    "X-HTTP-Method-Override: GET",
                    "X-Original-URL: /jwks.json",
                    "X-Forwarded-User: root",
                    "Remote-User: root")))
        .isEqualTo("200 []");
  }

  // Bodies

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json; x=application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/x-www-form-urlencoded",
        "text/x-www-form-urlencoded",
        "application/x-www-form-urlencoded, application/json",
        ";",
        "*/*",
      })
  void attack_bodyOfAnotherType_isRefused(String type) throws Exception {
    String json = "{\"grant_type\":\"password\",\"username\":\"team\",\"password\":\"pw\"}";
    String part =
        "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--x--";

    for (String body : List.of(PASSWORD_GRANT, json, part)) {
      assertThat(answers.of(postAs(type, "/auth", body))).isEqualTo("400 UNSUPPORTED_VALUE");
    }
  }

  @Test
  void attack_compressedBody_isNotUnpacked() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(PASSWORD_GRANT.getBytes(UTF_8));
    }

    RawHttp.Response response =
        post("/auth", packed.toString(ISO_8859_1), "Content-Encoding: gzip");

    assertThat(answers.of(response)).isEqualTo("400 UNSUPPORTED_VALUE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\0", "&x=\u00ff", "&x=\u00c0\u00ae", "&x=\u00ed\u00a0\u0080"})
  void attack_bodyOfBrokenBytes_isRefused(String more) throws Exception {
    assertThat(post("/auth", PASSWORD_GRANT + more).status()).isIn(400, 401);
  }

  @Test
  void attack_bodyThatIsShorterThanItSays_isRefused() throws Exception {
    String answer = http.sendAndEnd(head(PASSWORD_GRANT.length() + 1) + PASSWORD_GRANT);

    assertThat(RawHttp.parse(answer).status()).isEqualTo(400);
  }

  private static String head(long contentLength) {
    return "POST /auth HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
        + FORM
        + "\r\nContent-Length: "
        + contentLength
        + "\r\n\r\n";
  }

  @Test
  void attack_bodyThatIsLongerThanItSays_isReadAsFarAsItSays() throws Exception {
    String answer =
        http.sendAndEnd(
            head(PASSWORD_GRANT.length())
                + PASSWORD_GRANT
                + "&scope=repository:team/x:pull\r\n\r\nGET /auth?service=reg HTTP/1.1\r\n\r\n");

    assertThat(answers.withSubject(RawHttp.parse(answer))).isEqualTo("200 [] for team");
  }

  @Test
  void attack_lengthWithoutABody_isRefusedBeforeItComes() throws Exception {
    String answer = http.sendAndEnd(head(Long.MAX_VALUE));

    assertThat(answers.of(RawHttp.parse(answer))).isEqualTo("413 UNSUPPORTED");
  }

  @Test
  @Timeout(60)
  void attack_bodyWithoutEnd_isCutOff() throws Exception {
    String piece = "1000\r\n" + "x".repeat(4096) + "\r\n";
    try (Socket socket = http.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /auth HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  + FORM
                  + "\r\nTransfer-Encoding: chunked\r\n\r\n")
              .getBytes(UTF_8));

      assertThat(piecesUntilCutOff(out, piece.getBytes(UTF_8))).isLessThan(16 * 256);
    }
    assertThat(answers.of(post("/auth", PASSWORD_GRANT))).isEqualTo("200 []");
  }

  /** How many pieces of 4 KiB a server takes, 64 MiB at the most. */
  private static int piecesUntilCutOff(OutputStream out, byte[] piece) {
    for (int sent = 0; sent < 16 * 1024; sent++) {
      try {
        out.write(piece);
      } catch (IOException e) {
        return sent;
      }
    }
    return Integer.MAX_VALUE;
  }

  /** The servlet waits ten seconds; here, less. */
  @Test
  @Timeout(60)
  void attack_bodyThatComesDropByDrop_isGivenUp() throws Exception {
    try (Socket socket = http.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head(8000).replace("/auth", "/impatient").getBytes(UTF_8));
      Thread drops = new Thread(() -> drip(out), "drops");
      drops.start();
      long began = System.nanoTime();

      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);

      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
      assertThat(answers.of(RawHttp.parse(answer))).isEqualTo("400 UNSUPPORTED_VALUE");
      drops.interrupt();
      drops.join();
    }
  }

  private static void drip(OutputStream out) {
    try {
      for (int i = 0; i < 2000; i++) {
        out.write('x');
        out.flush();
        Thread.sleep(20);
      }
    } catch (IOException | InterruptedException e) {
      // The server has had enough, or the test.
    }
  }

  // What containers refuse, or make one thing of: never two

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "two lengths | Content-Length: 5;Content-Length: 69",
        "a length twice in one | Content-Length: 69, 5",
        "a negative length | Content-Length: -1",
        "a signed length | Content-Length: +69",
        "a hexadecimal length | Content-Length: 0x45",
        "a length that overflows | Content-Length: 18446744073709551685",
        "an encoding nobody knows | Transfer-Encoding: gzip",
        "chunked, and not last | Transfer-Encoding: chunked, identity",
        "chunked with a trick | Transfer-Encoding: xchunked",
        "a space before the colon | Content-Length : 69",
        "a NUL in a header | X: a\0b;Content-Length: 69",
      })
  void attack_framing_isRefused(String name, String headers) throws Exception {
    String answer =
        http.sendAndEnd(
            "POST /auth HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
                + FORM
                + "\r\n"
                + headers.replace(";", "\r\n")
                + "\r\n\r\n"
                + PASSWORD_GRANT);

    assertThat(RawHttp.parse(answer).status()).isIn(400, 413, 501);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/auth?service=reg&x=\0",
        "/auth?service=reg&x=a b",
        "/auth?service=reg&x=\rX",
        "/auth?service=reg&x=\u0001",
        "auth?service=reg",
        "/auth/../auth\\?service=reg",
        "/%61uth%00?service=reg",
      })
  void attack_targetOfBrokenBytes_getsNoToken(String target) throws Exception {
    String answer =
        http.sendAndEnd(
            "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + TEAM + "\r\n\r\n");

    assertThat(answer).doesNotContain("\"token\"");
    assertThat(RawHttp.parse(answer).status()).isIn(400, 404, 505);
  }

  /**
   * A line that begins with a space goes on from the last: refused, or read so, never otherwise.
   */
  @Test
  void attack_foldedHeader_isNeverTwo() throws Exception {
    RawHttp.Response folded =
        http.get("/auth?service=reg", "Authorization: Basic", " dGVhbTpwdw==");
    RawHttp.Response hidden = http.get("/auth?service=reg", "X: a", " " + TEAM);

    assertThat(folded.status()).isIn(400, 200);
    assertThat(hidden.status()).isIn(400, 401);
  }

  @Test
  void attack_requestInTheBodyOfAnother_isNone() throws Exception {
    String inner = "GET /auth?service=reg HTTP/1.1\r\nHost: x\r\n" + TEAM + "\r\n\r\n";

    String answer =
        http.sendAndEnd(
            "GET /auth?service=other HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + inner.length()
                + "\r\n\r\n"
                + inner);

    assertThat(answer).startsWith("HTTP/1.1 400").doesNotContain("\"token\"");
  }

  /** Where one program sees the end of a quoted text and another the end of the line. */
  @Test
  void attack_requestInAChunkExtension_isNone() throws Exception {
    String inner = "GET /auth?service=reg HTTP/1.1\r\nHost: x\r\n" + TEAM + "\r\n\r\n";

    String answer =
        http.sendAndEnd(
            "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: "
                + FORM
                + "\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"a\r\nX\r\n0\r\n\r\n"
                + inner);

    assertThat(answer).startsWith("HTTP/1.1 400").doesNotContain("\"token\"");
  }
}
