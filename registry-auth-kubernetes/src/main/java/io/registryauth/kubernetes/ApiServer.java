// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.Pair;
import io.kubernetes.client.openapi.models.V1Status;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.Call;
import okhttp3.Response;

/** What the API server itself says, apart from the objects that it keeps. Thread-safe. */
final class ApiServer {
  private static final String[] AUTHENTICATION = {"BearerToken"};

  private final ApiClient client;

  ApiServer(ApiClient client) {
    this.client = client;
  }

  /**
   * Whether a failed call is the API server's own answer of that reason, and not what a proxy or a
   * load balancer in between made up.
   *
   * @param reason as in {@code metav1.StatusReason}, such as {@code NotFound}
   */
  boolean says(ApiException failure, String reason) {
    return status(failure).filter(status -> reason.equals(status.getReason())).isPresent();
  }

  /** Says in a few words why a call failed. */
  String describe(ApiException failure) {
    if (failure.getCode() == 0) {
      return String.valueOf(failure.getCause());
    }
    return "HTTP status "
        + failure.getCode()
        + status(failure).map(status -> ", " + status.getMessage()).orElse("");
  }

  private Optional<V1Status> status(ApiException failure) {
    try {
      return Optional.ofNullable(JSON.getGson().fromJson(failure.getResponseBody(), V1Status.class))
          .filter(status -> "Status".equals(status.getKind()));
    } catch (RuntimeException e) {
      return Optional.empty(); // not JSON, or not of that kind
    }
  }

  /**
   * Whether it has read all that it needs for its answers, roles above all. Every authenticated
   * user may ask, by Kubernetes' default roles.
   */
  boolean isReady() {
    try (Response response = get("/readyz")) {
      return response.isSuccessful();
    } catch (IOException | ApiException | RuntimeException e) {
      return false;
    }
  }

  private Response get(String path) throws IOException, ApiException {
    return call(path, List.of()).execute();
  }

  /** Makes a GET with the client's credentials and time limits. */
  Call call(String path, List<Pair> parameters) throws ApiException {
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
  }
}
