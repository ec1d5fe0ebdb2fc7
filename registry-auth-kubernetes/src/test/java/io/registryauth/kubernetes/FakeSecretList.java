// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.openapi.ApiClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** Lists Secrets in pages and sends watch events, as a test tells it to. */
final class FakeSecretList implements AutoCloseable {
  private static final String END = "";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> queries = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private volatile List<String> pages = List.of();
  private volatile int watchStatus = 200;

  FakeSecretList() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/api/v1/secrets", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    queries.add(query);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    try (exchange) {
      if (!query.contains("watch=true")) {
        int page =
            query.contains("continue=") ? Integer.parseInt(query.replaceAll(".*continue=", "")) : 0;
        byte[] body = pages.get(page).getBytes(UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      } else {
        exchange.sendResponseHeaders(watchStatus, watchStatus == 200 ? 0 : -1);
        send(exchange);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(HttpExchange exchange) throws IOException, InterruptedException {
    if (watchStatus == 200) {
      exchange.getResponseBody().flush();
      for (String event = events.take(); !event.equals(END); event = events.take()) {
        exchange.getResponseBody().write(event.getBytes(UTF_8));
        exchange.getResponseBody().flush();
      }
    }
  }

  /** Sets what is listed from now on, each argument the items of a page. */
  void list(String version, String... items) {
    String[] all = new String[items.length];
    for (int i = 0; i < items.length; i++) {
      String next = i + 1 < items.length ? "" + (i + 1) : "";
      all[i] =
          "{\"kind\":\"SecretList\",\"metadata\":{\"resourceVersion\":\"%s\",\"continue\":\"%s\"},\"items\":[%s]}"
              .formatted(version, next, items[i]);
    }
    pages = List.of(all);
  }

  void watchAnswers(int status) {
    watchStatus = status;
  }

  void send(String type, String object) {
    events.add("{\"type\":\"" + type + "\",\"object\":" + object + "}\n");
  }

  /** Ends the open watch, or else the next one. */
  void endWatch() {
    events.add(END);
  }

  /** Returns the queries of all requests so far. */
  List<String> queries() {
    return queries;
  }

  static String secret(String namespace, String password, String version) {
    return """
        {"kind":"Secret","metadata":{"name":"%1$s-registry-credentials","namespace":"%1$s",\
        "resourceVersion":"%2$s"},"data":{"username":"%3$s","password":"%4$s"}}"""
        .formatted(namespace, version, base64(namespace), base64(password));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  ApiClient client() {
    return new ApiClient().setBasePath("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @Override
  public void close() {
    endWatch();
    server.stop(0);
    threads.shutdownNow();
  }
}
