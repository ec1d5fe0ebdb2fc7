// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads Secrets as the API server sends them: a page of a list, or a stream of watch events. It
 * holds one Secret at a time, and of that only what credentials are made of: other Secrets may be a
 * megabyte each, and there may be any number of them. Not thread-safe.
 */
final class SecretReader {
  private final JsonReader json;

  SecretReader(Reader text) {
    json = new JsonReader(text);
    json.setStrictness(Strictness.LENIENT); // one event after another is no single JSON text
  }

  /**
   * What was read of an object.
   *
   * @param kind the kind, where the object itself says it
   * @param account whose credentials the Secret holds, if its name says that it does
   * @param found the credentials
   */
  record Item(
      String kind,
      String resourceVersion,
      Optional<AccountName> account,
      Optional<StoredCredentials> found) {}

  /** The end of a page: where to go on, if there is more, and what to watch from. */
  record Page(String resourceVersion, String continueToken) {}

  /**
   * A watch event.
   *
   * @param type {@code ADDED}, {@code MODIFIED}, {@code DELETED}, {@code BOOKMARK} or {@code ERROR}
   */
  record Event(String type, Item item) {}

  /** Reads a page of a list. */
  Page page(Consumer<Item> items) throws IOException {
    String[] list = {"", ""};
    object(
        name -> {
          switch (name) {
            case "metadata" ->
                object(
                    field -> {
                      switch (field) {
                        case "resourceVersion" -> list[0] = json.nextString();
                        case "continue" -> list[1] = json.nextString();
                        default -> json.skipValue();
                      }
                    });
            case "items" -> {
              json.beginArray();
              while (json.hasNext()) {
                items.accept(item());
              }
              json.endArray();
            }
            default -> json.skipValue();
          }
        });
    return new Page(list[0], list[1]);
  }

  /**
   * Reads a Secret by itself.
   *
   * @throws IOException if it is none
   */
  Item secret() throws IOException {
    Item item = item();
    if (!item.kind().equals("Secret")) {
      throw new IOException("The answer is no Secret");
    }
    return item;
  }

  /** Reads the next event, or nothing at the end of the stream. */
  Optional<Event> event() throws IOException {
    if (atEnd()) {
      return Optional.empty();
    }
    String[] type = {""};
    Item[] item = new Item[1];
    object(
        name -> {
          switch (name) {
            case "type" -> type[0] = json.nextString();
            case "object" -> item[0] = item();
            default -> json.skipValue();
          }
        });
    if (item[0] == null) {
      throw new IOException("A watch event has no object");
    }
    return Optional.of(new Event(type[0], item[0]));
  }

  private boolean atEnd() throws IOException {
    try {
      return json.peek() == JsonToken.END_DOCUMENT;
    } catch (EOFException e) {
      return true; // there was nothing at all
    }
  }

  private Item item() throws IOException {
    Map<String, String> metadata = new HashMap<>();
    Map<String, byte[]> data = new HashMap<>();
    object(
        name -> {
          switch (name) {
            case "kind" -> metadata.put(name, json.nextString());
            case "metadata" -> object(field -> metadata(field, metadata));
            case "data" -> object(entry -> entry(entry, data));
            default -> json.skipValue();
          }
        });
    Optional<AccountName> account =
        KubernetesCredentialStore.account(
            metadata.getOrDefault("namespace", ""), metadata.getOrDefault("name", ""));
    return new Item(
        metadata.getOrDefault("kind", ""),
        metadata.getOrDefault("resourceVersion", ""),
        account,
        account.flatMap(
            name -> CredentialEntries.read(entry -> Optional.ofNullable(data.get(entry)))));
  }

  private void metadata(String field, Map<String, String> metadata) throws IOException {
    switch (field) {
      case "name", "namespace", "resourceVersion" -> metadata.put(field, json.nextString());
      default -> json.skipValue();
    }
  }

  private void entry(String name, Map<String, byte[]> data) throws IOException {
    if (!CredentialEntries.NAMES.contains(name)) {
      json.skipValue();
    } else if (json.peek() == JsonToken.STRING) {
      data.put(name, Base64.getDecoder().decode(json.nextString()));
    } else {
      json.skipValue();
      data.put(name, new byte[0]); // it is there: what narrows must not be as if it were not
    }
  }

  /** Reads the members of an object; one that is null has none. */
  private void object(Member member) throws IOException {
    if (json.peek() == JsonToken.NULL) {
      json.nextNull();
      return;
    }
    json.beginObject();
    while (json.hasNext()) {
      member.read(json.nextName());
    }
    json.endObject();
  }

  /** Reads the value of a member. */
  private interface Member {
    void read(String name) throws IOException;
  }
}
