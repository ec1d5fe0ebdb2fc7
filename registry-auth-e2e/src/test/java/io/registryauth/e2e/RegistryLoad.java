// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Clients that push and pull, over and over, until they are stopped: some by plain HTTP, which use
 * a token until shortly before its end, and one that is crane. As behind a Service of Kubernetes, a
 * registry that is about to be restarted gets no new requests, and may finish those it has.
 */
final class RegistryLoad implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration TOKEN_USE = Duration.ofSeconds(40);
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final Tenant TENANT = Tenant.TEST_BUILD;

  private final TokenServer server;
  private final List<Backend> backends;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<Void>> running = new ArrayList<>();
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger craneRuns = new AtomicInteger();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;

  private record Backend(Registry registry, ReadWriteLock lock) {}

  /** Uses a registry. */
  private interface Use {
    void run(Registry registry) throws Exception;
  }

  RegistryLoad(TokenServer server, List<Registry> registries) {
    this.server = server;
    backends =
        registries.stream()
            .map(registry -> new Backend(registry, new ReentrantReadWriteLock()))
            .toList();
  }

  /** Starts clients by plain HTTP, and crane. */
  RegistryLoad start(int clients, Path directory) throws IOException {
    for (int i = 0; i < clients; i++) {
      running.add(threads.submit(httpClient("test-build/load-" + i)));
    }
    Client crane = Client.crane(directory);
    Files.writeString(crane.home().resolve("layer.txt"), "Hello\n");
    running.add(threads.submit(() -> repeat(registry -> useCrane(crane, registry))));
    return this;
  }

  private Callable<Void> httpClient(String repository) {
    HttpClient http =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LIMIT).build();
    Pushing pushing = new Pushing(http, repository);
    return () -> repeat(pushing::pushAndPull);
  }

  private Void repeat(Use use) throws Exception {
    for (int i = 0; !stopped; i++) {
      Backend backend = backends.get(i % backends.size());
      if (backend.lock.readLock().tryLock()) {
        try {
          use.run(backend.registry);
        } catch (AssertionError | IOException e) {
          failures.add(e.toString());
        } finally {
          backend.lock.readLock().unlock();
        }
      }
      Thread.sleep(PAUSE.toMillis());
    }
    return null;
  }

  private void useCrane(Client crane, Registry registry) throws Exception {
    String name = registry.address() + "/test-build/crane:" + craneRuns.incrementAndGet();
    crane.succeed(
        "auth", "login", registry.address(), "-u", TENANT.name(), "-p", TENANT.password());
    RunningProcess.run(crane.home(), List.of("tar", "-cf", "layer.tar", "layer.txt"), Map.of())
        .orFail();
    crane.succeed("append", "-f", "layer.tar", "-t", name);
    crane.succeed("manifest", name);
  }

  /** One client by plain HTTP. */
  private final class Pushing {
    private final HttpClient http;
    private final String repository;
    private String token = "";
    private long tokenTime;
    private int pushes;

    Pushing(HttpClient http, String repository) {
      this.http = http;
      this.repository = repository;
    }

    void pushAndPull(Registry registry) throws Exception {
      if (token.isEmpty() || System.nanoTime() - tokenTime > TOKEN_USE.toNanos()) {
        tokenTime = System.nanoTime();
        requests.incrementAndGet();
        token = server.token(TENANT, "repository:" + repository + ":push,pull");
      }
      String blob = "blob " + pushes++;
      String upload =
          send(registry, "POST", uri(registry, "blobs/uploads/"), "", "", 202)
              .headers()
              .firstValue("Location")
              .orElseThrow();
      String put = upload + (upload.contains("?") ? "&" : "?") + "digest=" + digest(blob);
      URI target = registry.uri("/").resolve(put);
      check(send(registry, "PUT", target, "application/octet-stream", blob, 201));
      String descriptor =
          "{\"mediaType\":\"application/octet-stream\",\"digest\":\"%s\",\"size\":%d}"
              .formatted(digest(blob), blob.length());
      String manifest =
          "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
              .formatted(MANIFEST, descriptor, descriptor);
      check(send(registry, "PUT", uri(registry, "manifests/latest"), MANIFEST, manifest, 201));
      check(send(registry, "GET", uri(registry, "manifests/latest"), "", "", 200));
      check(send(registry, "HEAD", uri(registry, "blobs/" + digest(blob)), "", "", 200));
    }

    private URI uri(Registry registry, String path) {
      return registry.uri("/v2/" + repository + "/" + path);
    }

    private void check(HttpResponse<String> response) {
      if (response.version() != HttpClient.Version.HTTP_1_1) {
        throw new AssertionError("Not by HTTP/1.1: " + response);
      }
    }

    private HttpResponse<String> send(
        Registry registry, String method, URI uri, String type, String body, int expected)
        throws IOException, InterruptedException {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri)
              .method(method, HttpRequest.BodyPublishers.ofString(body))
              .header("Authorization", "Bearer " + token)
              .header("Accept", MANIFEST)
              .timeout(LIMIT);
      if (!type.isEmpty()) {
        request.header("Content-Type", type);
      }
      requests.incrementAndGet();
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != expected) {
        throw new AssertionError(
            registry.address() + ": " + response + " with " + Jwt.parse(token).header());
      }
      return response;
    }
  }

  private static String digest(String text) throws GeneralSecurityException {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    return "sha256:" + HexFormat.of().formatHex(hash);
  }

  /** Restarts the registries one after another, each once nobody uses it any more. */
  void restartOneByOne() throws IOException, InterruptedException {
    for (Backend backend : backends) {
      backend.lock.writeLock().lock();
      try {
        backend.registry.restart();
      } finally {
        backend.lock.writeLock().unlock();
      }
    }
  }

  /** Returns how many requests plain HTTP has sent. */
  int requests() {
    return requests.get();
  }

  /** Returns how many images crane has pushed and pulled, or tried to. */
  int craneRuns() {
    return craneRuns.get();
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Stops, and fails if a client could not go on. */
  void stop() throws Exception {
    stopped = true;
    for (Future<Void> client : running) {
      client.get();
    }
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }
}
