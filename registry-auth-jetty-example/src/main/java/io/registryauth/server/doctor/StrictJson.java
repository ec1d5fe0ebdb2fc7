// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;

/** Reads JSON as Go does: nothing but JSON, whole, and not nested without end. */
final class StrictJson {
  private static final int MAX_DEPTH = 64;

  private StrictJson() {}

  /**
   * Reads a text. Of members with one name, the last counts, unless they are in an entry of a list
   * in the object: there they are a fault, as go-jose has it, which reads keys.
   *
   * @throws IllegalArgumentException if it is no JSON; the message shows nothing of it
   */
  static JsonElement parse(String text) {
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    reader.setNestingLimit(MAX_DEPTH);
    try {
      JsonElement element = read(reader, 0);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("there is something after its end");
      }
      return element;
    } catch (MalformedJsonException e) {
      throw new IllegalArgumentException("it is no JSON" + at(reader), e);
    } catch (IOException | NumberFormatException e) {
      throw new IllegalArgumentException("it is no whole JSON" + at(reader), e);
    }
  }

  private static String at(JsonReader reader) {
    return " at " + reader.getPath();
  }

  private static JsonElement read(JsonReader reader, int depth) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader, depth);
      case BEGIN_ARRAY -> {
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(read(reader, depth + 1));
        }
        reader.endArray();
        yield array;
      }
      case STRING -> new JsonPrimitive(reader.nextString());
      case NUMBER -> new JsonPrimitive(new BigDecimal(reader.nextString()));
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      default -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
    };
  }

  private static JsonObject object(JsonReader reader, int depth) throws IOException {
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (depth > 1 && object.has(name)) {
        object.add(DUPLICATE, new JsonPrimitive(name));
      }
      object.add(name, read(reader, depth + 1));
    }
    reader.endObject();
    return object;
  }

  /** The member that names another which is there twice. */
  static final String DUPLICATE = "\0duplicate";
}
