// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import okhttp3.Call;
import okhttp3.Response;

/**
 * Reads objects of a cluster as they are, and writes none. What may not be read, and what cannot be
 * asked, is an answer, too. A Secret, a ConfigMap or a Deployment is read once, and is then what it
 * was: who looks again makes another reader. Each call takes as long as the client lets it, see
 * {@link KubernetesClients}. Thread-safe.
 */
public final class ClusterReader {
  private static final int NOT_FOUND = 404;
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  private final ApiClient client;
  private final ApiServer server;
  private final Map<String, Answer> objects = new ConcurrentHashMap<>();

  /** Makes one that reads with a client's rights. */
  public ClusterReader(ApiClient client) {
    this.client = client;
    server = new ApiServer(client);
  }

  /**
   * What is there.
   *
   * @param json the object, as the API server sent it; nothing if it is not there, or not known
   * @param unknown why it is not known whether it is there; nothing if it is known
   */
  public record Answer(Optional<String> json, Optional<String> unknown) {
    /** Says whether it is known not to be there. */
    public boolean isAbsent() {
      return json.isEmpty() && unknown.isEmpty();
    }

    /** Returns the kind of answer, since the object may be a Secret. */
    @Override
    public String toString() {
      return json.map(there -> "there").or(() -> unknown).orElse("absent");
    }
  }

  /** Reads a Secret. */
  public Answer secret(ObjectName name) {
    return object("/api/v1/namespaces/" + name.namespace() + "/secrets/" + name.name());
  }

  /** Reads a ConfigMap. */
  public Answer configMap(ObjectName name) {
    return object("/api/v1/namespaces/" + name.namespace() + "/configmaps/" + name.name());
  }

  /** Reads a Deployment. */
  public Answer deployment(ObjectName name) {
    return object("/apis/apps/v1/namespaces/" + name.namespace() + "/deployments/" + name.name());
  }

  /**
   * Lists the Services of a namespace.
   *
   * @param limit how many at the most
   */
  public Answer services(NamespaceName namespace, int limit) {
    return list("/api/v1/namespaces/" + namespace + "/services", limit);
  }

  /**
   * Lists the pods of a namespace.
   *
   * @param limit how many at the most
   */
  public Answer pods(NamespaceName namespace, int limit) {
    return list("/api/v1/namespaces/" + namespace + "/pods", limit);
  }

  /**
   * Lists the namespaces.
   *
   * @param limit how many at the most
   */
  public Answer namespaces(int limit) {
    return list("/api/v1/namespaces", limit);
  }

  private Answer object(String path) {
    return objects.computeIfAbsent(path, asked -> get(asked, List.of()));
  }

  private Answer list(String path, int limit) {
    return get(path, List.of(new Pair("limit", Integer.toString(limit))));
  }

  private Answer get(String path, List<Pair> query) {
    return answer(path, server.call(path, query));
  }

  private static Answer answer(String path, Call call) {
    try (Response response = call.execute()) {
      if (response.code() == NOT_FOUND && ApiServer.status(response).isPresent()) {
        return new Answer(Optional.empty(), Optional.empty());
      }
      if (!response.isSuccessful()) {
        return unknown(ApiServer.describe(response));
      }
      String body = response.peekBody(MAX_BYTES).string();
      return JsonParser.parseString(body).isJsonObject()
          ? new Answer(Optional.of(body), Optional.empty())
          : unknown("the answer is no object of Kubernetes");
    } catch (IOException e) {
      return unknown("the API server does not answer (" + e + ")");
    } catch (JsonParseException e) {
      return unknown("the answer to " + path + " is no object of Kubernetes");
    }
  }

  private static Answer unknown(String why) {
    return new Answer(Optional.empty(), Optional.of(why));
  }

  /**
   * Asks the API server whether a service account may get a Secret. Whoever asks needs the right to
   * ask for others ({@code create} on {@code subjectaccessreviews}), or to be that account.
   *
   * @return whether it may; nothing if nobody says
   */
  public Optional<Boolean> mayGet(ObjectName serviceAccount, ObjectName secret) {
    String user =
        "system:serviceaccount:" + serviceAccount.namespace() + ":" + serviceAccount.name();
    JsonObject spec = new JsonObject();
    spec.add("resourceAttributes", attributes(secret));
    JsonObject ofAnother = spec.deepCopy();
    ofAnother.addProperty("user", user);
    return allowed("subjectaccessreviews", "SubjectAccessReview", ofAnother)
        .or(
            () ->
                isSelf(user)
                    ? allowed("selfsubjectaccessreviews", "SelfSubjectAccessReview", spec)
                    : Optional.empty());
  }

  private static JsonObject attributes(ObjectName secret) {
    JsonObject attributes = new JsonObject();
    attributes.addProperty("verb", "get");
    attributes.addProperty("resource", "secrets");
    attributes.addProperty("namespace", secret.namespace().value());
    attributes.addProperty("name", secret.name());
    return attributes;
  }

  private Optional<Boolean> allowed(String resource, String kind, JsonObject spec) {
    return review("authorization.k8s.io", resource, kind, spec)
        .map(status -> status.get("allowed"))
        .filter(JsonPrimitive.class::isInstance)
        .map(JsonElement::getAsBoolean);
  }

  private boolean isSelf(String user) {
    return review(
            "authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", new JsonObject())
        .filter(
            status ->
                status.get("userInfo") instanceof JsonObject info
                    && info.get("username") instanceof JsonPrimitive name
                    && name.getAsString().equals(user))
        .isPresent();
  }

  /** A review is a question: the API server stores nothing of it. */
  private Optional<JsonObject> review(String group, String resource, String kind, JsonObject spec) {
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", group + "/v1");
    review.addProperty("kind", kind);
    review.add("spec", spec);
    String path = "/apis/" + group + "/v1/" + resource;
    try {
      Answer answer = answer(path, post(path, review));
      return answer
          .json()
          .map(JsonParser::parseString)
          .map(JsonElement::getAsJsonObject)
          .flatMap(
              json ->
                  json.get("status") instanceof JsonObject status
                      ? Optional.of(status)
                      : Optional.empty());
    } catch (ApiException e) {
      throw new IllegalStateException("A body of bytes can be sent", e);
    }
  }

  private Call post(String path, JsonObject body) throws ApiException {
    return client.buildCall(
        client.getBasePath(),
        path,
        "POST",
        List.of(),
        List.of(),
        body.toString().getBytes(UTF_8),
        new HashMap<>(Map.of("Accept", "application/json", "Content-Type", "application/json")),
        new HashMap<>(),
        new HashMap<>(),
        new String[] {"BearerToken"},
        null);
  }
}
