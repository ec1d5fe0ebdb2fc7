// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigInteger;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever goes wrong with a request, and however much is logged, no password, token or part of the
 * private key gets into what the server writes, or into its metrics.
 */
class SecretsInLogsTest {
  private static final String AUTH = "GET /auth?service=docker-registry";
  private static final String SCOPE = "&scope=repository:test-build/app:pull";
  private static final Tenant GOOD = Tenant.TEST_BUILD;

  @TempDir private Path directory;

  private final List<String> secrets = new ArrayList<>();

  private String secret(String text) {
    secrets.add(text);
    return text;
  }

  /** Returns the header for credentials, whose password is a secret in clear and encoded. */
  private String basic(String username, String password) {
    secret(password);
    return "Authorization: Basic " + secret(new Tenant(username, password).base64());
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void log_atDebug_holdsRequestIdsAndNoSecret(String format) throws Exception {
    Keys keys = Keys.generate(directory);
    Path credentials = TokenServer.credentials(directory);
    new Tenant("too-large", secret("SecretTooLarge").repeat(100)).store(credentials);
    new Tenant("not-utf-8", "").store(credentials);
    Files.writeString(
        credentials.resolve("not-utf-8/password"), secret("SecretNotUtf8") + "\u00ff", ISO_8859_1);
    Map<String, String> environment = Map.of("LOG_LEVEL", "debug", "LOG_FORMAT", format);
    try (TokenServer server = TokenServer.start(directory, keys, environment)) {
      String token = server.token(GOOD, "repository:test-build/app:pull,push");
      secret(token);
      secret(Jwt.parse(token).signature());
      Map<String, String> decided = decided(token);
      decided.forEach((id, request) -> send(server, id, request));
      undecided(token).forEach(request -> send(server, "undecided", request));
      secrets.addAll(parts(keys));

      // Logging is on, and every decision is in it, or else the rest would prove nothing.
      String log = server.log() + Scrape.of(server).text();
      assertThat(log).contains(decided.keySet()).contains("wrong-password", "test-build");
      assertThat(secrets).hasSizeGreaterThan(50);
      assertThat(secrets.stream().filter(log::contains)).isEmpty();
    }
  }

  /** Returns requests that end with a decision, by the request id that the log must have. */
  private Map<String, String> decided(String token) {
    Map<String, String> requests = new LinkedHashMap<>();
    requests.put("id-good", get(SCOPE, basic(GOOD.name(), GOOD.password())));
    requests.put("id-wrong", get(SCOPE, basic(GOOD.name(), "SecretWrong")));
    requests.put("id-unknown", get(SCOPE, basic("nobody-here", "SecretUnknown")));
    requests.put(
        "id-denied", get("&scope=repository:a/b:pull", basic(GOOD.name(), GOOD.password())));
    requests.put("id-swapped", get(SCOPE, basic(secret("SecretAsUserName"), "SecretSwapped")));
    requests.put("id-label", get(SCOPE, basic(secret("secret-as-user-name"), "SecretLabel")));
    requests.put(
        "id-no-colon", get(SCOPE, "Authorization: Basic " + base64(secret("SecretAlone"))));
    requests.put("id-no-base64", get(SCOPE, "Authorization: Basic " + secret("Secret_Clear!")));
    requests.put("id-no-scheme", get(SCOPE, "Authorization: " + secret("SecretNoScheme")));
    requests.put("id-bearer", get(SCOPE, "Authorization: Bearer " + token));
    requests.put("id-token-as-password", get(SCOPE, basic(GOOD.name(), token.substring(0, 700))));
    requests.put(
        "id-two-headers",
        get(SCOPE, basic(GOOD.name(), "SecretFirst"), basic(GOOD.name(), "SecretSecond")));
    requests.put(
        "id-query", get("&password=" + secret("SecretInQuery") + "&access_token=" + token));
    requests.put(
        "id-account",
        get("&account=" + secret("SecretAccount"), basic(GOOD.name(), GOOD.password())));
    requests.put(
        "id-form", post("password", "&username=test-build&password=" + secret("SecretInForm")));
    requests.put(
        "id-form-encoding",
        post("password", "&username=u&password=" + secret("SecretForm") + "%zz"));
    requests.put("id-form-grant", post(secret("SecretGrant"), ""));
    requests.put("id-refresh", post("refresh_token", "&refresh_token=" + secret("SecretRefresh")));
    requests.put("id-access", post("refresh_token", "&refresh_token=" + token));
    requests.put("id-encoding", get("&password=" + secret("SecretEncoding") + "%ff"));
    requests.put("id-percent", get("&password=" + secret("SecretPercent") + "%zz"));
    requests.put("id-long", get(SCOPE, basic(GOOD.name(), secret("SecretLong").repeat(300))));
    requests.put("id-too-large", get(SCOPE, basic("too-large", "SecretTooLarge")));
    requests.put("id-not-utf-8", get(SCOPE, basic("not-utf-8", "SecretNotUtf8")));
    return requests;
  }

  /** Returns requests that are refused before anything is decided. */
  private List<String> undecided(String token) {
    return List.of(
        "GET /else HTTP/1.1\r\n" + basic(GOOD.name(), "SecretElsewhere"),
        "DELETE /auth HTTP/1.1\r\n" + basic(GOOD.name(), "SecretDelete"),
        "GET /auth HTTP/1.1\r\nAuthori zation: Basic " + secret("SecretBadName"),
        "GET /auth HTTP/1.1\r\nAuthorization: Basic " + secret("SecretNul") + "\u0000",
        "GET /auth?password=" + secret("SecretBadUri") + " x y HTTP/1.1",
        "GET http://test-build:" + secret("SecretUserInfo") + "@localhost/auth HTTP/1.1",
        secret("SecretMethod") + " /auth HTTP/1.1",
        "GET /auth HTTP/9.9\r\nAuthorization: Bearer " + token,
        get(SCOPE, basic(GOOD.name(), secret("SecretHuge").repeat(6000))));
  }

  private static String post(String grantType, String more) {
    String form = "service=docker-registry&client_id=c&grant_type=" + grantType + more;
    return "POST /auth HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + "Content-Length: "
        + form.length()
        + "\r\n\r\n"
        + form;
  }

  private static String get(String query, String... headers) {
    return String.join(
        "\r\n", Stream.concat(Stream.of(AUTH + query + " HTTP/1.1"), Stream.of(headers)).toList());
  }

  private static void send(TokenServer server, String id, String request) {
    String common = "Host: localhost\r\nConnection: close\r\nX-Request-Id: " + id + "\r\n";
    int headers = request.contains("\r\n") ? request.indexOf("\r\n") + 2 : request.length();
    String start = request.substring(0, headers).strip() + "\r\n" + common;
    try {
      Http.sendRaw(server.uri(), start + request.substring(headers) + "\r\n\r\n");
    } catch (SocketException e) {
      // A server that has read enough may reset the connection; the log is what counts.
    } catch (IOException e) {
      throw new AssertionError(request, e);
    }
  }

  /** Returns the key's lines, and its secret numbers as they could be printed. */
  private static List<String> parts(Keys keys) throws Exception {
    List<String> parts =
        new ArrayList<>(
            Files.readAllLines(keys.key()).stream().filter(l -> !l.startsWith("-----")).toList());
    RSAPrivateCrtKey key = keys.privateKey();
    for (BigInteger number : List.of(key.getPrivateExponent(), key.getPrimeP(), key.getPrimeQ())) {
      parts.add(number.toString());
      parts.add(number.toString(16));
      parts.add(HexFormat.of().withUpperCase().formatHex(number.toByteArray()));
      parts.add(Base64.getUrlEncoder().withoutPadding().encodeToString(number.toByteArray()));
    }
    return parts;
  }
}
