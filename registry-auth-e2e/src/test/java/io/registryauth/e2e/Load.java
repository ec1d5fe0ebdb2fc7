// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Clients that ask for tokens, each one request after another, until it is closed. */
final class Load implements AutoCloseable {
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final List<Future<Void>> running = new ArrayList<>();
  private final Map<String, Outcome> outcomes = new ConcurrentHashMap<>();
  private final Duration pause;
  private volatile boolean stopped;

  Load() {
    this(Duration.ofMillis(20));
  }

  private Load(Duration pause) {
    this.pause = pause;
  }

  /** Returns clients that ask again as soon as they have an answer. */
  static Load withoutPause() {
    return new Load(Duration.ZERO);
  }

  /** What the clients of one kind got: how often each status, and the longest time to an answer. */
  record Outcome(Map<Integer, Integer> statuses, Duration slowest) {
    int count(int status) {
      return statuses.getOrDefault(status, 0);
    }
  }

  /** Asks as a tenant, for something of its own. */
  @SuppressWarnings("FutureReturnValueIgnored")
  Load add(String kind, TokenServer server, Callable<Tenant> tenant) {
    outcomes.put(kind, new Outcome(Map.of(), Duration.ZERO));
    running.add(
        clients.submit(
            () -> {
              while (!stopped) {
                Tenant asking = tenant.call();
                long began = System.nanoTime();
                HttpResponse<String> response =
                    server.ask(asking, "repository:" + asking.name() + "/app:pull");
                Duration took = Duration.ofNanos(System.nanoTime() - began);
                outcomes.compute(
                    kind, (same, before) -> after(before, response.statusCode(), took));
                Thread.sleep(pause.toMillis());
              }
              return null;
            }));
    return this;
  }

  private static Outcome after(Outcome before, int status, Duration took) {
    Map<Integer, Integer> statuses = new ConcurrentHashMap<>(before.statuses());
    statuses.merge(status, 1, Integer::sum);
    return new Outcome(
        Collections.unmodifiableMap(statuses),
        took.compareTo(before.slowest()) > 0 ? took : before.slowest());
  }

  /** Returns what the clients of a kind have got so far. */
  Outcome outcome(String kind) {
    return outcomes.get(kind);
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
    clients.shutdownNow();
  }
}
