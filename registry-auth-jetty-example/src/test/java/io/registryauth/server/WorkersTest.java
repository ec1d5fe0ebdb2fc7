// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CompensatingThread;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.Identity;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that compute, and requests that wait. */
@Timeout(60)
class WorkersTest {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final int UNDER_WAY = 180;
  private static final int MANY = 20 + PROCESSORS;

  private final HttpClient http = HttpClient.newHttpClient();
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicInteger waiting = new AtomicInteger();
  private RegistryAuthServer server;

  @AfterEach
  void stop() {
    mayEnd.countDown();
    if (server != null) {
      server.close();
    }
  }

  private CompletableFuture<HttpResponse<String>> ask(String path, String user) {
    String basic =
        Base64.getEncoder().encodeToString((user + ":x").getBytes(StandardCharsets.UTF_8));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.uri() + path))
            .header("Authorization", "Basic " + basic)
            .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }

  private CompletableFuture<HttpResponse<String>> askForToken(String user) {
    return ask("/auth?service=docker-registry", user);
  }

  /** A store that stands still for all but one namespace. */
  private Optional<StoredCredentials> find(CredentialLookup lookup) {
    String user = lookup.account().username();
    if (!user.equals("good")) {
      waiting.incrementAndGet();
      await();
    }
    return Optional.of(new StoredCredentials(user, List.of(StoredPassword.of(Password.of("x")))));
  }

  private AuthenticationResult compute(AuthenticationRequest request) {
    waiting.incrementAndGet();
    await(); // as something that takes a processor does
    return new AuthenticationResult.Authenticated(new Identity.Tenant(new NamespaceName("team")));
  }

  private void await() {
    try {
      assertThat(mayEnd.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitWaiting(int count) throws InterruptedException {
    while (waiting.get() < count) {
      TimeUnit.MILLISECONDS.sleep(10); // the class's limit of time ends it
    }
  }

  @Test
  void moreThanThereAreProcessorsWaitForAStore_othersAreAnsweredMeanwhile() throws Exception {
    server =
        TestServer.start(
            new CredentialStoreAuthenticator(CachingCredentialStore.builder(this::find).build()));
    List<CompletableFuture<HttpResponse<String>>> stuck = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      stuck.add(askForToken("team-" + i));
    }
    awaitWaiting(MANY);

    assertThat(askForToken("good").get().statusCode()).isEqualTo(200);

    mayEnd.countDown();
    for (CompletableFuture<HttpResponse<String>> answer : stuck) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void allProcessorsCompute_probesAndKeysAreAnsweredMeanwhile_andNoMoreTokensBegun()
      throws Exception {
    server = TestServer.start(this::compute);
    List<CompletableFuture<HttpResponse<String>>> busy = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      busy.add(askForToken("team"));
    }
    awaitWaiting(PROCESSORS);

    assertThat(ask("/healthz", "x").get().statusCode()).isEqualTo(200);
    assertThat(ask("/readyz", "x").get().statusCode()).isEqualTo(200);
    assertThat(ask("/jwks.json", "x").get().body()).isEqualTo(TestServer.JWKS);
    assertThat(waiting).hasValue(PROCESSORS);

    mayEnd.countDown();
    for (CompletableFuture<HttpResponse<String>> answer : busy) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }

  /** Those that came first are served first, while others come without end. */
  @Test
  void moreThanThereArePlaces_thoseThatCameFirst_areServedBeforeLaterOnes() throws Exception {
    AtomicInteger old = new AtomicInteger();
    AtomicInteger young = new AtomicInteger();
    server =
        TestServer.start(
            request -> {
              await();
              boolean first = request.credentials().username().equals("old");
              (first ? old : young).incrementAndGet();
              return new AuthenticationResult.Authenticated(
                  new Identity.Tenant(new NamespaceName("team")));
            });
    List<CompletableFuture<HttpResponse<String>>> first = new ArrayList<>();
    for (int i = 0; i < UNDER_WAY; i++) {
      first.add(askForToken("old"));
    }
    while (inFlight() < UNDER_WAY) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    AtomicBoolean enough = new AtomicBoolean();
    List<Thread> others = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      others.add(
          new Thread(
              () -> {
                while (!enough.get()) {
                  int unused = askForToken("young").join().statusCode();
                }
              }));
    }
    others.forEach(Thread::start);
    while (inFlight() < UNDER_WAY + 40) {
      TimeUnit.MILLISECONDS.sleep(10);
    }

    mayEnd.countDown();
    while (young.get() < 3 * UNDER_WAY) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    assertThat(old).hasValue(UNDER_WAY);

    enough.set(true);
    for (Thread other : others) {
      other.join();
    }
    for (CompletableFuture<HttpResponse<String>> answer : first) {
      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }

  /** Or they would take turns to sign for as long as there is more to do than can be done. */
  @Test
  void threadsThatComeBackFromAWait_doNotStayBesideThoseInTheirPlaces() throws Exception {
    Workers workers = new Workers();
    workers.start();
    CountDownLatch done = new CountDownLatch(MANY + 500);
    AtomicInteger computing = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try {
      for (int i = 0; i < MANY; i++) {
        workers.executeInLine(
            () -> {
              waiting.incrementAndGet();
              // One within the other, and one place all the same.
              boolean unused =
                  CompensatingThread.callWaiting(
                      () -> CompensatingThread.callWaiting(this::awaited));
              done.countDown();
            });
      }
      awaitWaiting(MANY);
      for (int i = 0; i < 500; i++) {
        workers.executeInLine(
            () -> {
              int now = computing.incrementAndGet();
              most.accumulateAndGet(now, Math::max);
              mayEnd.countDown(); // all who wait come back at once
              LockSupport.parkNanos(100_000);
              computing.decrementAndGet();
              done.countDown();
            });
      }
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      workers.stop();
    }

    assertThat(most.get()).isBetween(1, PROCESSORS);
  }

  private boolean awaited() {
    await();
    return true;
  }

  @Test
  void taskThatFails_doesNotTakeItsWorkerAlong() throws Exception {
    Workers workers = new Workers();
    workers.start();
    CountDownLatch done = new CountDownLatch(1);
    try {
      for (int i = 0; i < MANY; i++) {
        workers.executeInLine(
            () -> {
              throw new IllegalStateException("as it should here");
            });
      }
      workers.executeInLine(done::countDown);
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      workers.stop();
    }
  }

  /** A connection that had a token brings one request after the other, for what is not counted. */
  @Test
  void attack_connectionsThatAskWithoutEnd_holdNobodyUp() throws Exception {
    server =
        TestServer.start(
            request ->
                new AuthenticationResult.Authenticated(
                    new Identity.Tenant(new NamespaceName("team"))));
    List<Socket> endless = new ArrayList<>();
    try {
      for (int i = 0; i <= PROCESSORS; i++) {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort());
        endless.add(client);
        Thread reader = new Thread(() -> readAll(client));
        reader.setDaemon(true);
        reader.start();
        Thread writer = new Thread(() -> askWithoutEnd(client));
        writer.setDaemon(true);
        writer.start();
      }
      awaitAnswered(1_000);
      for (int i = 0; i < 20; i++) {
        assertThat(askForToken("team").get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
    } finally {
      for (Socket client : endless) {
        client.close();
      }
    }
  }

  private int inFlight() throws Exception {
    HttpRequest scrape =
        HttpRequest.newBuilder(URI.create(server.managementUri() + "/metrics")).build();
    String name = "registry_auth_requests_in_flight ";
    return http.send(scrape, HttpResponse.BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToInt(line -> (int) Double.parseDouble(line.substring(name.length())))
        .findFirst()
        .orElseThrow();
  }

  private void awaitAnswered(int bytes) throws InterruptedException {
    while (waiting.get() < bytes) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private void readAll(Socket client) {
    byte[] part = new byte[8192];
    try {
      int length = client.getInputStream().read(part);
      while (length >= 0) {
        int unused = waiting.addAndGet(length);
        length = client.getInputStream().read(part);
      }
    } catch (IOException e) {
      // closed, at the end of the test
    }
  }

  private static void askWithoutEnd(Socket client) {
    try {
      String token =
          String.join(
              "\r\n",
              "GET /auth?service=docker-registry HTTP/1.1",
              "Host: x",
              "Authorization: Basic dGVhbTp4",
              "",
              "");
      client.getOutputStream().write(token.getBytes(StandardCharsets.UTF_8));
      byte[] keys =
          "GET /jwks.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100).getBytes(StandardCharsets.UTF_8);
      while (!client.isClosed()) {
        client.getOutputStream().write(keys);
      }
    } catch (IOException e) {
      // closed, at the end of the test
    }
  }
}
