// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options and variables: what they do, and what is said when they are wrong. */
class CommandLineTest {
  private static final int WRONG_USE = 2;
  private static final String[] NO_OPTIONS = {};
  private static final Pattern OPTION = Pattern.compile("^ {2,6}(?:-\\w, )?(--[a-z-]+)");
  private static final Pattern VARIABLE = Pattern.compile("\\(([A-Z_]+); default: ");

  /** Of a server that is not there. */
  private static final String KUBECONFIG =
      """
      apiVersion: v1
      kind: Config
      clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
      users: [{name: u, user: {token: none}}]
      contexts: [{name: x, context: {cluster: c, user: u}}]
      current-context: x
      """;

  @TempDir private static Path directory;
  private static Keys keys;

  @BeforeAll
  static void generateKeys() throws Exception {
    keys = Keys.generate(directory);
  }

  private static Completed run(String... arguments) throws Exception {
    return run(Map.of(), arguments);
  }

  private static Completed run(Map<String, String> environment, String... arguments)
      throws Exception {
    return ServerJar.run(directory, quiet(environment), arguments);
  }

  /** Without the lines of log that a start has. */
  private static Map<String, String> quiet(Map<String, String> environment) {
    Map<String, String> quiet = new LinkedHashMap<>(Map.of("LOG_LEVEL", "error"));
    quiet.putAll(environment);
    return quiet;
  }

  /** Runs {@code serve}, and {@code check-config}, with options that are wrong. */
  private static Completed serve(Map<String, String> environment, String... options)
      throws Exception {
    return ServerJar.refused(directory, quiet(environment), options);
  }

  /** Runs both with options that are good but for these. */
  private static Completed serve(Map<String, String> wrong) throws Exception {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--listen", "127.0.0.1:0");
    options.put("--management-listen", "127.0.0.1:0");
    options.put("--credentials", "directory:" + TokenServer.credentials(directory));
    options.put("--signing-key", keys.key().toString());
    options.put("--signing-cert", keys.certificate().toString());
    options.putAll(wrong);
    return serve(
        Map.of(),
        options.entrySet().stream()
            .map(option -> option.getKey() + "=" + option.getValue())
            .toArray(String[]::new));
  }

  private static void assertOneLine(Completed completed, String... parts) {
    assertThat(completed.status()).as("%s", completed).isEqualTo(WRONG_USE);
    assertThat(completed.stdout()).isEmpty();
    assertThat(completed.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains(parts));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --listen            | nowhere            | HOST:PORT
          --listen            | 8080               | HOST:PORT
          --listen            | :8080              | HOST:PORT
          --listen            | 127.0.0.1:http     | HOST:PORT
          --listen            | 127.0.0.1:65536    | HOST:PORT
          --listen            | nowhere.invalid:8080 | is not known here
          --management-listen | nowhere            | HOST:PORT
          --service           | two\\lines          | printable ASCII
          --issuer            | ' '                | must be the registry's issuer
          --expiration        | 59                 | from 60 s to 86400 s
          --expiration        | 86401              | from 60 s to 86400 s
          --expiration        | x                  | whole number of seconds
          --push-expiration   | 59                 | from 60 s to 86400 s
          --push-expiration   | 5m                 | whole number of seconds
          --token-reuse       | 61s                | from 0 (never) to 60 s
          --token-reuse       | soon               | such as 30s
          --refresh-expiration | 59                | from 60 s to 31622400 s, and 0 for none
          --refresh-expiration | 31622401          | from 60 s to 31622400 s, and 0 for none
          --refresh-expiration | 30d               | whole number of seconds
          --service | registry-token-issuer/refresh | the audience of refresh tokens
          --key-id            | a b                | printable ASCII
          --profile           | distribution-4     | distribution-3, distribution-2.8
          --denied-response   | maybe              | unauthorized, empty-token
          --credentials       | ldap:localhost     | kubernetes, directory:PATH and htpasswd:FILE
          --credentials       | directory:/missing | is not a directory
          --credentials       | directory:         | directory:PATH
          --credentials       | htpasswd:          | htpasswd:FILE
          --credentials       | htpasswd:/missing  | cannot be read
          --credentials       | htpasswd:/dev/null | is not a file
          --public-namespaces | good,Bad           | a-z, 0-9 and -
          --shared-namespaces | good,-bad          | a-z, 0-9 and -
          --admin-namespaces  | a b                | a-z, 0-9 and -
          --trusted-proxies   | 10.0.0.0/33        | such as 10.0.0.0/8
          --trusted-proxies   | localhost          | such as 10.0.0.0/8
          --trusted-proxies   | 10.0.0.1/8         | bits that its mask leaves out
          --failed-attempts   | -1                 | from 0 to 100000
          --failed-attempts   | many               | from 0 to 100000
          --publish-jwks      | nowhere            | NAMESPACE/NAME
          --publish-jwks      | registry/..        | a-z, 0-9, - and .
          --cache-ttl         | soon               | such as 30s
          --cache-stale       | -5m                | such as 30s
          --signing-key       | /missing/tls.key   | cannot be read
          --signing-cert      | /missing/tls.crt   | cannot be read
          """)
  void serve_wrongValue_isOneLineThatSaysWhatIsValid(String option, String value, String valid)
      throws Exception {
    assertOneLine(serve(Map.of(option, value)), option, "\"" + value + "\"", valid);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          bootstrap --namespace        | A_B                    | a-z, 0-9 and -
          bootstrap --wait             | soon                   | such as 30s
          bootstrap --key-secret       | ../x                   | a-z, 0-9, - and .
          bootstrap --key-id           | a b                    | printable ASCII
          bootstrap --profile          | distribution-4         | distribution-3, distribution-2.8
          bootstrap --kubeconfig       | /missing               | /missing
          keys stage --namespace       | A_B                    | a-z, 0-9 and -
          keys stage --key-secret      | ../x                   | a-z, 0-9, - and .
          keys stage --jwks-secret     | ../x                   | a-z, 0-9, - and .
          keys stage --next-key-id     | a b                    | printable ASCII
          keys stage --directory       | /missing               | neither tls.key nor tls.crt
          keys stage --cert /missing --key | /missing          | cannot be read
          keys retire --expiration     | 5m                     | whole number of seconds
          keys retire --refresh-expiration | x                  | whole number of seconds
          tenant show                  | ..                     | a-z, 0-9 and -
          tenant delete                | kube-system/x          | a-z, 0-9 and -
          tenant rotate a --overlap    | -1h                    | such as 30s
          tenant create a --registry-host      | registry.example:443     | has a port
          tenant create a --registry-host      | https://registry.example | has a scheme
          tenant create a --registry-namespace | A                        | a-z, 0-9 and -
          tenant create a --service-account    | registry-auth            | NAMESPACE/NAME
          tenant create a --ca-file            | /missing                 | cannot be read
          tenant create a --ca-file            | /dev/null                | not a file
          """)
  void kubernetes_wrongValue_isOneLineThatSaysWhatIsValid(
      String command, String value, String valid) throws Exception {
    Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG);
    String[] arguments =
        Stream.concat(Stream.of(command.split(" ", -1)), Stream.of(value)).toArray(String[]::new);

    assertOneLine(
        run(Map.of("KUBECONFIG", kubeconfig.toString()), arguments), "\"" + value + "\"", valid);
  }

  @Test
  void kubernetes_outsideOfAPod_asksForAKubeconfig() throws Exception {
    assertOneLine(run("bootstrap"), "--kubeconfig (or KUBECONFIG)", "KUBERNETES_SERVICE_HOST");
  }

  @Test
  void kubernetes_outsideOfAPod_goesByTheKubeconfigOfTheUser() throws Exception {
    Path home = Files.createDirectories(directory.resolve("home"));
    Files.createDirectories(home.resolve(".kube"));
    Files.writeString(home.resolve(".kube/config"), KUBECONFIG);

    assertThat(run(Map.of("HOME", home.toString()), "tenant", "show", "a").stderr())
        .contains("https://127.0.0.1:1 does not answer");
    Map<String, String> pod =
        Map.of(
            "HOME",
            home.toString(),
            "KUBERNETES_SERVICE_HOST",
            "127.0.0.1",
            "KUBERNETES_SERVICE_PORT",
            "1");
    assertOneLine(run(pod, "tenant", "show", "a"), "/var/run/secrets/kubernetes.io/serviceaccount");
  }

  @Test
  void kubernetes_severalKubeconfigs_goesByTheFirstThatExists() throws Exception {
    Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG);

    assertThat(
            run(
                    Map.of("KUBECONFIG", "/missing:" + kubeconfig + ":/etc/passwd"),
                    "tenant",
                    "show",
                    "a")
                .stderr())
        .contains("https://127.0.0.1:1 does not answer");
    assertOneLine(
        run(Map.of("KUBECONFIG", "/missing:/another"), "tenant", "show", "a"), "/missing:/another");
  }

  @Test
  void kubernetes_thatDoesNotAnswer_isOneLineThatSaysWhichCall() throws Exception {
    Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), KUBECONFIG);
    Completed completed =
        run(Map.of("KUBECONFIG", kubeconfig.toString()), "tenant", "show", "test-build");

    assertThat(completed.status()).as("%s", completed).isEqualTo(1);
    assertThat(completed.stderr().lines())
        .singleElement()
        .asString()
        .contains("Cannot get Namespace test-build", "https://127.0.0.1:1 does not answer");
  }

  @Test
  void serve_wrongSwitch_isOneLineThatSaysWhatIsValid() throws Exception {
    assertOneLine(serve(Map.of("--watch", "maybe")), "--watch", "'maybe' is not a boolean");
  }

  @Test
  void serve_watchOfADirectory_isOneLineThatSaysWhatItNeeds() throws Exception {
    assertOneLine(serve(Map.of("--watch", "true")), "--watch needs --credentials kubernetes");
  }

  @Test
  void serve_onKubernetesOutsideOfAPod_asksForAKubeconfig() throws Exception {
    assertOneLine(
        serve(Map.of("--credentials", "kubernetes")),
        "--kubeconfig (or KUBECONFIG)",
        "KUBERNETES_SERVICE_HOST");
  }

  @Test
  void serve_wrongVariable_isOneLineThatSaysWhatIsValid() throws Exception {
    assertOneLine(
        serve(
            Map.of(
                "TOKEN_EXPIRATION_SEC",
                "59",
                "SIGNING_KEY_FILE",
                keys.key().toString(),
                "SIGNING_CERT_FILE",
                keys.certificate().toString(),
                "CREDENTIALS",
                "directory:" + TokenServer.credentials(directory)),
            NO_OPTIONS),
        "--expiration (or TOKEN_EXPIRATION_SEC)",
        "\"59\"",
        "from 60 s to 86400 s");
  }

  @Test
  void serve_emptyVariables_countAsAbsent() throws Exception {
    Map<String, String> empty =
        Map.of(
            "TOKEN_EXPIRATION_SEC", "",
            "SIGNING_KEY_ID", "",
            "TOKEN_PROFILE", "",
            "CREDENTIALS_CACHE_TTL", "",
            "PUBLIC_NAMESPACES", "");
    try (TokenServer server = TokenServer.start(directory, keys, empty)) {
      Jwt token = Jwt.parse(server.token(Tenant.TEST_BUILD, "repository:test-build/app:pull"));
      assertThat(token.header()).containsEntry("kid", "registry-auth-jwt-signer");
    }
  }

  @Test
  void serve_defaultKeyMissing_namesIt() throws Exception {
    assertOneLine(serve(Map.of(), NO_OPTIONS), "--signing-cert", "/etc/registry-auth-keys/tls.crt");
  }

  @Test
  void serve_certificateOfAnotherKey_saysSo() throws Exception {
    Keys others = Keys.generate(directory);
    assertOneLine(
        serve(Map.of("--signing-cert", others.certificate().toString())),
        "--signing-key",
        "does not match the certificate");
  }

  @Test
  void serve_keyOf1024Bits_saysHowManyAreNeeded() throws Exception {
    Keys small = Keys.generate(directory, 1024, "65537");
    assertOneLine(
        serve(
            Map.of(
                "--signing-key", small.key().toString(),
                "--signing-cert", small.certificate().toString())),
        "1024 bits",
        "at least 2048");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pkcs8 -topk8 -in tls.key -passout pass:secret -out encrypted.key",
        "rsa -traditional -aes128 -in tls.key -passout pass:secret -out encrypted.key"
      })
  void serve_encryptedKey_saysSo(String command) throws Exception {
    keys.openssl(command);
    Path encrypted = keys.directory().resolve("encrypted.key");
    assertOneLine(
        serve(Map.of("--signing-key", encrypted.toString())),
        "--signing-key",
        encrypted.toString(),
        "encrypted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out other.key",
        "ecparam -name secp256k1 -genkey -out other.key",
        "genpkey -algorithm ed448 -out other.key"
      })
  void serve_keyOfAnotherCurve_saysWhatIsValid(String command) throws Exception {
    keys.openssl(command);
    keys.openssl("req -x509 -new -key other.key -subj /CN=other -out other.crt");
    Path key = keys.directory().resolve("other.key");
    Path certificate = keys.directory().resolve("other.crt");
    assertOneLine(
        serve(Map.of("--signing-key", key.toString(), "--signing-cert", certificate.toString())),
        "--signing-key",
        key.toString(),
        "valid are RSA keys of at least 2048 bits, EC keys on the curve P-256, and Ed25519 keys");
  }

  @Test
  void serve_certificateOfAnotherKind_saysSo() throws Exception {
    Keys ec = Keys.generateEc(directory);
    assertOneLine(
        serve(Map.of("--signing-cert", ec.certificate().toString())),
        "--signing-cert",
        ec.certificate().toString(),
        "does not match the certificate");
  }

  @Test
  void serve_keyAndCertificateSwapped_saysSo() throws Exception {
    assertOneLine(
        serve(
            Map.of(
                "--signing-key", keys.certificate().toString(),
                "--signing-cert", keys.key().toString())),
        "--signing-key",
        "no private key");
  }

  @Test
  void serve_fileThatIsNotPem_saysSo() throws Exception {
    Path file = Files.writeString(directory.resolve("empty.key"), "");
    assertOneLine(serve(Map.of("--signing-key", file.toString())), "--signing-key", "PEM");
  }

  @Test
  void wrongUse_isOneLineOnStandardError() throws Exception {
    assertOneLine(run(), "serve, check-config, demo, jwks, bootstrap, keys, tenant or doctor");
    assertOneLine(run("keys"), "stage, promote or retire");
    assertOneLine(run("tenant"), "create, rotate, show or delete");
    assertOneLine(run("frobnicate"), "frobnicate");
    assertOneLine(serve(Map.of(), "--frobnicate=1"), "--frobnicate");
    assertOneLine(serve(Map.of(), "--listen"), "--listen", "HOST:PORT");
    assertOneLine(run("jwks"), "--cert", "--key");
    assertOneLine(run("jwks", "--cert=/missing.crt"), "--cert", "/missing.crt", "cannot be read");
    assertOneLine(run("demo", "--listen=nowhere"), "--listen", "\"nowhere\"", "HOST:PORT");
  }

  @Test
  void logVariables_wrong_areOneLine() throws Exception {
    assertOneLine(
        serve(Map.of("LOG_FORMAT", "xml"), NO_OPTIONS), "LOG_FORMAT", "\"xml\"", "text", "json");
    assertOneLine(
        serve(Map.of("LOG_LEVEL", "loud"), NO_OPTIONS), "LOG_LEVEL", "\"loud\"", "debug", "error");
  }

  @Test
  void help_ofServe_namesTheVariableOfEachOption() throws Exception {
    assertThat(variables("serve"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("--config", "CONFIG_FILE"),
                Map.entry("--listen", "LISTEN_ADDRESS"),
                Map.entry("--management-listen", "MANAGEMENT_LISTEN_ADDRESS"),
                Map.entry("--tls-cert", "TLS_CERT_FILE"),
                Map.entry("--tls-key", "TLS_KEY_FILE"),
                Map.entry("--service", "TOKEN_SERVICE"),
                Map.entry("--issuer", "TOKEN_ISSUER"),
                Map.entry("--expiration", "TOKEN_EXPIRATION_SEC"),
                Map.entry("--push-expiration", "PUSH_TOKEN_EXPIRATION_SEC"),
                Map.entry("--token-reuse", "TOKEN_REUSE"),
                Map.entry("--refresh-expiration", "REFRESH_TOKEN_EXPIRATION_SEC"),
                Map.entry("--signing-key", "SIGNING_KEY_FILE"),
                Map.entry("--signing-cert", "SIGNING_CERT_FILE"),
                Map.entry("--key-id", "SIGNING_KEY_ID"),
                Map.entry("--credentials", "CREDENTIALS"),
                Map.entry("--profile", "TOKEN_PROFILE"),
                Map.entry("--denied-response", "DENIED_RESPONSE"),
                Map.entry("--public-namespaces", "PUBLIC_NAMESPACES"),
                Map.entry("--shared-namespaces", "SHARED_NAMESPACES"),
                Map.entry("--admin-namespaces", "ADMIN_NAMESPACES"),
                Map.entry("--cache-ttl", "CREDENTIALS_CACHE_TTL"),
                Map.entry("--cache-stale", "CREDENTIALS_CACHE_STALE"),
                Map.entry("--watch", "CREDENTIALS_WATCH"),
                Map.entry("--trusted-proxies", "TRUSTED_PROXIES"),
                Map.entry("--failed-attempts", "FAILED_ATTEMPTS"),
                Map.entry("--publish-jwks", "PUBLISH_JWKS"),
                Map.entry("--kubeconfig", "KUBECONFIG")));
  }

  @Test
  void help_ofJwks_namesTheVariableOfEachOptionThatServeHasToo() throws Exception {
    assertThat(variables("jwks"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "--cert", "",
                "--key", "",
                "--key-id", "SIGNING_KEY_ID",
                "--profile", "TOKEN_PROFILE"));
  }

  @Test
  void help_ofDemo_hasItsOptions() throws Exception {
    assertThat(variables("demo")).containsOnlyKeys("--once", "--listen", "--registry-listen");
  }

  @Test
  void help_withoutCommand_namesCommandsAndLogVariables() throws Exception {
    assertThat(run("--help").orFail())
        .contains(
            "  serve ",
            "  check-config ",
            "  demo ",
            "  jwks ",
            "  bootstrap ",
            "  keys ",
            "  tenant ",
            "LOG_FORMAT",
            "LOG_LEVEL");
  }

  /** Returns the variable that a command's help shows for each option, or nothing. */
  private static Map<String, String> variables(String command) throws Exception {
    Map<String, String> variables = new LinkedHashMap<>();
    String option = "";
    for (String line : run(command, "--help").orFail().lines().toList()) {
      Matcher start = OPTION.matcher(line);
      if (start.find()) {
        option = start.group(1);
        variables.put(option, "");
      }
      Matcher variable = VARIABLE.matcher(line);
      if (variable.find()) {
        variables.put(option, variable.group(1));
      }
    }
    variables.keySet().removeAll(List.of("--help", "--version"));
    return variables;
  }

  private static Map<String, String> ofAnother() throws Exception {
    return Map.ofEntries(
        Map.entry("LISTEN_ADDRESS", "127.0.0.1:0"),
        Map.entry("MANAGEMENT_LISTEN_ADDRESS", "127.0.0.1:0"),
        Map.entry("TOKEN_SERVICE", "another-service"),
        Map.entry("TOKEN_ISSUER", "another-issuer"),
        Map.entry("TOKEN_EXPIRATION_SEC", "120"),
        Map.entry("PUSH_TOKEN_EXPIRATION_SEC", "240"),
        Map.entry("TOKEN_REUSE", "24s"),
        Map.entry("REFRESH_TOKEN_EXPIRATION_SEC", "0"),
        Map.entry("SIGNING_KEY_FILE", keys.key().toString()),
        Map.entry("SIGNING_CERT_FILE", keys.certificate().toString()),
        Map.entry("SIGNING_KEY_ID", "another-id"),
        Map.entry("CREDENTIALS", "directory:" + TokenServer.credentials(directory)),
        Map.entry("TOKEN_PROFILE", "distribution-2.8"),
        Map.entry("DENIED_RESPONSE", "empty-token"),
        Map.entry("PUBLIC_NAMESPACES", "public-a, public-b"),
        Map.entry("SHARED_NAMESPACES", "shared"),
        Map.entry("ADMIN_NAMESPACES", "other-namespace"),
        Map.entry("CREDENTIALS_CACHE_TTL", "10s"),
        Map.entry("CREDENTIALS_CACHE_STALE", "1m"),
        Map.entry("TRUSTED_PROXIES", "127.0.0.0/8"),
        Map.entry("FAILED_ATTEMPTS", "1"));
  }

  @Test
  void serve_withVariablesAlone_obeysEachOfThem() throws Exception {
    assertObeyed(ofAnother());
  }

  @Test
  void serve_withAFileAlone_obeysEachLineOfIt() throws Exception {
    Map<String, String> variables = ofAnother();
    Map<String, String> options = variables("serve");
    options.remove("--config");
    StringBuilder yaml = new StringBuilder();
    options.forEach(
        (option, variable) -> {
          String value = variables.getOrDefault(variable, "");
          boolean list = variable.equals("PUBLIC_NAMESPACES");
          yaml.append(option.substring("--".length()))
              .append(": ")
              .append(list ? "[" + value + "]" : value)
              .append('\n');
        });
    Path file = Files.writeString(directory.resolve("config.yaml"), yaml.toString());

    Map<String, String> environment = Map.of("CONFIG_FILE", file.toString());
    assertThat(run(environment, "check-config").orFail())
        .contains("signing RS256 with the key another-id;", "http on 127.0.0.1:0");
    assertObeyed(environment);
  }

  private static void assertObeyed(Map<String, String> environment) throws Exception {
    try (TokenServer server = TokenServer.start(directory, environment, "serve")) {
      Jwt token = token(server, Tenant.TEST_BUILD, "repository:shared/app:pull,push");
      assertThat(token.header()).containsEntry("kid", "another-id").containsKey("x5c");
      assertThat(token.claims())
          .containsEntry("iss", "another-issuer")
          .containsEntry("aud", "another-service")
          .containsEntry("exp", (Long) token.claims().get("iat") + 120);
      assertThat(granted(token)).isEqualTo(List.of("pull"));
      assertThat(token(server, Tenant.TEST_BUILD, "repository:shared/app:pull,push").claims())
          .containsEntry("jti", token.claims().get("jti"));
      Map<String, Object> push =
          token(server, Tenant.TEST_BUILD, "repository:test-build/app:push").claims();
      assertThat(push).containsEntry("exp", (Long) push.get("iat") + 240);
      assertThat(token(server, Tenant.TEST_BUILD, "repository:nobodys/app:pull").claims())
          .containsEntry("access", List.of());
      assertThat(granted(token(server, Tenant.OTHER, "registry:catalog:*")))
          .isEqualTo(List.of("*"));
      URI offline = auth(server, "repository:shared/app:pull&offline_token=true");
      assertThat(Http.send("GET", offline, "Authorization", Tenant.OTHER.authorization()).body())
          .contains("access_token")
          .doesNotContain("refresh_token");
      URI anonymous = auth(server, "repository:public-b/app:pull");
      assertThat(Http.send("GET", anonymous).statusCode()).isEqualTo(200);
      String wrong = new Tenant("nobody", "wrong").authorization();
      URI login = auth(server, "");
      assertThat(Http.send("GET", login, "Authorization", wrong, "X-Forwarded-For", "192.0.2.1"))
          .returns(401, HttpResponse::statusCode);
      assertThat(Http.send("GET", login, "Authorization", wrong, "X-Forwarded-For", "192.0.2.1"))
          .returns(429, HttpResponse::statusCode);
      assertThat(Http.send("GET", login, "Authorization", wrong, "X-Forwarded-For", "192.0.2.2"))
          .returns(401, HttpResponse::statusCode);
      URI management = server.management();
      assertThat(Http.send("GET", management.resolve("/readyz")).statusCode()).isEqualTo(200);
      assertThat(Http.send("GET", management.resolve("/metrics")).statusCode()).isEqualTo(200);
      assertThat(Http.send("GET", management.resolve("/auth")).statusCode()).isEqualTo(404);
    }
  }

  private static URI auth(TokenServer server, String scope) {
    return server.uri().resolve("/auth?service=another-service&scope=" + scope);
  }

  private static Jwt token(TokenServer server, Tenant tenant, String scope) throws Exception {
    HttpResponse<String> response =
        Http.send("GET", auth(server, scope), "Authorization", tenant.authorization());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Jwt.parse((String) Json.object(response.body()).get("token"));
  }

  private static Object granted(Jwt token) {
    List<Map<String, Object>> access = Json.objects(token.claims().get("access"));
    assertThat(access).hasSize(1);
    return access.get(0).get("actions");
  }

  @ParameterizedTest
  @CsvSource({
    "of-option, of-variable, of-option",
    "'', of-variable, of-variable",
    "'', '', of-file",
  })
  void serve_optionAndVariableAndFile_countInThisOrder(
      String option, String variable, String issuer) throws Exception {
    Path file = Files.writeString(directory.resolve("issuer.yaml"), "issuer: of-file\n");
    String[] options =
        Stream.of("--config=" + file, option.isEmpty() ? "" : "--issuer=" + option)
            .filter(text -> !text.isEmpty())
            .toArray(String[]::new);
    try (TokenServer server =
        TokenServer.start(directory, keys, Map.of("TOKEN_ISSUER", variable), options)) {
      assertThat(Jwt.parse(server.token(Tenant.TEST_BUILD)).claims()).containsEntry("iss", issuer);
    }
  }

  @Test
  void serve_wrongFile_isOneLineThatSaysWhere() throws Exception {
    Path unknown = Files.writeString(directory.resolve("unknown.yaml"), "listen: x\nisuer: x\n");
    Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "expiration: 59\n");
    Path malformed = Files.writeString(directory.resolve("malformed.yaml"), "issuer: 'x\n");

    assertOneLine(serve(Map.of("--config", "/missing")), "--config", "/missing", "cannot be read");
    assertOneLine(
        serve(Map.of("--config", unknown.toString())),
        unknown.toString(),
        "\"isuer\" in line 2; did you mean \"issuer\"?");
    assertOneLine(
        serve(Map.of("--config", wrong.toString())),
        "expiration in " + wrong + ": \"59\"",
        "from 60 s to 86400 s");
    assertOneLine(
        serve(Map.of("--config", malformed.toString())), malformed.toString(), "no valid YAML");
    assertOneLine(
        serve(Map.of("CONFIG_FILE", wrong.toString()), "--config=" + malformed), "no valid YAML");
  }

  @Test
  void serve_twoAddressesOfOnePort_isOneLineThatNamesBoth() throws Exception {
    for (String management : List.of("127.0.0.1:8080", "localhost:8080", "0.0.0.0:8080")) {
      assertOneLine(
          serve(Map.of("--listen", "127.0.0.1:8080", "--management-listen", management)),
          "--management-listen (or MANAGEMENT_LISTEN_ADDRESS)",
          "\"" + management + "\"",
          "another port than --listen (or LISTEN_ADDRESS), which is 127.0.0.1:8080");
    }
  }
}
