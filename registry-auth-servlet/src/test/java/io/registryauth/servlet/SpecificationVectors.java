// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.DeniedResponse;
import io.registryauth.TokenService;
import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.authorization.Authorizer;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.servlet.Container.Mounted;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every vector of the protocol's reference (§7) and every case that other token services got wrong
 * (§E), by its number: a row of {@code vectors.txt}, or a test that has the number in its name.
 * What only a registry or a whole server can show is proved elsewhere, see {@link #ELSEWHERE}.
 *
 * <p>Who may do what is not our tenancy but the reference's, by an {@link Authorizer} of its own:
 * that interface is part of what is tested. {@code team-a} and {@code team-b} live by ours.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SpecificationVectors {
  private static final String ROWS = "vectors.txt";

  /** All that the reference lists; it leaves out the other numbers. */
  private static final Set<String> REFERENCE = new TreeSet<>();

  static {
    IntStream.rangeClosed(1, 50)
        .filter(number -> !Set.of(14, 16, 18, 22, 23, 27, 36).contains(number))
        .forEach(number -> REFERENCE.add("§7 no. " + number));
    IntStream.of(1, 2, 5, 7, 8, 9, 11, 13, 14, 15, 16, 18, 19, 20, 23, 24, 25, 26, 28, 29, 30)
        .forEach(number -> REFERENCE.add("§E no. " + number));
  }

  /** Tests in other modules that prove a number, or what this cannot show of it. */
  private static final Map<String, List<String>> ELSEWHERE =
      Map.of(
          "§7 no. 26", // escaped in the log
          List.of("e2e/AuditLogTest#attack_forgedLogLines_stayOneLineWithTheirOwnFields"),
          "§7 no. 45",
          List.of("server/RegistryAuthServerTest#whatNoServletSees_isRefusedInJson"),
          "§7 no. 49",
          List.of(
              "e2e/KeyKindsTest#tableOfThePage_isWhatTheRegistryTakes",
              "e2e/RegistryTokenChecksTest#token_withoutScope_acceptedForTheBaseAlone",
              "e2e/RegistryTokenChecksTest#token_forDeletionAlone_readsNothing",
              "e2e/RegistryTokenChecksTest#token_forPushAlone_startsNoUpload",
              "e2e/RegistryPushPullTest#attack_mountOfAnothersLayer_refused"),
          "§7 no. 50",
          List.of(
              "e2e/RegistryKeysTest#newKey_acceptedAfterTheRestart_andTheOldOneRefused",
              "e2e/RegistryKeysTest"
                  + "#jwkSetWithAnEntryThatMakesNoSense_stopsTheRegistryFromStarting",
              "e2e/KeyKindsTest#tableOfThePage_isWhatTheRegistryTakes",
              "key/VerificationKeyTest#fromPem_unusableKey_isRefused"),
          "§E no. 19", // within the bound of each store
          List.of(
              "e2e/KubernetesCredentialsTest#newPassword_worksAtOnce",
              "e2e/KubernetesCredentialsTest#oldPassword_isRefusedAfter30Seconds"));

  private static final Map<String, Path> TESTS =
      Map.of(
          "key", Path.of("../registry-auth-core/src/test/java/io/registryauth"),
          "e2e", Path.of("../registry-auth-e2e/src/test/java/io/registryauth"),
          "server", Path.of("../registry-auth-jetty-example/src/test/java/io/registryauth"));

  private static final Pattern NUMBER = Pattern.compile("§[7E] no\\. \\d+");

  private static final Map<String, List<String>> ALLOWED =
      Map.of(
          "alice repository team/app", List.of("pull", "push", "delete"),
          "alice repository team/ro", List.of("pull"),
          "alice repository host:5000/team/literal", List.of("pull"),
          "root registry catalog", List.of("*"),
          " repository pub/img", List.of("pull"));

  private static final Map<String, String> LONG_TEXTS =
      Map.of(
          "FIVE_HUNDRED_SCOPES", "&scope=a:b:c".repeat(500),
          "SIXTEEN_KILOBYTES", "x".repeat(16_000),
          "NAME_OF_255", "team-a/" + "a".repeat(248));

  private static final Path KEYS = Path.of("../registry-auth-core/src/test/resources/keys");
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String ALICE = RawHttp.basic("alice", "pw");
  private static final String PASSWORD_GRANT =
      "grant_type=password&service=reg&client_id=x&username=alice&password=pw";

  private final InMemoryCredentialStore changing =
      new InMemoryCredentialStore().put("team-a", "before");
  private final AtomicLong nanos = new AtomicLong();

  private Container container;
  private RawHttp http;
  private Answers answers;

  abstract Container container(Path directory);

  @BeforeAll
  void startContainer(@TempDir Path directory) throws Exception {
    SigningKey key =
        SigningKey.fromPem(
            Files.readString(KEYS.resolve("rsa-2048.pkcs8.key")),
            Files.readString(KEYS.resolve("rsa-2048.crt")),
            KeyIdStyle.fixed("test-key"));
    CredentialStore store =
        new InMemoryCredentialStore()
            .put("alice", "pw")
            .put("root", "pw")
            .put("colon", "a:b::c")
            .put("unicode", "pässwörd-日本")
            .put("team-a", "pw-a")
            .put("team-b", "pw-b");
    CredentialStore cache =
        CachingCredentialStore.builder(changing)
            .freshFor(Duration.ofSeconds(30))
            .ticker(nanos::get)
            .build();
    RefreshTokens refresh = RefreshTokens.builder(key, store).build();
    TokenIssuer issuer = TokenIssuer.builder(key).build();
    Map<String, TokenService> services = new LinkedHashMap<>();
    services.put("/auth", service(issuer, store).refreshTokens(refresh).build());
    services.put(
        "/empty",
        service(issuer, store)
            .refreshTokens(refresh)
            .deniedResponse(DeniedResponse.EMPTY_TOKEN)
            .build());
    services.put("/without-refresh", service(issuer, store).build());
    services.put("/changing", service(issuer, cache).build());
    services.put(
        "/for-2.8",
        service(TokenIssuer.builder(key).profile(TokenProfile.DISTRIBUTION_2_8).build(), store)
            .build());
    JwksBuilder ecKeys = new JwksBuilder();
    for (String path : List.of("/ec-1", "/ec-2")) {
      SigningKey ec = ecKey();
      ecKeys.add(ec.verificationKey());
      services.put(path, service(TokenIssuer.builder(ec).build(), store).build());
    }
    String jwks = new JwksBuilder().add(key.verificationKey()).build();
    String ecJwks = ecKeys.build();
    Map<String, Mounted> mounts = new HashMap<>();
    services.forEach((path, service) -> mounts.put(path, Mounted.of(new TokenServlet(service))));
    mounts.put("/jwks.json", Mounted.of(new JwksServlet(() -> jwks)));
    mounts.put("/ec-jwks.json", Mounted.of(new JwksServlet(() -> ecJwks)));
    container = container(directory);
    http = new RawHttp(container.start(mounts));
    answers = new Answers(http.get("/jwks.json").body());
  }

  private static SigningKey ecKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair pair = generator.generateKeyPair();
    return SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.rfc7638());
  }

  private static TokenService.Builder service(TokenIssuer issuer, CredentialStore store) {
    return TokenService.builder(issuer, new CredentialStoreAuthenticator(store))
        .service("reg")
        .authorizer(policy());
  }

  private static Authorizer policy() {
    Authorizer tenants = NamespaceAuthorizer.builder().build();
    return request -> {
      List<String> listed = ALLOWED.get(key(request));
      return listed == null ? tenants.allowedActions(request) : new LinkedHashSet<>(listed);
    };
  }

  private static String key(AuthorizationRequest request) {
    return String.join(
        " ", request.identity().subject(), request.scope().type(), request.scope().name());
  }

  @AfterAll
  void stopContainer() throws Exception {
    container.stop();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void vector_ofTheReference_isAnsweredAsItSays(
      String name, String credentials, String request, String atEmpty, String atAuth)
      throws Exception {
    String refreshToken = refreshToken();
    String sent = filled(request.replace("REFRESH", refreshToken));

    for (String path : List.of("/empty", "/auth")) {
      RawHttp.Response response = send(path, sent, header(credentials));
      String expected = path.equals("/empty") ? atEmpty : atAuth;

      assertThat(answers.withSubject(response)).as(path).isEqualTo(filled(expected));
      if (request.contains("REFRESH") && response.status() == 200) {
        assertThat(response.json()).containsEntry("refresh_token", refreshToken);
      }
    }
  }

  private String refreshToken() throws IOException {
    RawHttp.Response response = http.get("/auth?service=reg&offline_token=true", ALICE);
    return (String) response.json().get("refresh_token");
  }

  private static String filled(String text) {
    for (Map.Entry<String, String> entry : LONG_TEXTS.entrySet()) {
      text = text.replace(entry.getKey(), entry.getValue());
    }
    return text;
  }

  private RawHttp.Response send(String path, String request, String... headers) throws IOException {
    int space = request.indexOf(' ');
    String parameters = request.substring(space + 1);
    return request.startsWith("GET ")
        ? http.get(path + "?" + parameters, headers)
        : post(path, FORM, parameters);
  }

  private RawHttp.Response post(String path, String type, String form) throws IOException {
    return http.send(
        "POST", path, form, "Content-Type: " + type, "Content-Length: " + form.length());
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

  @Test
  @DisplayName("§7 no. 34: unknown user → the same answer as to a wrong password, no. 33")
  void unknownUser_isToldNothingMore() throws Exception {
    String query = "/auth?service=reg&scope=repository:team/app:pull";
    String id = "X-Request-Id: same";

    RawHttp.Response wrong = http.get(query, RawHttp.basic("alice", "wrong"), id);
    RawHttp.Response unknown = http.get(query, RawHttp.basic("nobody", "pw"), id);

    assertThat(unknown.status()).isEqualTo(wrong.status()).isEqualTo(401);
    assertThat(unknown.body()).isEqualTo(wrong.body());
    assertThat(unknown.headers().keySet()).isEqualTo(wrong.headers().keySet());
    assertThat(unknown.header("WWW-Authenticate"))
        .isEqualTo(wrong.header("WWW-Authenticate"))
        .startsWith("Basic ");
  }

  @Test
  @DisplayName("§7 no. 44: POST with a charset → accepted")
  void post_withACharset_isAccepted() throws Exception {
    RawHttp.Response response = post("/auth", FORM + "; charset=utf-8", PASSWORD_GRANT);

    assertThat(answers.withSubject(response)).isEqualTo("200 [] for alice");
  }

  @Test
  @DisplayName(
      "§7 no. 45: POST cannot be disabled (P); a refresh token where none are given → 401, JSON")
  void refreshGrant_whereNoneAreGiven_isRefused() throws Exception {
    String form = "grant_type=refresh_token&service=reg&client_id=x&refresh_token=";

    assertThat(answers.of(post("/without-refresh", FORM, form + refreshToken())))
        .isEqualTo("401 UNAUTHORIZED");
    assertThat(answers.of(http.get("/without-refresh?service=reg&offline_token=true", ALICE)))
        .isEqualTo("200 []");
  }

  @Test
  @DisplayName(
      "§7 no. 47, §E no. 25: expires_in of 60 or more, issued_at in UTC, no-store, one token")
  void answer_hasAllThatClientsRead() throws Exception {
    RawHttp.Response response = http.get("/auth?service=reg", ALICE);

    Map<String, Object> body = response.json();
    assertThat(body.keySet())
        .containsExactlyInAnyOrder("token", "access_token", "expires_in", "issued_at");
    assertThat((Long) body.get("expires_in")).isGreaterThanOrEqualTo(60L);
    assertThat((String) body.get("issued_at"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    assertThat(body.get("access_token")).isEqualTo(body.get("token"));
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    JwtClaims claims = answers.claims(response);
    assertThat(claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue())
        .isEqualTo(body.get("expires_in"));
  }

  @Test
  @DisplayName("§7 no. 48: aud a string by the profile for 2.8 (P), integers, a jti of its own")
  void token_hasWhatRegistriesRead() throws Exception {
    String query = "?service=reg&scope=repository:team/app:pull";
    Set<Object> ids = new LinkedHashSet<>();
    for (int i = 0; i < 20; i++) {
      ids.add(answers.claims(http.get("/auth" + query, ALICE)).getJwtId());
    }
    JwtClaims claims = answers.claims(http.get("/auth" + query, ALICE));

    assertThat(ids).hasSize(20).doesNotContainNull();
    assertThat(claims.getClaimValue("aud")).isEqualTo(List.of("reg"));
    for (String time : List.of("exp", "nbf", "iat")) {
      assertThat(claims.getClaimValue(time)).isInstanceOf(Long.class);
    }
    RawHttp.Response for28 = http.get("/for-2.8" + query, ALICE);
    assertThat(answers.claims(for28).getClaimValue("aud")).isEqualTo("reg");
    assertThat(payload(for28)).contains("\"actions\":[\"pull\"]").doesNotContain("null");
  }

  private static String payload(RawHttp.Response response) {
    String token = (String) response.json().get("token");
    int dot = token.indexOf('.');
    String claims = token.substring(dot + 1, token.lastIndexOf('.'));
    return new String(Base64.getUrlDecoder().decode(claims), StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("§E no. 15: the same refresh token three times → three successes")
  void refreshToken_threeTimes_isGoodEachTime() throws Exception {
    String token = refreshToken();
    for (int i = 0; i < 3; i++) {
      RawHttp.Response response =
          post(
              "/auth",
              FORM,
              "grant_type=refresh_token&service=reg&client_id=x&refresh_token=" + token);

      assertThat(answers.withSubject(response)).isEqualTo("200 [] and refresh_token for alice");
      assertThat(response.json()).containsEntry("refresh_token", token);
    }
  }

  @Test
  @DisplayName("§E no. 19: a changed password → the new one at once, the old one within the bound")
  void changedPassword_countsWithinTheBound() throws Exception {
    assertThat(login("before")).isEqualTo("200 []");

    changing.put("team-a", "after");

    assertThat(login("after")).isEqualTo("200 []");
    nanos.addAndGet(Duration.ofSeconds(31).toNanos());
    assertThat(login("before")).isEqualTo("401 UNAUTHORIZED");
    assertThat(login("after")).isEqualTo("200 []");
  }

  private String login(String password) throws Exception {
    return answers.of(http.get("/changing?service=reg", RawHttp.basic("team-a", password)));
  }

  @Test
  @DisplayName("§E no. 20: six requests at the same time → all 200")
  void requests_sixAtATime_areAllGood() throws Exception {
    CyclicBarrier together = new CyclicBarrier(6);
    Callable<String> request =
        () -> {
          together.await(20, TimeUnit.SECONDS);
          return answers.of(
              http.get(
                  "/auth?service=reg&scope=repository:team-a/x:pull",
                  RawHttp.basic("team-a", "pw-a")));
        };
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      List<Future<String>> futures = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        futures.add(threads.submit(request));
      }
      for (Future<String> future : futures) {
        assertThat(future.get(30, TimeUnit.SECONDS)).isEqualTo("200 repository:team-a/x:pull");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @DisplayName("§E no. 23: a registry whose clock is 30 s behind → takes the token")
  void token_byAClockThatIsBehind_isValid() throws Exception {
    RawHttp.Response response = http.get("/auth?service=reg", ALICE);
    NumericDate behind = answers.claims(response).getIssuedAt();
    behind.addSeconds(-30);

    JwtClaims claims =
        new JwtConsumerBuilder()
            .setVerificationKeyResolver(keys("/jwks.json"))
            .setExpectedAudience("reg")
            .setEvaluationTime(behind)
            .build()
            .processToClaims((String) response.json().get("token"));

    assertThat(claims.getNotBefore()).isNotNull();
  }

  private JwksVerificationKeyResolver keys(String path) throws Exception {
    return new JwksVerificationKeyResolver(
        new JsonWebKeySet(http.get(path).body()).getJsonWebKeys());
  }

  @Test
  @DisplayName("§E no. 24: two signing keys → distinct RFC 7638 ids, each token by its own key")
  void twoEcKeys_haveIdsOfTheirOwn() throws Exception {
    List<JsonWebKey> keys = new JsonWebKeySet(http.get("/ec-jwks.json").body()).getJsonWebKeys();
    List<String> thumbprints =
        keys.stream().map(key -> key.calculateBase64urlEncodedThumbprint("SHA-256")).toList();
    List<String> ids = new ArrayList<>();
    for (String path : List.of("/ec-1", "/ec-2")) {
      JwtContext token =
          new JwtConsumerBuilder()
              .setVerificationKeyResolver(keys("/ec-jwks.json"))
              .setExpectedAudience("reg")
              .build()
              .process((String) http.get(path + "?service=reg", ALICE).json().get("token"));
      ids.add(token.getJoseObjects().get(0).getKeyIdHeaderValue());
    }

    assertThat(ids).doesNotHaveDuplicates().isEqualTo(thumbprints);
  }

  @Test
  @DisplayName("§E no. 26: no grants → [], never null")
  void access_ofNoGrants_isAnEmptyArray() throws Exception {
    for (String scope : List.of("", "&scope=repository:nope/x:pull", "&scope=registry:catalog:*")) {
      assertThat(payload(http.get("/empty?service=reg" + scope, ALICE))).contains("\"access\":[]");
    }
  }

  @Test
  void reference_everyNumber_isProved() throws Exception {
    Set<String> numbers = new TreeSet<>(ELSEWHERE.keySet());
    rows().forEach(row -> numbers.addAll(numbersIn((String) row.get()[0])));
    Arrays.stream(SpecificationVectors.class.getDeclaredMethods())
        .map(method -> method.getAnnotation(DisplayName.class))
        .filter(name -> name != null)
        .forEach(name -> numbers.addAll(numbersIn(name.value())));

    assertThat(numbers).isEqualTo(REFERENCE);
  }

  /** The rows without the comment and the names of the columns. */
  private static List<Arguments> rows() throws IOException {
    try (InputStream in = SpecificationVectors.class.getResourceAsStream(ROWS)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.startsWith("§"))
          .map(line -> Arguments.of((Object[]) line.split(" \\| ")))
          .toList();
    }
  }

  private static Set<String> numbersIn(String name) {
    return NUMBER
        .matcher(name)
        .results()
        .map(MatchResult::group)
        .collect(toCollection(TreeSet::new));
  }

  @Test
  void testElsewhere_exists() throws Exception {
    for (String test : ELSEWHERE.values().stream().flatMap(List::stream).toList()) {
      String module = test.substring(0, test.indexOf('/'));
      int hash = test.indexOf('#');
      Path file = TESTS.get(module).resolve(test.substring(0, hash) + ".java");

      assertThat(file).content().contains("void " + test.substring(hash + 1) + "(");
    }
  }
}
