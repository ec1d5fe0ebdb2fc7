// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Whatever a server meets in its life, at a moderate rate and all at once: clients that are right
 * and wrong, clients that break off or are slow, the platform's probes, and keys and credentials
 * that change. Each client is at an address of its own, as a proxy says.
 */
final class SoakLoad implements AutoCloseable {
  private static final String GOOD_HASH =
      "$2y$04$Ql6HiSQchxvBWdxw0l0YB.n8xZq7Pg.uo/NZJmrISg.6aq87o/iBu";
  private static final List<String> OTHER_HASHES =
      List.of(
          "$2y$04$LCu0WtiWuimKbtHoDuBCh.z4LkDRPurlPC3u7/3dXbQYGVVyOCzN.",
          "$2y$04$fw0pxmvGWEd1ebDIjROnkuB0zT2Dt1bicimTUa9DBylhzoZePdfHO");
  private static final int NO_STATUS = 0;
  private static final int SLOW_CLIENTS = 20;

  private final TokenServer server;
  private final URI management;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<Void>> running = new ArrayList<>();
  private final Map<String, Integer> answers = new ConcurrentSkipListMap<>();
  private final AtomicInteger clients = new AtomicInteger();
  private final AtomicInteger exchanges = new AtomicInteger();
  private final AtomicInteger changes = new AtomicInteger();
  private final Set<Object> keyIds = ConcurrentHashMap.newKeySet();
  private volatile String refreshToken = "";
  private volatile boolean stopped;

  SoakLoad(TokenServer server) throws InterruptedException {
    this.server = server;
    management = server.management();
  }

  /** Writes the file of the two tenants, the second with one of two passwords in turn. */
  static Path writeHtpasswd(Path directory, int change) throws IOException {
    Path next = directory.resolve("htpasswd.next");
    Files.writeString(
        next,
        "%s:%s%n%s:%s%n# %d%n"
            .formatted(
                Tenant.TEST_BUILD.name(),
                GOOD_HASH,
                Tenant.OTHER.name(),
                OTHER_HASHES.get(change % 2),
                change));
    return Files.move(next, directory.resolve("htpasswd"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Fills what is bounded, so that it does not grow any more. */
  void fill() throws Exception {
    burst(25_000, Set.of(200), this::login);
    burst(10_000, Set.of(401, 503), this::wrongPassword);
  }

  private void burst(int times, Set<Integer> valid, Callable<Integer> step) throws Exception {
    List<Callable<Void>> parts =
        Collections.nCopies(
            8,
            () -> {
              for (int i = 0; i < times / 8; i++) {
                check("burst", valid, step.call());
              }
              return null;
            });
    for (Future<Void> part : threads.invokeAll(parts)) {
      part.get();
    }
  }

  /** Starts all of it, with a secret to exchange keys in and a directory with the htpasswd file. */
  void start(MountedSecret secret, List<Keys> keys, Path credentials) {
    repeat("tokens", 20, Set.of(200), this::token);
    repeat("logins", 50, Set.of(200), this::login);
    repeat("refresh tokens", 50, Set.of(200, 401), this::refresh);
    repeat("passwords that change", 50, Set.of(200, 401, 503), this::changingPassword);
    repeat("wrong passwords", 20, Set.of(401, 503), this::wrongPassword);
    repeat("guesses from one address", 100, Set.of(401, 429, 503), this::guess);
    repeat("requests that make no sense", 50, Set.of(400, 404, 405, 414, 431), this::nonsense);
    repeat("connections broken off", 100, Set.of(NO_STATUS), this::breakOff);
    Deque<Socket> slow = new ArrayDeque<>();
    repeat("bodies that do not come", 500, Set.of(NO_STATUS), () -> stall(slow));
    repeat("probes and scrapes", 250, Set.of(200), this::probe);
    repeat("keys exchanged", 7_000, Set.of(NO_STATUS), () -> exchange(secret, keys));
    repeat("credentials written", 3_000, Set.of(NO_STATUS), () -> write(credentials));
  }

  private void repeat(String kind, long pauseMillis, Set<Integer> valid, Callable<Integer> step) {
    running.add(
        threads.submit(
            () -> {
              while (!stopped) {
                check(kind, valid, step.call());
                Thread.sleep(pauseMillis);
              }
              return null;
            }));
  }

  private void check(String kind, Set<Integer> valid, int status) {
    assertThat(valid).as(kind).contains(status);
    answers.merge(kind + (status == NO_STATUS ? "" : " " + status), 1, Integer::sum);
  }

  private String address() {
    int client = clients.incrementAndGet();
    String host = ((client >> 16) & 255) + "." + ((client >> 8) & 255) + "." + (client & 255);
    return client % 2 == 0
        ? "10." + host
        : "2001:db8:%x:%x::1".formatted(client >> 16, client & 0xffff);
  }

  private int ask(String address, Tenant tenant, String... scopes) throws Exception {
    String[] headers = {"Authorization", tenant.authorization(), "X-Forwarded-For", address};
    HttpResponse<String> response = Http.send("GET", server.auth(scopes), headers);
    if (response.statusCode() == 200) {
      String token = (String) Json.object(response.body()).get("token");
      keyIds.add(Jwt.parse(token).header().get("kid"));
    }
    return response.statusCode();
  }

  private int token() throws Exception {
    return ask(address(), Tenant.TEST_BUILD, "repository:test-build/app:pull,push");
  }

  private int login() throws Exception {
    return ask(address(), Tenant.TEST_BUILD);
  }

  private int changingPassword() throws Exception {
    return ask(address(), Tenant.OTHER);
  }

  private int wrongPassword() throws Exception {
    int client = clients.get();
    String name = client % 3 == 0 ? Tenant.TEST_BUILD.name() : "nobody-" + client;
    return ask(address(), new Tenant(name, "wrong-" + client));
  }

  private int guess() throws Exception {
    return ask("192.0.2.7", new Tenant(Tenant.TEST_BUILD.name(), "guess-" + clients.get()));
  }

  private int refresh() throws Exception {
    if (refreshToken.isEmpty()) {
      URI uri = URI.create(server.auth() + "&offline_token=true&client_id=soak");
      HttpResponse<String> response =
          Http.send("GET", uri, "Authorization", Tenant.TEST_BUILD.authorization());
      refreshToken = (String) Json.object(response.body()).get("refresh_token");
    }
    int status =
        Http.postForm(
                server.uri().resolve("/token"),
                "grant_type=refresh_token&service=docker-registry&client_id=soak&refresh_token="
                    + refreshToken)
            .statusCode();
    if (status == 401) { // of a key that is there no longer
      refreshToken = "";
    }
    return status;
  }

  private int nonsense() throws Exception {
    URI uri = server.uri();
    return switch (clients.incrementAndGet() % 5) {
      case 0 -> Http.send("GET", uri.resolve("/nothing-" + clients.get())).statusCode();
      case 1 -> Http.send("GET", uri.resolve("/auth?service=" + clients.get())).statusCode();
      case 2 -> Http.send("DELETE", uri.resolve("/auth")).statusCode();
      case 3 -> Http.send("GET", uri.resolve("/auth?" + "x".repeat(9_000))).statusCode();
      default -> Http.post(uri.resolve("/token"), "{}").statusCode();
    };
  }

  /** Half a request, or a whole one whose answer nobody waits for. */
  private int breakOff() throws IOException {
    String request =
        "GET /auth?service=docker-registry HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
            + Tenant.TEST_BUILD.authorization()
            + "\r\n\r\n";
    int length = clients.incrementAndGet() % 2 == 0 ? request.length() : request.length() / 2;
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.substring(0, length).getBytes(ISO_8859_1));
      socket.setSoLinger(true, 0);
    }
    return NO_STATUS;
  }

  private int stall(Deque<Socket> slow) throws IOException {
    Socket socket = connect();
    slow.add(socket);
    socket
        .getOutputStream()
        .write(
            ("POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type")
                .getBytes(ISO_8859_1));
    if (slow.size() > SLOW_CLIENTS) {
      slow.remove().close();
    }
    return NO_STATUS;
  }

  private Socket connect() throws IOException {
    return new Socket(server.uri().getHost(), server.uri().getPort());
  }

  private int probe() throws Exception {
    List<URI> uris =
        List.of(
            management.resolve("/metrics"),
            management.resolve("/readyz"),
            management.resolve("/healthz"),
            server.uri().resolve("/jwks.json"));
    return Http.send("GET", uris.get(clients.incrementAndGet() % uris.size())).statusCode();
  }

  private int exchange(MountedSecret secret, List<Keys> keys) throws IOException {
    Keys next = keys.get(exchanges.incrementAndGet() % keys.size());
    secret.update(Files.readString(next.certificate()), Files.readString(next.key()));
    return NO_STATUS;
  }

  private int write(Path directory) throws IOException {
    Path unused = writeHtpasswd(directory, changes.incrementAndGet());
    return NO_STATUS;
  }

  /** Returns how often each answer came. */
  Map<String, Integer> answers() {
    return Map.copyOf(answers);
  }

  /** Returns by which keys the tokens were signed that clients got. */
  Set<Object> keyIds() {
    return Set.copyOf(keyIds);
  }

  int requests() {
    return answers.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Fails if a client got what it must not. */
  void check() throws Exception {
    for (Future<Void> one : running) {
      if (one.isDone()) {
        one.get();
      }
    }
  }

  /** Stops, and fails if a client could not go on. */
  void stop() throws Exception {
    stopped = true;
    for (Future<Void> one : running) {
      one.get();
    }
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }
}
