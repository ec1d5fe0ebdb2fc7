// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The file {@code config.json} of container clients, as a Secret of the type {@code
 * kubernetes.io/dockerconfigjson} holds it:
 *
 * <pre>{@code
 * {
 *   "auths": {
 *     "registry.registry.svc.cluster.local": {
 *       "username": "test-build",
 *       "password": "…",
 *       "auth": "…"
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>{@code auth} is the Base64 of {@code username:password}; clients go by it where it is. What
 * else is in the file stays. Immutable.
 */
public final class DockerConfig {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

  private static final String AUTHS = "auths";

  private final JsonObject json;

  /**
   * What a client presents to a host.
   *
   * @param username the user name
   * @param password the password
   */
  public record Login(String username, String password) {
    private static Optional<Login> decode(String auth) {
      try {
        String[] parts = new String(Base64.getDecoder().decode(auth), UTF_8).split(":", 2);
        return parts.length < 2 ? Optional.empty() : Optional.of(new Login(parts[0], parts[1]));
      } catch (IllegalArgumentException notBase64) {
        return Optional.empty();
      }
    }

    private String encode() {
      return Base64.getEncoder().encodeToString((username + ":" + password).getBytes(UTF_8));
    }

    /** Returns a text without the password. */
    @Override
    public String toString() {
      return "Login[" + username + ", redacted]";
    }
  }

  private DockerConfig(JsonObject json) {
    this.json = json;
  }

  /** Reads a file; one that makes no sense is as good as an empty one. */
  public static DockerConfig parse(String text) {
    try {
      JsonObject json = GSON.fromJson(text, JsonObject.class);
      return new DockerConfig(json == null ? new JsonObject() : json);
    } catch (JsonParseException e) {
      return new DockerConfig(new JsonObject());
    }
  }

  /**
   * Checks the name of a registry's host.
   *
   * @throws IllegalArgumentException if it is anything else, such as a URL, or has a port
   */
  static void checkHost(String host) {
    if (host.contains("://")) {
      throw new IllegalArgumentException(
          "\"" + host + "\" has a scheme; " + whatIsValid() + "clients look for the host alone");
    }
    if (host.matches(".*:[0-9]*")) {
      throw new IllegalArgumentException(
          "\""
              + host
              + "\" has a port; "
              + whatIsValid()
              + "clients that name the registry without its port do not find credentials that are"
              + " stored with one, and end with \"authorization token required\"");
    }
    if (!isHost(host)) {
      throw new IllegalArgumentException(
          "\"" + host + "\" is no host; " + whatIsValid() + "in lower case, without a path");
    }
  }

  /** Says whether it is the name of a host, and nothing else. */
  static boolean isHost(String host) {
    return ObjectName.isDnsName(host);
  }

  private static String whatIsValid() {
    return "valid is a host such as " + TenantProvisioner.DEFAULT_REGISTRY_HOST + ": ";
  }

  /** Returns this with what a host is to be sent; whatever was stored for it is replaced. */
  DockerConfig with(String host, Login login) {
    JsonObject entry = new JsonObject();
    entry.addProperty("username", login.username());
    entry.addProperty("password", login.password());
    entry.addProperty("auth", login.encode());
    JsonObject changed = json.deepCopy();
    if (!(changed.get(AUTHS) instanceof JsonObject)) {
      changed.add(AUTHS, new JsonObject());
    }
    changed.getAsJsonObject(AUTHS).add(host, entry);
    return new DockerConfig(changed);
  }

  /** Returns this without what a host is sent. */
  DockerConfig without(String host) {
    JsonObject changed = json.deepCopy();
    if (changed.get(AUTHS) instanceof JsonObject auths) {
      JsonElement unused = auths.remove(host);
    }
    return new DockerConfig(changed);
  }

  /** Says whether there is no entry of a host, and no setting, in it. */
  boolean isEmpty() {
    return hosts().isEmpty() && Set.of(AUTHS).containsAll(json.keySet());
  }

  /** Returns the hosts that have an entry, whatever it is. */
  Set<String> hosts() {
    return json.get(AUTHS) instanceof JsonObject auths ? auths.keySet() : Set.of();
  }

  /** Returns the hosts that are sent this user name, in alphabetical order. */
  Set<String> hostsOf(String username) {
    Set<String> hosts = new TreeSet<>();
    for (String host : hosts()) {
      if (login(host).filter(login -> login.username().equals(username)).isPresent()) {
        hosts.add(host);
      }
    }
    return hosts;
  }

  /** Returns what a host is sent; nothing if two parts of its entry contradict each other. */
  public Optional<Login> login(String host) {
    if (!(json.get(AUTHS) instanceof JsonObject auths)
        || !(auths.get(host) instanceof JsonObject entry)) {
      return Optional.empty();
    }
    Optional<String> username = text(entry, "username");
    Optional<String> password = text(entry, "password");
    Optional<Login> encoded = text(entry, "auth").flatMap(Login::decode);
    if (!entry.has("auth")) {
      return username.flatMap(name -> password.map(secret -> new Login(name, secret)));
    }
    return encoded
        .filter(login -> login.username().equals(username.orElse(login.username())))
        .filter(login -> login.password().equals(password.orElse(login.password())));
  }

  private static Optional<String> text(JsonObject entry, String name) {
    JsonElement value = entry.get(name);
    return value instanceof JsonPrimitive primitive
        ? Optional.of(primitive.getAsString())
        : Optional.empty();
  }

  /** Returns the file, with the passwords. */
  String toJson() {
    return GSON.toJson(json) + "\n";
  }
}
