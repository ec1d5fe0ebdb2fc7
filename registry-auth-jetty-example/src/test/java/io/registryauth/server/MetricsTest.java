// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.SigningKey;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a scrape of a server shows that other people's code is a part of. */
@Timeout(60)
class MetricsTest {

  private final HttpClient http = HttpClient.newHttpClient();
  private final Metrics metrics = new Metrics();
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch underWay = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicReference<SigningKey> key =
      new AtomicReference<>(TestServer.key("same-name"));
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(ListenAddress.plain(TestServer.ANY), this::refuse, metrics);
  }

  @AfterEach
  void stop() {
    mayEnd.countDown();
    server.close();
  }

  /** An authenticator that has more to say than is good. */
  private AuthenticationResult refuse(AuthenticationRequest request) {
    if (request.credentials().username().equals("slow")) {
      underWay.countDown();
      try {
        assertThat(mayEnd.await(30, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    return new AuthenticationResult.Refused("reason-" + asked.incrementAndGet(), Optional.empty());
  }

  private HttpResponse<String> send(URI uri, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private String scrape() throws Exception {
    HttpResponse<String> response = send(server.managementUri().resolve("/metrics"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/plain; version=0.0.4");
    return response.body();
  }

  private int ask() throws Exception {
    URI auth = server.uri().resolve("/auth?service=docker-registry");
    return send(auth, "Authorization", "Basic dGVhbTp4").statusCode();
  }

  @Test
  void reasons_ofAnAuthenticatorThatNeverRepeatsOne_areBounded_andNoneIsLost() throws Exception {
    for (int i = 0; i < 300; i++) {
      assertThat(ask()).isEqualTo(401);
    }

    String scraped = scrape();
    assertThat(scraped.lines().filter(line -> line.startsWith("registry_auth_decisions_total{")))
        .hasSizeLessThan(110)
        .anyMatch(line -> line.endsWith("reason=\"reason-1\"} 1.0"))
        .anyMatch(
            line -> line.matches(".*\\{outcome=\"unauthorized\",reason=\"other\"} 2\\d\\d.0"));
  }

  @Test
  void request_underWay_isShownAsInFlight_andAScrapeIsNot() throws Exception {
    assertThat(scrape()).contains("registry_auth_requests_in_flight 0.0");
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
      String request =
          String.join(
              "\r\n",
              "GET /auth?service=docker-registry HTTP/1.1",
              "Host: x",
              "Connection: close",
              "Authorization: Basic c2xvdzp4",
              "",
              "");
      slow.getOutputStream().write(request.getBytes(UTF_8));
      assertThat(underWay.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(scrape()).contains("registry_auth_requests_in_flight 1.0");

      mayEnd.countDown();
      assertThat(slow.getInputStream().readAllBytes()).isNotEmpty();
    }
    // The client has the last byte a moment before the server is done with the request.
    awaitScrape("registry_auth_requests_in_flight 0.0");
    awaitScrape("registry_auth_request_duration_seconds_count{code=\"401\"} 1");
  }

  /** Or any client could make all look slow, and fire the alerts of that. */
  @Test
  void attack_formThatIsLong_isNeitherInFlightNorSlow() throws Exception {
    String form = "service=docker-registry&client_id=c&grant_type=password&username=a&password=b";
    String goOn = "HTTP/1.1 100 Continue\r\n\r\n";
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
      client.setSoTimeout(20_000);
      String head =
          String.join(
              "\r\n",
              "POST /token HTTP/1.1",
              "Host: x",
              "Connection: close",
              "Content-Type: application/x-www-form-urlencoded",
              "Content-Length: " + form.length(),
              "Expect: 100-continue",
              "",
              "");
      client.getOutputStream().write(head.getBytes(UTF_8));
      // Then the server waits for the form.
      assertThat(client.getInputStream().readNBytes(goOn.length())).isEqualTo(goOn.getBytes(UTF_8));
      assertThat(scrape()).contains("registry_auth_requests_in_flight 0.0");
      TimeUnit.SECONDS.sleep(1); // more than all that follows takes, to see it if it counted

      long began = System.nanoTime();
      client.getOutputStream().write(form.getBytes(UTF_8));
      assertThat(new String(client.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 401");

      awaitScrape("registry_auth_request_duration_seconds_count{code=\"401\"} 1");
      String sum = "registry_auth_request_duration_seconds_sum{code=\"401\"} ";
      double seconds =
          scrape()
              .lines()
              .filter(line -> line.startsWith(sum))
              .mapToDouble(line -> Double.parseDouble(line.substring(sum.length())))
              .sum();
      assertThat(seconds).isBetween(1e-9, (System.nanoTime() - began) / 1e9);
    }
  }

  private void awaitScrape(String text) throws Exception {
    for (int i = 0; i < 500 && !scrape().contains(text); i++) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(scrape()).contains(text);
  }

  @Test
  void requests_thatNoServletSees_areCountedByTheirStatus() throws Exception {
    assertThat(send(server.uri().resolve("/nowhere")).statusCode()).isEqualTo(404);

    awaitScrape("registry_auth_request_duration_seconds_count{code=\"404\"} 1");
  }

  @Test
  void key_thatIsReplaced_isAskedForAtEachScrape() throws Exception {
    metrics.showSigning(key::get, () -> false);
    String before = keyInfo();
    key.set(TestServer.key("same-name"));

    assertThat(keyInfo()).isNotEqualTo(before);
  }

  @Test
  void files_thatAreRefused_areShownByTheirUse() throws Exception {
    AtomicBoolean refused = new AtomicBoolean();
    metrics.showSigning(key::get, () -> false);
    metrics.showTls(
        TestCertificate.selfSigned(TestCertificate.ec("secp256r1"))::certificate, refused::get);
    assertThat(scrape()).contains("registry_auth_files_refused{use=\"tls\"} 0.0");
    refused.set(true);

    assertThat(scrape())
        .contains("registry_auth_files_refused{use=\"tls\"} 1.0")
        .contains("registry_auth_files_refused{use=\"signing\"} 0.0");
  }

  /** Returns the one line about the key that signs. */
  private String keyInfo() throws Exception {
    assertThat(scrape().lines().filter(line -> line.startsWith("registry_auth_signing_key_info{")))
        .singleElement()
        .asString()
        .matches(".*\\{algorithm=\"ES256\",kid=\"same-name\",thumbprint=\"[\\w-]{43}\"} 1");
    return scrape()
        .lines()
        .filter(line -> line.startsWith("registry_auth_signing_key_info{"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void storeCalls_areCountedByWhatTheyBrought_andTheCachesLookupsBesideThem() throws Exception {
    InMemoryCredentialStore stored = new InMemoryCredentialStore().put("team", "secret");
    CredentialStore backend =
        metrics.ofCalls(
            lookup -> {
              if (lookup.account().username().equals("down")) {
                throw new CredentialStoreException("The store is down");
              }
              return stored.find(lookup);
            });
    CachingCredentialStore cache = CachingCredentialStore.builder(backend).build();
    metrics.show(cache);
    CredentialStore whole = metrics.ofRequests(cache);

    assertThat(whole.find(lookup("team"))).isPresent();
    assertThat(whole.find(lookup("team"))).isPresent();
    assertThat(whole.find(lookup("nobody"))).isEmpty();
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> whole.find(lookup("down")));

    assertThat(scrape())
        .contains("registry_auth_store_calls_total{result=\"found\"} 1.0")
        .contains("registry_auth_store_calls_total{result=\"none\"} 1.0")
        .contains("registry_auth_store_calls_total{result=\"failed\"} 1.0")
        .contains("registry_auth_stage_duration_seconds_count{stage=\"store\"} 3")
        .contains("registry_auth_stage_duration_seconds_count{stage=\"credentials\"} 4")
        .contains("registry_auth_cache_lookups_total{result=\"hit\"} 1.0")
        .contains("registry_auth_cache_lookups_total{result=\"read\"} 2.0")
        .contains("registry_auth_cache_lookups_total{result=\"stale\"} 0.0")
        .contains("registry_auth_cache_lookups_total{result=\"failed\"} 1.0")
        .contains("registry_auth_cache_served_age_seconds_count 1")
        .contains("registry_auth_cache_entries{kind=\"known\"} 1.0")
        .contains("registry_auth_cache_entries{kind=\"unknown\"} 1.0");
  }

  @Test
  void measuredStore_standIn_isTheStoresOwn() {
    StoredPassword costly =
        StoredPassword.bcrypt("$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW");
    CredentialStore backend =
        new CredentialStore() {
          @Override
          public Optional<StoredCredentials> find(CredentialLookup lookup) {
            return Optional.empty();
          }

          @Override
          public StoredPassword standIn() {
            return costly;
          }
        };

    assertThat(metrics.ofRequests(metrics.ofCalls(backend)).standIn()).isSameAs(costly);
  }

  private static CredentialLookup lookup(String username) {
    return CredentialLookup.of(AccountName.parse(username).orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "TRACE", "OPTIONS", "HEAD", "DELETE"})
  void metrics_anyMethodButGet_isRefused(String method) throws Exception {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.managementUri().getPort())) {
      String request =
          method
              + " /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(UTF_8));
      assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 405")
          .contains("Allow: GET")
          .doesNotContain("registry_auth_");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/openmetrics-text; version=1.0.0",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily;"
            + " encoding=delimited",
        "*/*"
      })
  void metrics_inEachFormatThatPrometheusAsksFor_areThere(String accept) throws Exception {
    HttpResponse<String> response =
        send(server.managementUri().resolve("/metrics"), "Accept", accept);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("registry_auth_build", "registry_auth_decisions");
  }

  @Test
  void metrics_ofABrokenQuery_isNoServerFault() throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.managementUri().getPort())) {
      String request =
          "GET /metrics?name[]=%zz&debug=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(UTF_8));
      assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
          .doesNotContain("Exception")
          .doesNotContain("\tat ");
    }
  }
}
