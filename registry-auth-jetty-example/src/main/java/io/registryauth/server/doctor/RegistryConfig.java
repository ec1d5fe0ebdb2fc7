// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * What a registry makes of its {@code config.yml}: the settings of tokens, and why it would not
 * start with it.
 *
 * @param token the settings of {@code auth.token} by name, as YAML has them
 * @param tls whether it has a certificate of its own
 * @param problems what stops it, or makes it ask for no token
 */
record RegistryConfig(Map<String, Object> token, boolean tls, List<String> problems) {
  private static final int MAX_CHARACTERS = 1024 * 1024;
  private static final int MAX_DEPTH = 32;
  private static final int MAX_ALIASES = 50;
  private static final int MAX_VALUES = 10_000;
  private static final String SETTING = "REGISTRY_AUTH_TOKEN_";

  RegistryConfig {
    token = ImmutableMap.copyOf(token);
    problems = List.copyOf(problems);
  }

  /**
   * Reads a file, however wrong it is.
   *
   * @param variables the registry's variables, which count before the settings of the file
   */
  static RegistryConfig parse(String text, Map<String, String> variables) {
    @Nullable Object root;
    Map<String, Object> settings = new HashMap<>();
    try {
      root = load(text);
    } catch (IllegalArgumentException e) {
      return broken("it is no YAML" + e.getMessage());
    }
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      if (variable.getKey().startsWith(SETTING)) {
        String name = variable.getKey().substring(SETTING.length()).toLowerCase(Locale.ROOT);
        try {
          @Nullable Object value = load(variable.getValue());
          settings.put(name, value == null ? "" : value);
        } catch (IllegalArgumentException e) {
          return broken(
              "the variable %s is no YAML%s".formatted(variable.getKey(), e.getMessage()));
        }
      }
    }
    if (!(root instanceof Map<?, ?> config)) {
      return broken("it is no YAML mapping");
    }
    List<String> problems = new ArrayList<>();
    String version = String.valueOf(config.get("version"));
    if (!version.equals("0.1")) {
      problems.add(
          "version is \"" + version + "\"; valid is 0.1, whichever version the registry is");
    }
    if (variables.keySet().stream().noneMatch(name -> name.matches("REGISTRY_STORAGE(_.*)?"))
        && !isDriver(config.get("storage"))) {
      problems.add("it has no storage");
    }
    boolean tls =
        config.get("http") instanceof Map<?, ?> http
            && http.get("tls") instanceof Map<?, ?> files
            && files.get("certificate") != null;
    return new RegistryConfig(token(config.get("auth"), settings, problems), tls, problems);
  }

  /** Says whether it names a driver, be it alone or with what it is set to. */
  private static boolean isDriver(@Nullable Object storage) {
    return storage instanceof Map<?, ?> drivers ? !drivers.isEmpty() : storage instanceof String;
  }

  /**
   * Reads YAML.
   *
   * @throws IllegalArgumentException if it is none; the message begins with where, or with a colon
   */
  private static @Nullable Object load(String text) {
    @Nullable Object root;
    try {
      root = new Yaml(new SafeConstructor(limits())).load(text);
    } catch (MarkedYAMLException e) {
      String line =
          e.getProblemMark() == null ? "" : " in line " + (e.getProblemMark().getLine() + 1);
      throw new IllegalArgumentException(line + ": " + e.getProblem(), e);
    } catch (RuntimeException e) { // such as a NumberFormatException
      throw new IllegalArgumentException(": " + e.getMessage(), e);
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(": an alias stands for what it is in", e);
    }
    if (root != null && isTooMuch(root)) {
      throw new IllegalArgumentException(": an alias stands for what it is in, or for too much");
    }
    return root;
  }

  /** Says whether there are too many values, each alias counted anew: without end in a circle. */
  private static boolean isTooMuch(Object root) {
    Deque<Object> left = new ArrayDeque<>(List.of(root));
    int seen = 0;
    while (!left.isEmpty()) {
      Object value = left.pop();
      Collection<?> parts = List.of();
      if (value instanceof Map<?, ?> map) {
        parts = map.values();
      } else if (value instanceof Collection<?> collection) {
        parts = collection;
      }
      seen += 1 + parts.size();
      if (seen > MAX_VALUES) {
        return true;
      }
      parts.stream().filter(Objects::nonNull).forEach(left::push);
    }
    return false;
  }

  private static LoaderOptions limits() {
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(MAX_CHARACTERS);
    limits.setNestingDepthLimit(MAX_DEPTH);
    limits.setMaxAliasesForCollections(MAX_ALIASES);
    return limits;
  }

  private static RegistryConfig broken(String problem) {
    return new RegistryConfig(Map.of(), false, List.of(problem));
  }

  private static Map<String, Object> token(
      @Nullable Object auth, Map<String, Object> variables, List<String> problems) {
    Map<?, ?> methods =
        auth instanceof Map<?, ?> written
            ? written
            : auth instanceof String method ? Map.of(method, Map.of()) : Map.of();
    if (methods.isEmpty() && variables.isEmpty()) {
      problems.add("it has no auth, so that the registry asks nobody for a token");
      return Map.of();
    }
    if (methods.size() > 1) {
      problems.add("auth has more than one method, " + methods.keySet() + "; valid is token alone");
    }
    if (!methods.containsKey("token") && variables.isEmpty()) {
      problems.add("auth has no token, but " + methods.keySet());
      return Map.of();
    }
    Map<String, Object> token = new HashMap<>();
    if (methods.get("token") instanceof Map<?, ?> settings) {
      settings.forEach(
          (name, value) -> {
            if (value != null) {
              token.put(String.valueOf(name), value);
            }
          });
    }
    token.putAll(variables);
    for (String name : List.of("realm", "service", "issuer")) {
      if (!(token.get(name) instanceof String)) {
        problems.add(
            "auth.token.%s is %s; it must be a text"
                .formatted(name, token.containsKey(name) ? token.get(name) : "missing"));
      }
    }
    if (!(token.getOrDefault("autoredirect", true) instanceof Boolean)) {
      problems.add(
          "auth.token.autoredirect is " + token.get("autoredirect") + "; valid are true and false");
    }
    return token;
  }

  /** Returns a setting that is a text and not empty. */
  Optional<String> text(String name) {
    return token.get(name) instanceof String text && !text.isEmpty()
        ? Optional.of(text)
        : Optional.empty();
  }

  /** Returns the realm; none if the registry makes it of the URL that it is asked by. */
  Optional<String> realm() {
    return Boolean.TRUE.equals(token.get("autoredirect")) ? Optional.empty() : text("realm");
  }

  /** Returns the setting {@code signingalgorithms}, of whatever type. */
  Optional<Object> signingAlgorithms() {
    return Optional.ofNullable(token.get("signingalgorithms"));
  }
}
