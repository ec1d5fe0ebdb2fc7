// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A server with TLS, whose files a test changes and has looked at. */
@Timeout(60)
class TlsContextTest {
  private static final String GET =
      "GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive\r\n\r\n";

  private final Logger logger = (Logger) LoggerFactory.getLogger(TlsContext.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir private Path directory;
  private Path certificateFile;
  private Path keyFile;
  private TestCertificate first;
  private TlsContext tls;
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    log.start();
    logger.addAppender(log);
    certificateFile = directory.resolve("tls.crt");
    keyFile = directory.resolve("tls.key");
    KeyPair keys = TestCertificate.rsa();
    first = TestCertificate.selfSigned(keys);
    write(first.certificatePem(), first.pkcs8());
    tls = TlsContext.of(certificateFile.toString(), keyFile.toString());
    ListenAddress address =
        new ListenAddress(TestServer.ANY, Optional.of(tls), TrustedProxies.NONE);
    Authenticator nobody = new CredentialStoreAuthenticator(new InMemoryCredentialStore());
    server = TestServer.start(address, nobody, new Metrics());
  }

  @AfterEach
  void stop() {
    server.close();
    logger.detachAppender(log);
  }

  private void write(String certificate, String key) throws IOException {
    Files.writeString(certificateFile, certificate);
    Files.writeString(keyFile, key);
  }

  private SSLSocket connect(TestCertificate trusted, String name) throws Exception {
    SSLSocket socket =
        (SSLSocket) trusted.trusting().createSocket("127.0.0.1", server.uri().getPort());
    socket.setSoTimeout(20_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(name.isEmpty() ? List.of() : List.of(new SNIHostName(name)));
    socket.setSSLParameters(parameters);
    return socket;
  }

  private static String ask(SSLSocket socket, String host) throws IOException {
    socket.getOutputStream().write(GET.formatted(host).getBytes(UTF_8));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\"}") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("closed after %s", answer).isNotNegative();
      answer.append((char) next);
    }
    return answer.toString();
  }

  /** Returns the certificate that a new connection gets. */
  private X509Certificate served(TestCertificate expected) throws Exception {
    try (SSLSocket socket = connect(expected, "localhost")) {
      assertThat(ask(socket, "localhost")).startsWith("HTTP/1.1 200 ");
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private List<String> errors() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.ERROR)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void uri_withTls_isHttpsForClientsAlone() {
    assertThat(server.uri()).hasScheme("https");
    assertThat(server.managementUri()).hasScheme("http");
  }

  /** A probe comes by the pod's address, and others in the cluster by a short name. */
  @ParameterizedTest
  @ValueSource(strings = {"", "registry-auth", "registry-auth.registry.svc.cluster.local"})
  void connection_withNoOrAnotherName_isServed(String name) throws Exception {
    for (String host : List.of("10.0.3.7:8080", "registry-auth", "localhost")) {
      try (SSLSocket socket = connect(first, name)) {
        assertThat(ask(socket, host)).startsWith("HTTP/1.1 200 ");
      }
    }
  }

  @Test
  void answer_byTls_hasNoHsts() throws Exception {
    try (SSLSocket socket = connect(first, "localhost")) {
      assertThat(ask(socket, "localhost")).doesNotContainIgnoringCase("Strict-Transport");
    }
  }

  @Test
  void poll_renewedPair_goesToNewConnectionsAndOpenOnesGoOn() throws Exception {
    TestCertificate second = TestCertificate.selfSigned(TestCertificate.ec("secp384r1"));
    try (SSLSocket open = connect(first, "localhost")) {
      assertThat(ask(open, "localhost")).startsWith("HTTP/1.1 200 ");
      write(second.certificatePem(), second.traditional());
      assertThat(served(first)).isEqualTo(first.certificate());
      tls.poll();

      assertThat(served(second)).isEqualTo(second.certificate());
      assertThat(ask(open, "localhost")).startsWith("HTTP/1.1 200 ");
      assertThat(errors()).isEmpty();
    }
  }

  @Test
  void poll_pairOfEachKind_isServed() throws Exception {
    for (KeyPair keys :
        List.of(
            TestCertificate.ec("secp256r1"),
            TestCertificate.ec("secp521r1"),
            TestCertificate.ed25519(),
            TestCertificate.rsa())) {
      TestCertificate pair = TestCertificate.selfSigned(keys);
      write(pair.certificatePem(), pair.pkcs8());
      tls.poll();
      assertThat(served(pair)).isEqualTo(pair.certificate());
    }
  }

  @Test
  void poll_badFiles_areLoggedOnceEachAndTheGoodPairStays() throws Exception {
    TestCertificate second = TestCertificate.selfSigned(TestCertificate.rsa());
    String cut = second.pkcs8().substring(0, 400);
    List<List<String>> bad =
        List.of(
            List.of(second.certificatePem(), first.pkcs8()),
            List.of(first.certificatePem(), second.pkcs8()),
            List.of(second.certificatePem(), cut),
            List.of("", second.pkcs8()),
            List.of("", ""));
    for (int i = 0; i < bad.size(); i++) {
      write(bad.get(i).get(0), bad.get(i).get(1));
      tls.poll();
      tls.poll();
      assertThat(errors()).hasSize(i + 1);
      assertThat(served(first)).isEqualTo(first.certificate());
    }
    assertThat(errors())
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains(certificateFile.toString(), keyFile.toString(), "stays in use")
                    .doesNotContain(cut.substring(40, 80)));
    write(second.certificatePem(), second.pkcs8());
    tls.poll();
    assertThat(served(second)).isEqualTo(second.certificate());
  }

  @Test
  void poll_missingFile_isLoggedOnceAndTheGoodPairStays() throws Exception {
    Files.delete(keyFile);
    tls.poll();
    tls.poll();

    assertThat(errors()).singleElement().asString().contains(keyFile.toString());
    assertThat(served(first)).isEqualTo(first.certificate());
  }

  /** What could not be put to use once is no reason to keep the old pair until the next renewal. */
  @Test
  void poll_reloadThatFails_isTriedAgain() throws Exception {
    TestCertificate second = TestCertificate.selfSigned(TestCertificate.rsa());
    write(second.certificatePem(), second.pkcs8());
    AtomicInteger reloads = new AtomicInteger();
    SslContextFactory.Server factory =
        new SslContextFactory.Server() {
          @Override
          public void reload(Consumer<SslContextFactory> consumer) throws Exception {
            if (reloads.getAndIncrement() == 0) {
              throw new IllegalStateException("no memory");
            }
            super.reload(consumer);
          }
        };
    TlsContext failing =
        new TlsContext(
            certificateFile.toString(), keyFile.toString(), factory, InstantSource.system());
    TestCertificate third = TestCertificate.selfSigned(TestCertificate.rsa());
    write(third.certificatePem(), third.pkcs8());
    failing.poll();
    failing.poll();
    failing.poll();

    assertThat(reloads).hasValue(2);
    assertThat(errors()).hasSize(1);
  }

  @Test
  void poll_certificateThatExpires_isWarnedOfOnceADay() {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
    TlsContext expiring =
        new TlsContext(
            certificateFile.toString(),
            keyFile.toString(),
            new SslContextFactory.Server(),
            now::get);
    expiring.poll();
    assertThat(warnings()).isEmpty();
    now.set(first.certificate().getNotAfter().toInstant().plusSeconds(1));
    expiring.poll();
    expiring.poll();
    assertThat(warnings()).singleElement().asString().contains("is not valid now");
    now.set(now.get().plus(Duration.ofHours(23)));
    expiring.poll();
    assertThat(warnings()).hasSize(1);
    now.set(now.get().plus(Duration.ofHours(1)));
    expiring.poll();
    assertThat(warnings()).hasSize(2);
  }

  private List<String> warnings() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void of_expiredCertificate_isWarnedOfAndTaken() throws Exception {
    TestCertificate expired = TestCertificate.expired(TestCertificate.rsa());
    write(expired.certificatePem(), expired.pkcs8());
    TlsContext unused = TlsContext.of(certificateFile.toString(), keyFile.toString());

    assertThat(unused.factory()).isNotNull();
    assertThat(log.list)
        .anySatisfy(
            event -> {
              assertThat(event.getLevel()).isEqualTo(Level.WARN);
              assertThat(event.getFormattedMessage()).contains("is not valid now");
            });
  }

  @Test
  void of_badPair_saysWhy() throws Exception {
    write(first.certificatePem(), "");

    assertThatThrownBy(() -> TlsContext.of(certificateFile.toString(), keyFile.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("There is no private key");
  }
}
