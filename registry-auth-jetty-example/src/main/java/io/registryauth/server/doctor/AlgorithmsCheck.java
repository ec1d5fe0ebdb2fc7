// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.SIGNING_ALGORITHMS;

import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Optional;

/** Does the registry's list of algorithms let it start, and take what our key signs? */
final class AlgorithmsCheck implements Check {
  /** What Docker Distribution 3 knows by name. */
  private static final ImmutableSet<String> KNOWN =
      ImmutableSet.of(
          "EdDSA", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
          "PS256", "PS384", "PS512");

  @Override
  public void check(Setup setup, Notes notes) {
    if (setup.assumedVersion().isV3()) {
      setup
          .registryConfig()
          .flatMap(RegistryConfig::signingAlgorithms)
          .ifPresent(value -> value(value, setup, notes));
    }
  }

  private static void value(Object value, Setup setup, Notes notes) {
    Optional<String> ours = OurTokens.facts(setup.tokenServer()).map(TokenFacts::algorithm);
    String right = "[" + ours.orElse("RS256") + "]";
    if (!(value instanceof List<?> names)) {
      add(
          setup,
          notes,
          "is \"" + value + "\", no list: the registry does not start with it",
          right);
      return;
    }
    List<?> unknown = names.stream().filter(name -> !isKnown(name)).toList();
    if (!unknown.isEmpty()) {
      add(setup, notes, "has " + unknown + ", which stops the registry from starting", right);
      return;
    }
    ours.filter(algorithm -> !names.isEmpty() && !names.contains(algorithm))
        .ifPresent(
            algorithm ->
                add(
                    setup,
                    notes,
                    "is "
                        + names
                        + " without "
                        + algorithm
                        + ", by which our key signs: the"
                        + " registry calls each token malformed",
                    right));
  }

  private static boolean isKnown(Object name) {
    return name instanceof String text && KNOWN.contains(text);
  }

  private static void add(Setup setup, Notes notes, String problem, String right) {
    notes.finding(
        SIGNING_ALGORITHMS,
        "auth.token.signingalgorithms " + problem,
        setup.config().orElseThrow().where() + ": auth.token.signingalgorithms",
        "make it signingalgorithms: " + right + ", or remove it; then " + Fixes.restart());
  }
}
