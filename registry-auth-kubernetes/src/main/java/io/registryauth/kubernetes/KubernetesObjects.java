// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.Pair;
import io.kubernetes.client.openapi.models.V1DeleteOptions;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Preconditions;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Status;
import io.registryauth.kubernetes.ObjectReport.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads and writes objects of any kind through the official client; everything that this module
 * writes goes through here. An object says by itself where it is. Whatever fails becomes an {@link
 * IOException} of one line: which call, on which object, and which right is missing. Thread-safe.
 */
final class KubernetesObjects {
  private static final String FIELD_MANAGER = "registry-auth";
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int MAX_MESSAGE = 500;
  private static final int MAX_ATTEMPTS = 5;

  /** What the API server says of a missing right, and of no other reason to forbid something. */
  private static final String RIGHT_IS_MISSING = " cannot ";

  private final ApiClient client;

  /** Reads, and writes what follows from it. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  KubernetesObjects(ApiClient client) {
    this.client = client;
  }

  <T extends KubernetesObject> Optional<T> get(T named) throws IOException {
    try {
      return Optional.of(call("GET", named, path(named), List.of(), "", new byte[0]));
    } catch (ApiException e) {
      if (e.getCode() == NOT_FOUND) {
        return Optional.empty();
      }
      throw failure("get", named, e);
    }
  }

  /** Does it again, a few times, if somebody else has written between its reading and writing. */
  static <T> T retryOnConflict(Attempt<T> attempt) throws IOException {
    for (int failed = 1; ; failed++) {
      try {
        return attempt.run();
      } catch (ConflictException e) {
        if (failed == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /**
   * Creates an object.
   *
   * @throws ConflictException if there is one
   */
  ObjectReport create(KubernetesObject object) throws IOException {
    List<Pair> query = List.of(new Pair("fieldManager", FIELD_MANAGER));
    try {
      KubernetesObject unused =
          call("POST", object, collection(object), query, "application/json", json(object));
    } catch (ApiException e) {
      throw failure("create", object, e);
    }
    return report(Status.CREATED, object);
  }

  /** Creates an object if there is none: never changes one, whenever it came to be there. */
  ObjectReport createIfAbsent(KubernetesObject object) throws IOException {
    if (get(object).isEmpty()) {
      try {
        return create(object);
      } catch (ConflictException thereByNow) {
        return report(Status.KEPT, object);
      }
    }
    return report(Status.KEPT, object);
  }

  /**
   * Makes an object have what this one has, and leaves all else that it has as it is. Writes
   * nothing if there is nothing to change. If this one has a resource version, the stored one must
   * have it too.
   *
   * @throws ConflictException if it was changed since it was read
   */
  ObjectReport apply(KubernetesObject desired) throws IOException {
    if (desired.getMetadata().getResourceVersion() != null) {
      return apply(desired, get(desired));
    }
    // What is not there is created by POST, which fails if another was faster: then it is read, and
    // known to be theirs.
    return retryOnConflict(() -> apply(desired, get(desired)));
  }

  private ObjectReport apply(KubernetesObject desired, Optional<KubernetesObject> stored)
      throws IOException {
    if (stored.isEmpty()) {
      if (desired.getMetadata().getResourceVersion() != null) {
        throw new ConflictException(ManagedObjects.describe(desired) + " was deleted meanwhile");
      }
      return create(desired);
    }
    KubernetesObject wanted = fitted(desired, stored);
    if (contains(tree(stored.get()), tree(wanted))) {
      return report(Status.UNCHANGED, desired);
    }
    serverSideApply(wanted);
    return report(Status.UPDATED, desired);
  }

  /**
   * Creates an object by server-side apply: the right to do so can be given for a name alone, which
   * that to create by POST cannot. Who needs to know whether another was faster reads it again.
   */
  ObjectReport createByApply(KubernetesObject object) throws IOException {
    serverSideApply(object);
    return report(Status.CREATED, object);
  }

  private void serverSideApply(KubernetesObject wanted) throws IOException {
    // By force: a field that somebody else has set to something else must be as it is here.
    List<Pair> query = List.of(new Pair("fieldManager", FIELD_MANAGER), new Pair("force", "true"));
    try {
      KubernetesObject unused =
          call("PATCH", wanted, path(wanted), query, V1Patch.PATCH_FORMAT_APPLY_YAML, json(wanted));
    } catch (ApiException e) {
      throw failure("apply", wanted, e);
    }
  }

  /** Returns an object as {@link #apply} would write it. */
  KubernetesObject fitted(KubernetesObject desired) throws IOException {
    return fitted(desired, get(desired));
  }

  /** What somebody else made stays theirs: it does not get the labels that say otherwise. */
  private static KubernetesObject fitted(
      KubernetesObject desired, Optional<KubernetesObject> stored) {
    if (stored.flatMap(object -> ManagedObjects.missingLabel(desired, object)).isPresent()) {
      desired.getMetadata().setLabels(null);
    }
    return desired;
  }

  /**
   * Sets entries of a Secret that was read, or removes those that are empty here, and leaves all
   * else as it is.
   *
   * @throws ConflictException if it was changed since it was read
   */
  void mergeData(V1Secret read, Map<String, Optional<String>> texts) throws IOException {
    JsonObject data = new JsonObject();
    texts.forEach(
        (key, text) ->
            data.add(
                key,
                text.<JsonElement>map(value -> new JsonPrimitive(base64(value)))
                    .orElse(JsonNull.INSTANCE)));
    JsonObject changes = new JsonObject();
    changes.add("data", data);
    merge(read, changes);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** Changes an object that was read by a JSON merge patch, RFC 7396. */
  private void merge(KubernetesObject read, JsonObject changes) throws IOException {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("resourceVersion", read.getMetadata().getResourceVersion());
    JsonObject patch = changes.deepCopy();
    patch.add("metadata", metadata);
    List<Pair> query = List.of(new Pair("fieldManager", FIELD_MANAGER));
    // By its toString, which writes the nulls that say what to remove.
    byte[] body = patch.toString().getBytes(UTF_8);
    try {
      KubernetesObject unused =
          call("PATCH", read, path(read), query, V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, body);
    } catch (ApiException e) {
      throw failure("patch", read, e);
    }
  }

  /** Deletes an object that was read, unless it was changed since. */
  void delete(KubernetesObject read) throws IOException {
    V1ObjectMeta metadata = read.getMetadata();
    V1DeleteOptions options =
        new V1DeleteOptions()
            .preconditions(
                new V1Preconditions()
                    .uid(metadata.getUid())
                    .resourceVersion(metadata.getResourceVersion()));
    byte[] body = JSON.serialize(options).getBytes(UTF_8);
    try {
      JsonElement unused =
          execute("DELETE", path(read), List.of(), "application/json", body, JsonElement.class);
    } catch (ApiException e) {
      if (e.getCode() != NOT_FOUND) {
        throw failure("delete", read, e);
      }
    }
  }

  static ObjectReport report(Status status, KubernetesObject object) {
    return new ObjectReport(status, ManagedObjects.describe(object), "");
  }

  @SuppressWarnings("unchecked") // an object has the type of its own class
  private <T extends KubernetesObject> T call(
      String method, T object, String path, List<Pair> query, String contentType, byte[] body)
      throws ApiException {
    return execute(method, path, query, contentType, body, (Class<T>) object.getClass());
  }

  private <T> T execute(
      String method,
      String path,
      List<Pair> query,
      String contentType,
      byte[] body,
      Class<T> answer)
      throws ApiException {
    Map<String, String> headers = new HashMap<>();
    headers.put("Accept", "application/json");
    if (!contentType.isEmpty()) {
      headers.put("Content-Type", contentType);
    }
    try {
      return client
          .<T>execute(
              client.buildCall(
                  null,
                  path,
                  method,
                  query,
                  new ArrayList<>(),
                  contentType.isEmpty() ? null : body,
                  headers,
                  new HashMap<>(),
                  new HashMap<>(),
                  new String[] {"BearerToken"},
                  null),
              answer)
          .getData();
    } catch (JsonParseException e) {
      throw new ApiException(new IOException("the answer is no object of Kubernetes", e));
    } catch (RuntimeException e) {
      // The client throws its token's problems, and its URL's, as they come.
      String problem = String.valueOf(Throwables.getRootCause(e).getMessage());
      throw new ApiException(new IOException("the call cannot be made: " + problem, e));
    }
  }

  private String path(KubernetesObject object) {
    return collection(object) + "/" + client.escapeString(object.getMetadata().getName());
  }

  private String collection(KubernetesObject object) {
    String version = object.getApiVersion();
    String namespace = object.getMetadata().getNamespace();
    return (version.contains("/") ? "/apis/" : "/api/")
        + version
        + (namespace == null ? "" : "/namespaces/" + client.escapeString(namespace))
        + "/"
        + plural(object);
  }

  private static String plural(KubernetesObject object) {
    return object.getKind().toLowerCase(Locale.ROOT) + "s";
  }

  private static byte[] json(KubernetesObject object) {
    return JSON.serialize(object).getBytes(UTF_8);
  }

  private static JsonElement tree(KubernetesObject object) {
    return JSON.getGson().toJsonTree(object);
  }

  /** Says whether the fields of one are in the other with the same values. */
  private static boolean contains(JsonElement whole, JsonElement part) {
    if (!whole.isJsonObject() || !part.isJsonObject()) {
      return whole.equals(part);
    }
    return part.getAsJsonObject().entrySet().stream()
        .allMatch(
            field -> {
              JsonElement value = whole.getAsJsonObject().get(field.getKey());
              return value != null && contains(value, field.getValue());
            });
  }

  private IOException failure(String verb, KubernetesObject object, ApiException e) {
    String attempt = "Cannot " + verb + " " + ManagedObjects.describe(object) + ": ";
    if (e.getCode() == 0) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return new IOException(attempt + client.getBasePath() + " does not answer: " + cause, e);
    }
    String message = message(e);
    return switch (e.getCode()) {
      case CONFLICT -> new ConflictException(attempt + message, e);
      case UNAUTHORIZED ->
          new IOException(attempt + "the API server does not know who asks (401): " + message, e);
      case FORBIDDEN ->
          new IOException(
              attempt
                  + "forbidden (403): "
                  + message
                  + (message.contains(RIGHT_IS_MISSING) ? needed(verb, object) : ""),
              e);
      default -> new IOException(attempt + message + " (" + e.getCode() + ")", e);
    };
  }

  private static String needed(String verb, KubernetesObject object) {
    String verbs = verb.equals("apply") ? "get, patch and, if it is not there, create" : verb;
    String group =
        object.getApiVersion().startsWith(ManagedObjects.RBAC_GROUP)
            ? "." + ManagedObjects.RBAC_GROUP
            : "";
    String namespace = object.getMetadata().getNamespace();
    return "; needed is the right to "
        + verbs
        + " "
        + plural(object)
        + group
        + (namespace == null ? "" : " in the namespace " + namespace);
  }

  /** Returns what the API server says of it; it shows no contents of Secrets. */
  private static String message(ApiException e) {
    String message = null;
    try {
      V1Status status = JSON.deserialize(e.getResponseBody(), V1Status.class);
      message = status == null ? null : status.getMessage();
    } catch (JsonParseException notOfKubernetes) {
      message = "the answer is not one of Kubernetes";
    }
    String text = message == null ? "no reason is given" : message;
    return text.length() > MAX_MESSAGE ? text.substring(0, MAX_MESSAGE) + "…" : text;
  }
}
