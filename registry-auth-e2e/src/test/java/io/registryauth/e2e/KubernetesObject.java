// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;

/**
 * A Kubernetes object, or a part of one. A path, such as {@code spec/template}, leads from a part
 * to those below it, through each element where there is a list; what is absent is nothing.
 */
record KubernetesObject(Map<String, Object> json) {
  /** How {@code kubectl} writes one object after the other. */
  private static final Pattern BOUNDARY = Pattern.compile("(?<=^})\n(?=\\{)", Pattern.MULTILINE);

  static List<KubernetesObject> parseAll(String output) {
    return BOUNDARY.splitAsStream(output).map(Json::object).map(KubernetesObject::new).toList();
  }

  String kind() {
    return text("kind");
  }

  String name() {
    return text("metadata/name");
  }

  String namespace() {
    return text("metadata/namespace");
  }

  /** Returns the text at a path, or an empty one. */
  String text(String path) {
    return texts(path).findFirst().orElse("");
  }

  /** Returns all texts and numbers at a path. */
  Stream<String> texts(String path) {
    return values(path).map(String::valueOf);
  }

  /** Returns all objects at a path. */
  @SuppressWarnings("unchecked")
  Stream<KubernetesObject> parts(String path) {
    return values(path).map(value -> new KubernetesObject((Map<String, Object>) value));
  }

  /** Returns the one object at a path. */
  KubernetesObject part(String path) {
    List<KubernetesObject> parts = parts(path).toList();
    if (parts.size() != 1) {
      throw new AssertionError(path + " is there " + parts.size() + " times in " + json);
    }
    return parts.get(0);
  }

  private Stream<Object> values(String path) {
    Stream<Object> values = Stream.of(json);
    for (String key : path.split("/", -1)) {
      values =
          values
              .filter(Map.class::isInstance)
              .map(map -> ((Map<?, ?>) map).get(key))
              .filter(Objects::nonNull)
              .flatMap(value -> value instanceof List<?> list ? list.stream() : Stream.of(value));
    }
    return values;
  }

  /** Returns whether this one's labels have all those of a selector. */
  boolean hasLabels(KubernetesObject selector) {
    return part("metadata/labels").json().entrySet().containsAll(selector.json().entrySet());
  }

  /** Returns the pod that this object is, or makes; empty if it is about something else. */
  Stream<KubernetesObject> pods() {
    return kind().equals("Pod") ? Stream.of(this) : parts("spec/template");
  }

  String toJson() {
    return JsonUtil.toJson(json);
  }
}
