// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the {@code scope} parameters of a token request, by the grammar of the <a
 * href="https://distribution.github.io/distribution/spec/auth/scope/">token scope
 * specification</a>.
 *
 * <p>A parameter may hold several scopes with spaces between them. In each, the type goes up to the
 * first colon and the actions follow the last one, since a name may hold a port. Scopes for the
 * same resource are united. What is malformed is set aside and named; an action that no grammar
 * knows ({@code PULL}) is set aside alone and its scope kept.
 */
public final class ScopeParser {
  /** How many scopes one request may ask for, repeats counted. */
  public static final int MAX_SCOPES = 16;

  private static final Splitter SPACES = Splitter.on(' ').omitEmptyStrings();
  private static final Splitter COMMAS = Splitter.on(',').omitEmptyStrings();

  private final Map<Resource, Set<String>> actionsByResource = new LinkedHashMap<>();
  private final List<MalformedScope> malformed = new ArrayList<>();

  private record Resource(String type, String name) {}

  private ScopeParser() {}

  /**
   * Reads scope parameters, decoded, in the order they came. Never fails: more than {@value
   * #MAX_SCOPES} scopes are one malformed scope and nothing else.
   *
   * @param parameters the values of all {@code scope} parameters
   * @return what they ask for
   */
  public static RequestedScopes parse(List<String> parameters) {
    List<String> texts = parameters.stream().flatMap(SPACES::splitToStream).toList();
    if (texts.size() > MAX_SCOPES) {
      String problem =
          texts.size() + " scopes in one request; at most " + MAX_SCOPES + " are valid";
      return new RequestedScopes(List.of(), List.of(new MalformedScope(texts.get(0), problem)));
    }
    ScopeParser parser = new ScopeParser();
    texts.forEach(parser::add);
    return parser.result();
  }

  private void add(String text) {
    int first = text.indexOf(':');
    int last = text.lastIndexOf(':');
    if (first == last) {
      reject(text, "a scope is type:name:actions");
      return;
    }
    String type = text.substring(0, first);
    String name = text.substring(first + 1, last);
    if (!ScopeGrammar.isType(type)) {
      reject(text, "the type, before the first colon, is [a-z0-9]+ with or without a (class)");
    } else if (!ScopeGrammar.isName(name)) {
      reject(
          text,
          "the name, between the first and the last colon, is lower-case components with slashes"
              + " between them, at most "
              + ScopeGrammar.MAX_NAME_LENGTH
              + " characters");
    } else {
      addActions(text, new Resource(type, name), text.substring(last + 1));
    }
  }

  private void addActions(String text, Resource resource, String list) {
    Set<String> actions =
        actionsByResource.computeIfAbsent(resource, unused -> new LinkedHashSet<>());
    boolean allValid = true;
    for (String action : COMMAS.split(list)) {
      if (ScopeGrammar.isAction(action)) {
        actions.add(action);
      } else {
        allValid = false;
      }
    }
    if (!allValid) {
      // Once, however many there are: what is set aside goes to a log.
      reject(text, "an action is [a-z]+ or *");
    }
  }

  private void reject(String text, String problem) {
    malformed.add(new MalformedScope(text, problem));
  }

  private RequestedScopes result() {
    List<ResourceScope> scopes = new ArrayList<>();
    actionsByResource.forEach(
        (resource, actions) ->
            scopes.add(new ResourceScope(resource.type(), resource.name(), actions)));
    return new RequestedScopes(scopes, malformed);
  }
}
