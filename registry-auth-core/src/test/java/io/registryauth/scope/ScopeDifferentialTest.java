// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.tenant.NamespaceExtractor;
import io.registryauth.tenant.NamespaceName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Reads a million made-up names and scopes twice: with the code under test, and with {@link
 * ReferenceGrammar}. Both must say the same, but where a {@link Difference} applies; then what ours
 * says must be what the difference says.
 *
 * <p>The seed is fixed, so that each run reads the same. The profile {@code fuzz} takes another one
 * each time and prints it; {@code -Ddifferential.seed=NUMBER} repeats such a run.
 */
class ScopeDifferentialTest {
  private static final String SEED = System.getProperty("differential.seed", "20260101");
  private static final int MILLION = 1_000_000;
  private static final int CASES = Integer.getInteger("differential.cases", MILLION);

  /** Neither side may be so rare that what is compared says little about it. */
  private static final int LEAST_PERCENT = 25;

  /** How often a difference must be met in a whole run; in a short one, luck decides. */
  private static final int LEAST_TIMES = 200;

  /** A label of RFC 1123 as Kubernetes has it, before another component. */
  private static final Pattern OWNED =
      Pattern.compile("(?<owner>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)/.*", Pattern.DOTALL);

  /** Where we decided otherwise than the published grammars. */
  private enum Difference {
    /** At most 255 characters are valid, host included; the registry does not count the host. */
    LONG_NAME,
    /** The host may be an IPv6 address: in the image reference grammar, not in that of scopes. */
    IPV6_HOST,
    /** An empty action is valid in a list, and none: it is left out. */
    EMPTY_ACTION,
    /** {@code *} has a meaning alone; within a word it is set aside, and its scope kept. */
    STAR_IN_A_WORD,
    /** An action of other characters makes no scope malformed; it is set aside alone. */
    FOREIGN_ACTION,
    /** One space is between scopes; ours may have more, there and at the ends. */
    SPARE_SPACES,
    /** What is asked of a resource in two scopes is one scope, at the place of the first. */
    SAME_RESOURCE,
    /** More than sixteen scopes are as one malformed scope, the first. */
    TOO_MANY
  }

  /** What is read of a parameter: scopes as a client writes them, and what is set aside. */
  private record Reading(List<String> scopes, List<String> malformed) {
    static Reading ofOurs(String parameter) {
      RequestedScopes asked = ScopeParser.parse(List.of(parameter));
      return new Reading(
          asked.scopes().stream().map(ResourceScope::toString).toList(),
          asked.malformed().stream().map(MalformedScope::text).toList());
    }
  }

  /** Reads by the published grammar, and notes which differences it met. */
  private static final class Reference {
    private final Set<Difference> met = EnumSet.noneOf(Difference.class);
    private final Map<String, Set<String>> actionsByResource = new LinkedHashMap<>();
    private final List<String> malformed = new ArrayList<>();

    Reading read(String parameter) {
      List<String> texts = List.of(parameter.split(" ", -1));
      if (texts.contains("")) {
        met.add(Difference.SPARE_SPACES);
        texts = texts.stream().filter(text -> !text.isEmpty()).toList();
      }
      if (texts.size() > 16) {
        met.add(Difference.TOO_MANY);
        return new Reading(List.of(), List.of(cut(texts.get(0))));
      }
      texts.forEach(this::add);
      List<String> scopes = new ArrayList<>();
      actionsByResource.forEach(
          (resource, actions) -> scopes.add(resource + ":" + String.join(",", actions)));
      return new Reading(scopes, malformed);
    }

    private void add(String text) {
      Set<Difference> ofText = EnumSet.noneOf(Difference.class);
      boolean wellFormed = add(text, ofText);
      if (!wellFormed) {
        malformed.add(cut(text));
      }
      if (ofText.isEmpty()
          && wellFormed != ReferenceGrammar.RESOURCE_SCOPE.matcher(text).matches()) {
        throw new AssertionError("No difference says why this is otherwise: " + text);
      }
      met.addAll(ofText);
    }

    private boolean add(String text, Set<Difference> ofText) {
      Matcher matcher = ReferenceGrammar.WIDER_RESOURCE_SCOPE.matcher(text);
      if (!matcher.matches()) {
        return false;
      }
      String name = matcher.group("name");
      if (name.startsWith("[")) {
        ofText.add(Difference.IPV6_HOST);
      }
      if (name.length() > 255) {
        ofText.add(Difference.LONG_NAME);
        return false;
      }
      String resource = matcher.group("type") + ":" + name;
      if (actionsByResource.containsKey(resource)) {
        ofText.add(Difference.SAME_RESOURCE);
      }
      Set<String> actions =
          actionsByResource.computeIfAbsent(resource, unused -> new LinkedHashSet<>());
      boolean allKept = true;
      for (String action : matcher.group("actions").split(",", -1)) {
        if (action.isEmpty()) {
          ofText.add(Difference.EMPTY_ACTION);
        } else if (!ReferenceGrammar.ACTION.matcher(action).matches()) {
          ofText.add(Difference.FOREIGN_ACTION);
          allKept = false;
        } else if (action.contains("*") && action.length() > 1) {
          ofText.add(Difference.STAR_IN_A_WORD);
          allKept = false;
        } else {
          actions.add(action);
        }
      }
      return allKept;
    }

    private static String cut(String text) {
      return text.length() > 300 ? text.substring(0, 300) + "…" : text;
    }
  }

  /** Runs cases, and counts those that are well-formed by the reference. */
  private static final class Run {
    private final String what;
    private final int cases;
    private final long seed;
    private final List<String> unequal = new ArrayList<>();
    private final Map<Difference, Integer> met = new EnumMap<>(Difference.class);
    private int wellFormed;

    Run(String what, int cases) {
      this.what = what;
      this.cases = cases;
      seed = SEED.equals("random") ? new SplittableRandom().nextLong() : Long.parseLong(SEED);
    }

    void each(Consumer<ScopeGenerator> oneCase) {
      ScopeGenerator generator = new ScopeGenerator(seed);
      for (int i = 0; i < cases; i++) {
        oneCase.accept(generator);
      }
      System.out.printf(
          "%,d %s with the seed %d: %.1f %% well-formed; differences %s%n",
          cases, what, seed, percent(), met);
      assertThat(unequal).as("seed %d", seed).isEmpty();
      assertThat(percent()).isBetween((double) LEAST_PERCENT, 100.0 - LEAST_PERCENT);
    }

    private double percent() {
      return 100.0 * wellFormed / cases;
    }

    void compare(String text, boolean isWellFormed, Object ours, Object reference) {
      if (isWellFormed) {
        wellFormed++;
      }
      if (!ours.equals(reference) && unequal.size() < 10) {
        unequal.add("\"%s\": ours %s, reference %s".formatted(text, ours, reference));
      }
    }

    void met(Set<Difference> differences) {
      differences.forEach(difference -> met.merge(difference, 1, Integer::sum));
    }

    void assertEachMet(Stream<Difference> differences) {
      int times = CASES < MILLION ? 0 : LEAST_TIMES;
      assertThat(differences)
          .allSatisfy(
              difference ->
                  assertThat(met.getOrDefault(difference, 0))
                      .as("%s", difference)
                      .isGreaterThanOrEqualTo(times));
    }
  }

  @Test
  void parse_madeUpParameters_readsWhatTheSpecificationDoes() {
    Run run = new Run("scope parameters", CASES / 5 * 2);
    run.each(
        generator -> {
          String parameter = generator.parameter();
          Reference reference = new Reference();
          Reading expected = reference.read(parameter);
          run.met(reference.met);
          run.compare(
              parameter, expected.malformed().isEmpty(), Reading.ofOurs(parameter), expected);
        });
    run.assertEachMet(Arrays.stream(Difference.values()));
  }

  @Test
  void resourceScope_madeUpNames_takesThoseOfTheImageReferenceGrammar() {
    Run run = new Run("names", CASES - CASES / 5 * 2);
    run.each(
        generator -> {
          String name = generator.name();
          boolean published = ReferenceGrammar.NAME.matcher(name).matches();
          boolean tooLong = published && name.length() > 255;
          if (tooLong) {
            run.met(EnumSet.of(Difference.LONG_NAME));
          }
          boolean wellFormed = published && !tooLong;
          run.compare(name, wellFormed, owner(name), wellFormed ? expectedOwner(name) : MALFORMED);
        });
    run.assertEachMet(Stream.of(Difference.LONG_NAME));
  }

  private static final String MALFORMED = "malformed";
  private static final String NOBODY = "nobody's";

  /** Returns whose ours says a repository is. */
  private static String owner(String name) {
    try {
      return NamespaceExtractor.extract(
              new ResourceScope(ResourceScope.REPOSITORY, name, Set.of("pull")))
          .map(NamespaceName::value)
          .orElse(NOBODY);
    } catch (IllegalArgumentException e) {
      return MALFORMED;
    }
  }

  /**
   * Returns the first of two or more components, if it can be a namespace; a host that a port, a
   * dot, a bracket or an upper-case letter shows to be one cannot.
   */
  private static String expectedOwner(String name) {
    Matcher matcher = OWNED.matcher(name);
    return matcher.matches() ? matcher.group("owner") : NOBODY;
  }
}
