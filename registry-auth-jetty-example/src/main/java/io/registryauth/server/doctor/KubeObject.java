// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** A part of an object of Kubernetes, whatever fields it has. Shows nothing of itself. */
final class KubeObject {
  private final JsonObject json;

  private KubeObject(JsonObject json) {
    this.json = json;
  }

  static KubeObject parse(String json) {
    return new KubeObject(JsonParser.parseString(json).getAsJsonObject());
  }

  /** Returns the part that these names lead to; one without fields if there is none. */
  KubeObject at(String... names) {
    JsonObject part = json;
    for (String name : names) {
      part = part.get(name) instanceof JsonObject object ? object : new JsonObject();
    }
    return new KubeObject(part);
  }

  Optional<String> text(String name) {
    return json.get(name) instanceof JsonPrimitive value
        ? Optional.of(value.getAsString())
        : Optional.empty();
  }

  boolean has(String name) {
    return json.has(name);
  }

  /** Returns the parts of a list. */
  List<KubeObject> list(String name) {
    return elements(name).stream()
        .filter(JsonObject.class::isInstance)
        .map(element -> new KubeObject(element.getAsJsonObject()))
        .toList();
  }

  /** Returns a list of texts. */
  List<String> texts(String name) {
    return elements(name).stream()
        .filter(JsonPrimitive.class::isInstance)
        .map(JsonElement::getAsString)
        .toList();
  }

  private List<JsonElement> elements(String name) {
    return json.get(name) instanceof JsonArray list
        ? StreamSupport.stream(list.spliterator(), false).toList()
        : List.of();
  }

  String name() {
    return at("metadata").text("name").orElse("");
  }

  /** Returns the entries of a Secret; what is no text comes out as one that makes no sense. */
  Map<String, String> secretTexts() {
    Map<String, String> texts = new HashMap<>();
    secretBytes().forEach((name, bytes) -> texts.put(name, new String(bytes, UTF_8)));
    return texts;
  }

  /** Returns the entries of a Secret. */
  Map<String, byte[]> secretBytes() {
    Map<String, byte[]> entries = new HashMap<>();
    JsonObject data = at("data").json;
    data.keySet()
        .forEach(
            name -> entries.put(name, Base64.getDecoder().decode(data.get(name).getAsString())));
    return entries;
  }

  /** Returns the entries of a ConfigMap. */
  Map<String, String> configTexts() {
    JsonObject data = at("data").json;
    ImmutableMap.Builder<String, String> texts = ImmutableMap.builder();
    data.keySet().forEach(name -> texts.put(name, data.get(name).getAsString()));
    return texts.buildOrThrow();
  }
}
