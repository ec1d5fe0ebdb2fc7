// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * A JWK Set that several write to, each its own keys: those of the others stay, in their order,
 * since a registry that reads the set needs them all.
 *
 * @param json an object whose {@code keys} are a list of objects
 */
record StoredJwks(JsonObject json) {
  private static final String KEYS = "keys";

  private static final Gson GSON =
      new GsonBuilder()
          .setStrictness(Strictness.STRICT)
          .disableHtmlEscaping()
          .setPrettyPrinting()
          .create();

  /** A set without a key. */
  static final StoredJwks EMPTY = parse("{\"keys\":[]}").orElseThrow();

  /** Reads a JWK Set; empty if the text is none, by which a registry would not start either. */
  static Optional<StoredJwks> parse(String text) {
    try {
      return Optional.ofNullable(GSON.fromJson(text, JsonObject.class))
          .filter(StoredJwks::hasKeys)
          .map(StoredJwks::new);
    } catch (JsonParseException e) {
      return Optional.empty();
    }
  }

  private static boolean hasKeys(JsonObject json) {
    return json.get(KEYS) instanceof JsonArray keys
        && StreamSupport.stream(keys.spliterator(), false).allMatch(JsonElement::isJsonObject);
  }

  private JsonArray keys() {
    return json.getAsJsonArray(KEYS);
  }

  private static Optional<JsonElement> id(JsonElement key) {
    return Optional.ofNullable(key.getAsJsonObject().get("kid"));
  }

  /** Returns this with the keys of another, each in the place of what has its key id. */
  StoredJwks with(StoredJwks own) {
    Set<Optional<JsonElement>> replaced = ids(own);
    JsonArray left = own.keys().deepCopy();
    JsonArray merged = new JsonArray();
    for (JsonElement key : keys()) {
      if (replaced.contains(id(key))) {
        take(id(key), left).ifPresent(merged::add);
      } else {
        merged.add(key);
      }
    }
    merged.addAll(left);
    return withKeys(merged);
  }

  /** Returns this without what has a key id of the other. */
  StoredJwks without(StoredJwks other) {
    Set<Optional<JsonElement>> removed = ids(other);
    JsonArray left = new JsonArray();
    for (JsonElement key : keys()) {
      if (!removed.contains(id(key))) {
        left.add(key);
      }
    }
    return withKeys(left);
  }

  /** Returns this without what the other has just so: the same key under the same id. */
  StoredJwks withoutSame(StoredJwks other) {
    JsonArray left = new JsonArray();
    for (JsonElement key : keys()) {
      if (!other.keys().contains(key)) {
        left.add(key);
      }
    }
    return withKeys(left);
  }

  /** Returns the last keys of this, that many at the most. */
  StoredJwks last(int count) {
    JsonArray left = new JsonArray();
    for (int i = Math.max(0, keys().size() - count); i < keys().size(); i++) {
      left.add(keys().get(i));
    }
    return withKeys(left);
  }

  boolean isEmpty() {
    return keys().isEmpty();
  }

  /** Returns the key ids, as a message shows them. */
  String keyIds() {
    return StreamSupport.stream(keys().spliterator(), false)
        .map(key -> id(key).map(JsonElement::getAsString).orElse("a key without an id"))
        .collect(Collectors.joining(", "));
  }

  private static Set<Optional<JsonElement>> ids(StoredJwks set) {
    return StreamSupport.stream(set.keys().spliterator(), false)
        .map(StoredJwks::id)
        .collect(Collectors.toSet());
  }

  private StoredJwks withKeys(JsonArray keys) {
    JsonObject changed = json.deepCopy();
    changed.add(KEYS, keys);
    return new StoredJwks(changed);
  }

  private static Optional<JsonElement> take(Optional<JsonElement> id, JsonArray from) {
    for (int i = 0; i < from.size(); i++) {
      if (id(from.get(i)).equals(id)) {
        return Optional.of(from.remove(i));
      }
    }
    return Optional.empty();
  }

  /** Returns the JWK Set as JSON text with a line end after it. */
  String toJson() {
    return GSON.toJson(json) + "\n";
  }
}
