// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.Response;

/**
 * The API server's answers, as they come: the client's own models refuse objects with a field that
 * they do not know, which any upgrade of a cluster may bring. Thread-safe.
 */
final class ApiServer {
  private static final String[] AUTHENTICATION = {"BearerToken"};
  private static final int MAX_STATUS_BYTES = 64 * 1024;

  // Less than an API server takes to stop and start again.
  private static final long READY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ApiClient client;
  private final Object probing = new Object();
  private volatile Probe lastProbe = new Probe(false, System.nanoTime());

  /** Whether it was ready, and when it said so. */
  private record Probe(boolean ready, long endedAt) {}

  ApiServer(ApiClient client) {
    this.client = client;
  }

  /**
   * An object of the kind {@code Status}, which is what the API server answers in place of another
   * one; a proxy or a load balancer in between answers something else.
   *
   * @param reason as in {@code metav1.StatusReason}, such as {@code NotFound}
   * @param name the object that was asked for, if it says so
   */
  record Status(String reason, String message, String name) {}

  /** Makes a GET with the client's credentials and time limits. */
  Call call(String path, List<Pair> parameters) {
    try {
      return client.buildCall(
          client.getBasePath(),
          path,
          "GET",
          parameters,
          List.of(),
          null,
          new HashMap<>(Map.of("Accept", "application/json")),
          new HashMap<>(),
          new HashMap<>(),
          AUTHENTICATION,
          null);
    } catch (ApiException e) {
      throw new IllegalStateException("A GET has no body that could be wrong", e);
    }
  }

  /** Reads the Status that an unsuccessful answer is, if it is one. */
  static Optional<Status> status(Response response) throws IOException {
    try {
      JsonElement body = JsonParser.parseString(response.peekBody(MAX_STATUS_BYTES).string());
      return body instanceof JsonObject json && text(json, "kind").equals("Status")
          ? Optional.of(
              new Status(
                  text(json, "reason"),
                  text(json, "message"),
                  json.get("details") instanceof JsonObject details ? text(details, "name") : ""))
          : Optional.empty();
    } catch (RuntimeException e) {
      return Optional.empty(); // no JSON
    }
  }

  private static String text(JsonObject object, String name) {
    JsonElement value = object.get(name);
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  /** Says in a few words what an unsuccessful answer is. */
  static String describe(Response response) throws IOException {
    return "HTTP status "
        + response.code()
        + status(response).map(status -> ", " + status.message()).orElse("");
  }

  /**
   * Whether the API server was ready, roles and all, just before a moment. One that has just
   * started forbids everything until it has read its roles.
   *
   * @param moment by {@link System#nanoTime}
   */
  boolean wasReadyBefore(long moment) {
    Probe last = lastProbe;
    long before = moment - last.endedAt();
    return last.ready() && before >= 0 && before < READY_NANOS;
  }

  /**
   * Asks whether it is ready. Every authenticated user may, by Kubernetes' default roles. Requests
   * that come while one asks share the next answer.
   */
  boolean isReady() {
    long asked = System.nanoTime();
    synchronized (probing) {
      if (lastProbe.endedAt() - asked < 0) {
        lastProbe = new Probe(askReadiness(), System.nanoTime());
      }
      return lastProbe.ready();
    }
  }

  private boolean askReadiness() {
    try (Response response = call("/readyz", List.of()).execute()) {
      return response.isSuccessful();
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }
}
