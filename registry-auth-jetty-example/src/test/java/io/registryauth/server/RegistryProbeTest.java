// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryProbeTest {
  private static final int TIMES = 10;

  private final Set<InetSocketAddress> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  /** Starts a registry that takes one token, but answers one request by another status. */
  private int start(HttpServer made, int otherwiseAt, int status) throws IOException {
    server = made;
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v2/",
        exchange -> {
          connections.add(exchange.getRemoteAddress());
          boolean taken =
              "Bearer good".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          boolean other = requests.incrementAndGet() == otherwiseAt;
          exchange.sendResponseHeaders(other ? status : taken ? 200 : 401, -1);
          exchange.close();
        });
    server.start();
    return server.getAddress().getPort();
  }

  private RegistryProbe plain(int otherwiseAt, int status) throws IOException {
    return RegistryProbe.of(
        "http://127.0.0.1:" + start(HttpServer.create(), otherwiseAt, status) + "/v2/");
  }

  @Test
  void registry_thatTakesTheToken_isAskedOverNewConnections() throws Exception {
    assertThat(plain(0, 0).refusal("good")).isEmpty();
    assertThat(connections).as("with a token, and without").hasSize(2 * TIMES);
  }

  @Test
  void registry_thatDoesNotTakeTheToken_isNamedWithItsAnswer() throws Exception {
    assertThat(plain(0, 0).refusal("bad").orElseThrow())
        .contains("127.0.0.1", "answers 401", "valid is 200");
  }

  /** Behind one address there may be one registry that has the key, and one that has not. */
  @ParameterizedTest
  @ValueSource(ints = {302, 401, 503})
  void registry_thatAnswersOtherwiseOnce_isRefused(int status) throws Exception {
    assertThat(plain(2 * TIMES, status).refusal("good").orElseThrow())
        .contains("answers " + status + " to a token");
  }

  /** What asks for no token, such as a mirror or a proxy, takes that of any key. */
  @ParameterizedTest
  @ValueSource(ints = {200, 302, 404})
  void registry_thatDoesNotAskForATokenOnce_isRefused(int status) throws Exception {
    assertThat(plain(2 * TIMES - 1, status).refusal("good").orElseThrow())
        .contains("127.0.0.1", "answers " + status + " without a token; valid is 401");
  }

  @Test
  void registry_byTls_isAskedIfItsAuthorityIsTrusted() throws Exception {
    TestCertificate certificate = TestCertificate.selfSigned(TestCertificate.rsa());
    HttpsServer https = HttpsServer.create();
    https.setHttpsConfigurator(
        new HttpsConfigurator(
            TlsCertificate.fromPem(certificate.certificatePem(), certificate.pkcs8()).context()));
    RegistryProbe probe = RegistryProbe.of("https://localhost:" + start(https, 0, 0) + "/v2/");
    TestCertificate other = TestCertificate.selfSigned(TestCertificate.rsa());

    assertThat(probe.refusal("good").orElseThrow()).contains("does not answer");
    assertThat(probe.trusting(Optional.of(other.certificatePem())).refusal("good")).isPresent();
    assertThat(requests).as("that got the token").hasValue(0);
    assertThat(probe.trusting(Optional.of(certificate.certificatePem())).refusal("good")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "registry", "ftp://registry/v2/", "https://registry", "/v2/"})
  void of_whatIsNoUrlOfARegistry_saysWhatIsValid(String text) {
    assertThatThrownBy(() -> RegistryProbe.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("valid is a URL such as https://registry/v2/");
  }
}
