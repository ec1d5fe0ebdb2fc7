// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.openapi.ApiClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Answers what a test tells it to: what a real API server, or what stands between, does only in
 * trouble.
 */
final class FakeApiServer implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final Map<String, Runnable> afterwards = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  private record Answer(int status, String body) {}

  FakeApiServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          requests.add(path);
          Answer answer = answers.getOrDefault(path, new Answer(500, "not told what to answer"));
          byte[] body = answer.body().getBytes(UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
          afterwards.getOrDefault(path, () -> {}).run();
        });
    server.start();
  }

  void answer(String path, int status, String body) {
    answers.put(path, new Answer(status, body));
  }

  /** Answers as Kubernetes does, with an object of the kind {@code Status}. */
  void answerStatus(String path, int status, String reason) {
    answer(
        path,
        status,
        """
        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",
         "message":"the message","reason":"%s","code":%d,"details":{"name":"%s"}}"""
            .formatted(reason, status, path.substring(path.lastIndexOf('/') + 1)));
  }

  /** Does something after each answer to a path. */
  void afterwards(String path, Runnable action) {
    afterwards.put(path, action);
  }

  List<String> requests() {
    return requests;
  }

  ApiClient client() {
    return new ApiClient().setBasePath("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
