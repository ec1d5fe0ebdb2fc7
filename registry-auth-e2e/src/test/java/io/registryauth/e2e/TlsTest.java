// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A realm that is https, served by the server itself. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsTest {
  /** The files are looked at every 5 s; the rest is for a slow machine. */
  private static final Duration RENEWED_WITHIN = Duration.ofSeconds(10);

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String SCOPE = "repository:test-build/app:pull";

  @TempDir private static Path directory;
  private static CertificateAuthority authority;
  private static Keys signing;
  private static SSLContext trusting;

  @BeforeAll
  static void generateKeys() throws Exception {
    authority = CertificateAuthority.create(directory);
    signing = Keys.generate(directory);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("authority", certificate(authority.certificate()));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    trusting = SSLContext.getInstance("TLS");
    trusting.init(null, trust.getTrustManagers(), null);
  }

  private static Certificate certificate(Path file) throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static TokenServer start(Path certificate, Path key) throws Exception {
    return TokenServer.start(directory, signing, "--tls-cert=" + certificate, "--tls-key=" + key);
  }

  private static Registry registry(TokenServer server) throws Exception {
    Path jwks = directory.resolve("jwks.json");
    ServerJar.writeJwks(signing.certificate(), jwks);
    return Registry.start("3.1.2", directory, server.realm(), signing.certificate(), jwks);
  }

  @Test
  void realmByTls_clients_logInPushAndPull() throws Exception {
    Keys keys = authority.issueToEc();
    try (TokenServer server = start(keys.certificate(), keys.key());
        Registry registry = registry(server)) {
      assertThat(server.realm()).hasScheme("https");
      Client crane = Client.crane(directory).trusting(authority.certificate());
      Tenant tenant = Tenant.TEST_BUILD;
      crane.succeed(
          "auth", "login", registry.address(), "-u", tenant.name(), "-p", tenant.password());
      String name = registry.address() + "/test-build/by-tls:1";
      Files.writeString(crane.home().resolve("layer.txt"), "Hello\n");
      RunningProcess.run(crane.home(), List.of("tar", "-cf", "layer.tar", "layer.txt"), Map.of())
          .orFail();
      crane.succeed("append", "-f", "layer.tar", "-t", name);
      assertThat(crane.succeed("digest", name)).startsWith("sha256:");

      Client skopeo = Client.skopeo(directory);
      assertThat(skopeoLogin(skopeo, registry, tenant).orFail()).contains("Login Succeeded");
      skopeo.succeed("copy", "--src-tls-verify=false", "docker://" + name, "dir:image");
    }
  }

  private static Completed skopeoLogin(Client skopeo, Registry registry, Tenant tenant)
      throws Exception {
    // The option is for the registry, which is plain HTTP here; the realm's certificate is not
    // verified either, then. That of crane is.
    return skopeo.run(
        "login",
        "--tls-verify=false",
        "-u",
        tenant.name(),
        "-p",
        tenant.password(),
        registry.address());
  }

  @Test
  void realmByTls_clientThatDoesNotTrustIt_sendsNoPassword() throws Exception {
    Keys keys = authority.issue();
    Keys other = CertificateAuthority.create(directory).issue();
    try (TokenServer server = start(keys.certificate(), keys.key());
        Registry registry = registry(server)) {
      Client crane = Client.crane(directory).trusting(other.certificate());
      Tenant tenant = Tenant.TEST_BUILD;
      crane.succeed(
          "auth", "login", registry.address(), "-u", tenant.name(), "-p", tenant.password());
      Completed refused = crane.run("digest", registry.address() + "/test-build/by-tls:1");

      assertThat(refused.status()).isNotZero();
      assertThat(refused.output()).contains("certificate signed by unknown authority");
      assertThat(server.log()).doesNotContain("test-build");
    }
  }

  @Test
  void mountedSecret_renewedAndBroken_underLoadNoRequestFails() throws Exception {
    Keys first = authority.issue();
    Keys second = authority.issueToEc();
    Keys third = authority.issue();
    MountedSecret secret = MountedSecret.create(directory, first);
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicBoolean stop = new AtomicBoolean();
    try (TokenServer server = start(secret.certificate(), secret.key())) {
      List<Future<Integer>> loops = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        HttpClient client = i % 2 == 0 ? client() : null;
        Callable<Integer> loop =
            () -> {
              int requests = 0;
              for (; !stop.get(); requests++) {
                assertThat(client == null ? statusOnce(server) : status(client, server))
                    .isEqualTo(200);
                TimeUnit.MILLISECONDS.sleep(20);
              }
              return requests;
            };
        loops.add(threads.submit(loop));
      }
      assertThat(served(server)).isEqualTo(certificate(first.certificate()));

      String newCertificate = Files.readString(second.certificate());
      String newKey = Files.readString(second.key());
      Map<String, List<String>> bad =
          Map.of(
              "mismatched", List.of(newCertificate, Files.readString(first.key())),
              "key cut short", List.of(newCertificate, newKey.substring(0, newKey.length() / 2)),
              "certificate cut short", List.of(newCertificate.substring(0, 300), newKey),
              "empty", List.of("", ""));
      int refused = 0;
      for (Map.Entry<String, List<String>> files : bad.entrySet()) {
        secret.update(files.getValue().get(0), files.getValue().get(1));
        refused++;
        awaitRefusals(server, refused);
        assertThat(served(server)).as(files.getKey()).isEqualTo(certificate(first.certificate()));
      }
      assertRenewed(server, secret, second);
      assertRenewed(server, secret, third);

      stop.set(true);
      for (Future<Integer> loop : loops) {
        assertThat(loop.get(60, TimeUnit.SECONDS)).isGreaterThan(50);
      }
      assertThat(refusals(server)).isEqualTo(bad.size());
    } finally {
      stop.set(true);
      threads.shutdownNow();
    }
  }

  private static void awaitRefusals(TokenServer server, int count) throws Exception {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (refusals(server) < count) {
      assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static long refusals(TokenServer server) {
    return server.log().lines().filter(line -> line.contains("stays in use")).count();
  }

  private static void assertRenewed(TokenServer server, MountedSecret secret, Keys keys)
      throws Exception {
    secret.update(Files.readString(keys.certificate()), Files.readString(keys.key()));
    long deadline = System.nanoTime() + RENEWED_WITHIN.toNanos();
    Certificate expected = certificate(keys.certificate());
    while (!served(server).equals(expected)) {
      assertThat(System.nanoTime()).as("time").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static HttpClient client() {
    return HttpClient.newBuilder().sslContext(trusting).connectTimeout(LIMIT).build();
  }

  private static int status(HttpClient client, TokenServer server) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.auth(SCOPE))
            .header("Authorization", Tenant.TEST_BUILD.authorization())
            .timeout(LIMIT)
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  /** Asks on a connection of its own. */
  private static int statusOnce(TokenServer server) throws Exception {
    URI uri = server.auth(SCOPE);
    String request =
        "GET %s?%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nConnection: close\r\n\r\n"
            .formatted(uri.getRawPath(), uri.getRawQuery(), Tenant.TEST_BUILD.authorization());
    try (SSLSocket socket = connect(server)) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 ").endsWith("}");
      return Integer.parseInt(answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }
  }

  private static Certificate served(TokenServer server) throws Exception {
    try (SSLSocket socket = connect(server)) {
      return socket.getSession().getPeerCertificates()[0];
    }
  }

  private static SSLSocket connect(TokenServer server) throws IOException {
    SSLSocket socket =
        (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", server.uri().getPort());
    socket.setSoTimeout((int) LIMIT.toMillis());
    socket.startHandshake();
    return socket;
  }

  @Test
  void handshake_byOldVersions_isRefused() throws Exception {
    Keys keys = authority.issue();
    try (TokenServer server = start(keys.certificate(), keys.key())) {
      assertThat(handshake(server, "-tls1_1")).contains("alert protocol version");
      assertThat(handshake(server, "-tls1_2")).contains("Protocol  : TLSv1.2");
      assertThat(handshake(server, "-tls1_3")).contains("New, TLSv1.3, Cipher is TLS_");
    }
  }

  private static String handshake(TokenServer server, String version) throws Exception {
    String address = "127.0.0.1:" + server.uri().getPort();
    // Old versions only at the lowest level, where openssl itself lets them pass.
    List<String> command =
        List.of(
            "openssl", "s_client", version, "-cipher", "DEFAULT:@SECLEVEL=0", "-connect", address);
    return RunningProcess.run(directory, command, Map.of()).output();
  }

  @Test
  void start_oneFileWithoutTheOther_isOneLineThatNamesBoth() throws Exception {
    Keys keys = authority.issue();
    assertWrongUse(List.of("--tls-cert=" + keys.certificate()), Map.of());
    assertWrongUse(List.of("--tls-key=" + keys.key()), Map.of("TLS_CERT_FILE", ""));
    assertWrongUse(List.of(), Map.of("TLS_KEY_FILE", keys.key().toString()));
  }

  @Test
  void start_filesThatAreNoPair_isOneLineThatSaysWhy() throws Exception {
    Keys keys = authority.issue();
    Keys other = authority.issueToEc();
    assertThat(
            assertWrongUse(
                List.of("--tls-cert=" + keys.certificate(), "--tls-key=" + other.key()), Map.of()))
        .contains("The private key is not the certificate's")
        .contains(keys.certificate().toString(), other.key().toString());
    assertThat(
            assertWrongUse(
                List.of("--tls-cert=" + keys.certificate(), "--tls-key=/missing/tls.key"),
                Map.of()))
        .contains("/missing/tls.key", "cannot be read");
  }

  private static String assertWrongUse(List<String> options, Map<String, String> environment)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of("--listen=127.0.0.1:0"));
    arguments.addAll(options);
    Completed completed =
        ServerJar.refused(directory, environment, arguments.toArray(String[]::new));
    assertThat(completed.status()).as("%s", completed).isEqualTo(2);
    assertThat(completed.stderr().lines()).hasSize(1);
    assertThat(completed.stderr()).contains("--tls-cert", "--tls-key");
    return completed.stderr();
  }

  @Test
  void start_expiredCertificate_isWarnedOfAndServed() throws Exception {
    Keys keys = authority.issueExpired();
    try (TokenServer server = start(keys.certificate(), keys.key())) {
      assertThat(server.log()).contains("The TLS certificate is not valid now");
      assertThat(server.uri()).hasScheme("https");
    }
  }
}
