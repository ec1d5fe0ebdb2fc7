// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

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

  RegistryConfig {
    token = ImmutableMap.copyOf(token);
    problems = List.copyOf(problems);
  }

  /**
   * Reads a file, however wrong it is.
   *
   * @param variables the settings of {@code auth.token} that count before those of the file
   */
  static RegistryConfig parse(String text, Map<String, String> variables) {
    @Nullable Object root;
    try {
      root = new Yaml(new SafeConstructor(limits())).load(text);
    } catch (MarkedYAMLException e) {
      String line =
          e.getProblemMark() == null ? "" : " in line " + (e.getProblemMark().getLine() + 1);
      return broken("it is no YAML" + line + ": " + e.getProblem());
    } catch (YAMLException e) {
      return broken("it is no YAML: " + e.getMessage());
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
    if (!(config.get("storage") instanceof Map<?, ?> storage) || storage.isEmpty()) {
      problems.add("it has no storage");
    }
    boolean tls =
        config.get("http") instanceof Map<?, ?> http
            && http.get("tls") instanceof Map<?, ?> settings
            && settings.get("certificate") != null;
    return new RegistryConfig(token(config.get("auth"), variables, problems), tls, problems);
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
      @Nullable Object auth, Map<String, String> variables, List<String> problems) {
    Map<?, ?> methods = auth instanceof Map<?, ?> written ? written : Map.of();
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
