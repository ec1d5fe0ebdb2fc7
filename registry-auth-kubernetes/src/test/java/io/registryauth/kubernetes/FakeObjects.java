// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.openapi.ApiClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An API server for single objects: it stores what it is sent, and counts resource versions. A
 * patch of either kind merges. What it does not know is who owns which field; the tests with a real
 * API server are for that.
 */
final class FakeObjects implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, JsonObject> objects = new HashMap<>();
  private final List<Hook> hooks = new ArrayList<>();
  private int reads;
  private int writes;

  /** What happens once, before a call is answered; with a status, that is the answer. */
  private record Hook(
      String method, String path, OptionalInt status, String body, Runnable action) {}

  static {
    // Or each answer waits for an acknowledgement that the client delays.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  FakeObjects() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  ApiClient client() {
    return new ApiClient().setBasePath("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Answers the next such call with this. */
  synchronized void answer(String method, String path, int status, String body) {
    hooks.add(new Hook(method, path, OptionalInt.of(status), body, () -> {}));
  }

  /** Does something before the next such call. */
  synchronized void before(String method, String path, Runnable action) {
    hooks.add(new Hook(method, path, OptionalInt.empty(), "", action));
  }

  synchronized void put(String path, String json) {
    store(path, JsonParser.parseString(json).getAsJsonObject());
  }

  /** Stores a Secret with these texts. */
  void put(ObjectName secret, Map<String, String> texts) {
    JsonObject data = new JsonObject();
    texts.forEach(
        (key, text) ->
            data.addProperty(key, Base64.getEncoder().encodeToString(text.getBytes(UTF_8))));
    put(
        path(secret),
        """
        {"apiVersion": "v1", "kind": "Secret", "data": %s,
         "metadata": {"namespace": "%s", "name": "%s"}}
        """
            .formatted(data, secret.namespace(), secret.name()));
  }

  static String path(ObjectName secret) {
    return "/api/v1/namespaces/" + secret.namespace() + "/secrets/" + secret.name();
  }

  /** Returns the text of a Secret's entry, which is there. */
  String entry(ObjectName secret, String key) {
    JsonObject data = object(path(secret)).orElseThrow().getAsJsonObject("data");
    return new String(Base64.getDecoder().decode(data.get(key).getAsString()), UTF_8);
  }

  synchronized Optional<JsonObject> object(String path) {
    return Optional.ofNullable(objects.get(path));
  }

  synchronized int reads() {
    return reads;
  }

  synchronized int writes() {
    return writes;
  }

  private synchronized void handle(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    Optional<Hook> hook =
        hooks.stream()
            .filter(next -> next.method().equals(method) && next.path().equals(path))
            .findFirst();
    hook.ifPresent(hooks::remove);
    hook.ifPresent(next -> next.action().run());
    if (hook.isPresent() && hook.get().status().isPresent()) {
      answer(exchange, hook.get().status().getAsInt(), hook.get().body());
      return;
    }
    switch (method) {
      case "GET" -> {
        reads++;
        found(exchange, objects.get(path));
      }
      case "PATCH" -> patch(exchange, path, JsonParser.parseString(body).getAsJsonObject());
      case "POST" -> {
        JsonObject object = JsonParser.parseString(body).getAsJsonObject();
        String name = object.getAsJsonObject("metadata").get("name").getAsString();
        if (objects.containsKey(path + "/" + name)) {
          answer(exchange, 409, "{\"message\": \"is there\"}");
        } else {
          found(exchange, store(path + "/" + name, object));
        }
      }
      case "DELETE" -> {
        writes++;
        found(exchange, objects.remove(path));
      }
      default -> answer(exchange, 405, "{}");
    }
  }

  private void patch(HttpExchange exchange, String path, JsonObject patch) throws IOException {
    JsonObject stored = objects.getOrDefault(path, new JsonObject());
    JsonElement expected = patch.getAsJsonObject("metadata").get("resourceVersion");
    if (expected != null && !expected.equals(version(stored))) {
      answer(exchange, 409, "{\"message\": \"was modified\"}");
    } else {
      found(exchange, store(path, merged(stored, patch)));
    }
  }

  private static JsonElement version(JsonObject object) {
    return object.has("metadata")
        ? object.getAsJsonObject("metadata").get("resourceVersion")
        : JsonNull.INSTANCE;
  }

  private static JsonObject merged(JsonObject stored, JsonObject patch) {
    JsonObject result = stored.deepCopy();
    patch
        .entrySet()
        .forEach(
            field -> {
              JsonElement value = field.getValue();
              if (value.isJsonNull()) {
                result.remove(field.getKey());
              } else if (value.isJsonObject()
                  && result.get(field.getKey()) instanceof JsonObject part) {
                result.add(field.getKey(), merged(part, value.getAsJsonObject()));
              } else {
                result.add(field.getKey(), value);
              }
            });
    return result;
  }

  @CanIgnoreReturnValue
  private JsonObject store(String path, JsonObject object) {
    writes++;
    object.getAsJsonObject("metadata").addProperty("resourceVersion", Integer.toString(writes));
    objects.put(path, object);
    return object;
  }

  private static void found(HttpExchange exchange, JsonObject object) throws IOException {
    if (object == null) {
      answer(exchange, 404, "{\"message\": \"not found\"}");
    } else {
      answer(exchange, 200, object.toString());
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    String type = body.startsWith("<") ? "text/html" : "application/json";
    exchange.getResponseHeaders().add("Content-Type", type);
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
