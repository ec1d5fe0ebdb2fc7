// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A JWK Set as Docker Distribution 3 reads it when it starts.
 *
 * @param entries the keys that it understands, in their order
 * @param problems what stops it, or is of no use to it
 */
record RegistryJwks(List<JwkEntry> entries, List<String> problems) {
  RegistryJwks {
    entries = List.copyOf(entries);
    problems = List.copyOf(problems);
  }

  static RegistryJwks parse(String text) {
    JsonElement root;
    try {
      root = StrictJson.parse(text);
    } catch (IllegalArgumentException e) {
      return stops(e.getMessage() + ": the registry does not start with it");
    }
    if (!(root instanceof JsonObject set)) {
      return stops("it is no JSON object with a list of keys");
    }
    JsonElement keys =
        set.entrySet().stream()
            .filter(member -> member.getKey().equalsIgnoreCase("keys")) // as Go matches them
            .map(Map.Entry::getValue)
            .reduce(new JsonArray(), (before, last) -> last);
    if (!(keys instanceof JsonArray list)) {
      return stops("its keys are no list: the registry does not start with it");
    }
    if (list.isEmpty()) {
      return stops("it has no key, so that the registry takes no token by it");
    }
    return entries(list);
  }

  private static RegistryJwks stops(String problem) {
    return new RegistryJwks(List.of(), List.of(problem));
  }

  private static RegistryJwks entries(JsonArray list) {
    List<JwkEntry> entries = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Map<String, JwkEntry> byId = new HashMap<>();
    for (int i = 0; i < list.size(); i++) {
      try {
        JwkEntry entry = JwkEntry.of(list.get(i));
        entries.add(entry);
        if (entry.keyId().isEmpty()) {
          problems.add(name(i, list) + " has no kid, so that no token finds it");
        } else if (!entry.equals(byId.getOrDefault(entry.keyId(), entry))) {
          problems.add(
              name(i, list) + " has the kid of another before it, whose tokens are refused");
        }
        byId.put(entry.keyId(), entry);
      } catch (IllegalArgumentException e) {
        problems.add(
            name(i, list) + ": " + e.getMessage() + "; the registry does not start with it");
      }
    }
    return new RegistryJwks(entries, problems);
  }

  private static String name(int index, JsonArray list) {
    boolean named =
        list.get(index) instanceof JsonObject entry
            && entry.get("kid") != null
            && entry.get("kid").isJsonPrimitive();
    String id =
        named ? " (\"" + list.get(index).getAsJsonObject().get("kid").getAsString() + "\")" : "";
    return "key " + (index + 1) + id;
  }

  /** Returns the key ids, for people. */
  String keyIds() {
    String ids =
        entries.stream()
            .map(JwkEntry::keyId)
            .filter(id -> !id.isEmpty())
            .collect(Collectors.joining(", "));
    return ids.isEmpty() ? "none" : ids;
  }
}
