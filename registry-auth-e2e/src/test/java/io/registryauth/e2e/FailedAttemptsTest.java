// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What many wrong passwords do to who sends them, and do not do to others. */
@Tag(Alone.TAG)
class FailedAttemptsTest {
  private static final Tenant TENANT = Tenant.TEST_BUILD;
  private static final Tenant WRONG = new Tenant(TENANT.name(), "wrong-password");
  private static final String HERE = "192.0.2.7";
  private static final String ELSEWHERE = "192.0.2.8";

  @TempDir private Path directory;
  private Keys keys;

  @BeforeEach
  void generateKeys() throws Exception {
    keys = Keys.generate(directory);
  }

  private TokenServer startBehindProxy(String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--trusted-proxies=127.0.0.0/8");
    return TokenServer.start(directory, keys, all.toArray(String[]::new));
  }

  private static HttpResponse<String> from(String client, TokenServer server, Tenant tenant)
      throws IOException, InterruptedException {
    String[] headers = {"Authorization", tenant.authorization(), "X-Forwarded-For", client};
    return Http.send("GET", server.auth(), headers);
  }

  private static int status(String client, TokenServer server, Tenant tenant) throws Exception {
    return from(client, server, tenant).statusCode();
  }

  private static List<Integer> wrongPasswords(int number, TokenServer server) throws Exception {
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      statuses.add(status(HERE, server, new Tenant(TENANT.name(), "wrong-" + i)));
    }
    return statuses;
  }

  @Test
  void attack_thirtyWrongPasswords_getTooManyRequestsAndHarmNobodyElse() throws Exception {
    try (TokenServer server = startBehindProxy()) {
      assertThat(status(HERE, server, TENANT)).isEqualTo(200);

      List<Integer> statuses = wrongPasswords(30, server);

      assertThat(statuses.subList(0, 20)).containsOnly(401);
      assertThat(statuses).endsWith(429).containsOnly(401, 429);
      HttpResponse<String> refused = from(HERE, server, WRONG);
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("\"TOOMANYREQUESTS\"").contains("request_id");
      assertThat(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow()))
          .isBetween(1, 3);
      assertThat(status(HERE, server, TENANT)).as("known good").isEqualTo(200);
      assertThat(status(HERE, server, Tenant.OTHER)).as("another tenant").isEqualTo(200);
      assertThat(status(ELSEWHERE, server, TENANT)).as("another address").isEqualTo(200);
      assertThat(status(ELSEWHERE, server, WRONG)).as("another address").isEqualTo(401);
      assertThat(Http.send("GET", server.auth()).statusCode()).as("a probe").isEqualTo(401);
    }
  }

  @Test
  void probesWithoutCredentials_many_countAsNothing() throws Exception {
    try (TokenServer server = startBehindProxy()) {
      for (int i = 0; i < 300; i++) {
        assertThat(Http.send("GET", server.auth(), "X-Forwarded-For", HERE).statusCode())
            .isEqualTo(401);
      }

      assertThat(status(HERE, server, WRONG)).isEqualTo(401);
      assertThat(status(HERE, server, TENANT)).isEqualTo(200);
    }
  }

  @Test
  void retryAfter_whoWaitsThatLong_isLookedAtAgain() throws Exception {
    try (TokenServer server = startBehindProxy()) {
      assertThat(wrongPasswords(30, server)).endsWith(429);
      HttpResponse<String> refused = from(HERE, server, TENANT);
      assertThat(refused.statusCode()).as("good, but not known to be").isEqualTo(429);

      Thread.sleep(1000 * Long.parseLong(refused.headers().firstValue("Retry-After").get()));

      assertThat(status(HERE, server, TENANT)).isEqualTo(200);
      assertThat(wrongPasswords(30, server)).endsWith(429);
      assertThat(status(HERE, server, TENANT)).as("known to be good now").isEqualTo(200);
    }
  }

  @Test
  void passwordThatIsGoodNoLonger_isRefusedAndNotKnownGoodAnyMore() throws Exception {
    try (TokenServer server = startBehindProxy()) {
      assertThat(status(HERE, server, TENANT)).isEqualTo(200);
      assertThat(wrongPasswords(30, server)).endsWith(429);

      new Tenant(TENANT.name(), "rotated").store(directory.resolve("credentials"));

      int status = status(HERE, server, TENANT);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (status == 200 && System.nanoTime() < deadline) { // as long as the copy counts
        TimeUnit.MILLISECONDS.sleep(50);
        status = status(HERE, server, TENANT);
      }
      assertThat(status).isEqualTo(401);
      assertThat(status(HERE, server, TENANT)).isEqualTo(429);
    }
  }

  /** An invented client would have its own number of attempts. */
  @Test
  void attack_forwardedForOfAPeerThatIsNotTrusted_isNothing() throws Exception {
    try (TokenServer server =
        TokenServer.start(directory, keys, "--trusted-proxies=10.0.0.0/8", "--failed-attempts=1")) {
      AuditTrail audit = AuditTrail.of(server);

      assertThat(status(HERE, server, WRONG)).isEqualTo(401);
      assertThat(status(ELSEWHERE, server, WRONG)).isEqualTo(429);
      assertThat(audit.requests())
          .extracting(request -> request.get("client"))
          .containsExactly("127.0.0.1", "127.0.0.1");
    }
  }

  @Test
  void auditLog_ofATrustedProxy_namesTheClientAndWhy() throws Exception {
    try (TokenServer server = startBehindProxy("--failed-attempts=1")) {
      AuditTrail audit = AuditTrail.of(server);

      assertThat(status("203.0.113.9, " + HERE, server, WRONG)).isEqualTo(401);
      assertThat(status(HERE + ", 127.0.0.3", server, WRONG)).isEqualTo(429);

      assertThat(audit.requests())
          .extracting(request -> request.get("client"))
          .containsExactly(HERE, HERE);
      assertThat(audit.requests().get(1))
          .containsEntry("outcome", "toomanyrequests")
          .containsEntry("reason", "too-many-failed-attempts")
          .containsEntry("subject", "");
    }
  }

  /** A hash of this cost takes a third of a second. */
  @Test
  void attack_wrongPasswordsForAnHtpasswdFile_costNoHashOnceTheyAreTooMany() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("htpasswd"),
            "test-build:$2y$12$xL29itl1OiavctxZBLOapOcal8XDV1VX82/Ow5X2YL1/xfVJEzt9u\n",
            UTF_8);
    try (TokenServer server =
        TokenServer.start(
            directory,
            Map.of(),
            "serve",
            "--listen=127.0.0.1:0",
            "--management-listen=127.0.0.1:0",
            "--credentials=htpasswd:" + file,
            "--signing-key=" + keys.key(),
            "--signing-cert=" + keys.certificate(),
            "--failed-attempts=1")) {
      assertThat(status(HERE, server, WRONG)).isEqualTo(401);
      long began = System.nanoTime();

      assertThat(wrongPasswords(100, server)).containsOnly(429);

      assertThat(System.nanoTime() - began).isLessThan(10_000_000_000L);
    }
  }

  @Test
  void attack_tenThousandClientAddresses_leaveMemoryFlat() throws Exception {
    Random random = new Random(1);
    try (TokenServer server = startBehindProxy()) {
      tryFromRandomAddresses(server, random, 10_000);
      long before = server.usedHeap();

      tryFromRandomAddresses(server, random, 10_000);

      long after = server.usedHeap();
      System.err.printf("Heap: %,d KiB, then %,d KiB%n", before / 1024, after / 1024);
      assertThat(after - before).isLessThan(4L << 20);
      assertThat(status(HERE, server, TENANT)).isEqualTo(200);
    }
  }

  private static void tryFromRandomAddresses(TokenServer server, Random random, int number)
      throws Exception {
    byte[] ipv4 = new byte[4];
    byte[] ipv6 = new byte[16];
    for (int i = 0; i < number; i++) {
      byte[] address = i % 2 == 0 ? ipv4 : ipv6;
      random.nextBytes(address);
      String client = InetAddress.getByAddress(address).getHostAddress();
      assertThat(status(client, server, WRONG)).as(client).isEqualTo(401);
    }
  }
}
