// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Would the registry take the tokens of the token server? */
final class TokenCheck implements Check {
  private final Supplier<Instant> now;

  TokenCheck(Supplier<Instant> now) {
    this.now = now;
  }

  @Override
  public void check(Setup setup, Notes notes) {
    Optional<TokenFacts> ours = OurTokens.facts(setup.tokenServer());
    if (setup.registryConfig().isEmpty() && setup.jwks().isEmpty() && setup.bundle().isEmpty()) {
      return;
    }
    if (ours.isEmpty()) {
      notes.notChecked(
          "whether the registry takes the token server's tokens", "its key is not known here");
      return;
    }
    Notes said = new Notes();
    TokenRules.apply(ours.get(), setup, now.get(), said);
    Report report = said.report();
    report.findings().forEach(notes::consequence);
    report.notChecked().forEach(each -> notes.notChecked(each.what(), each.why()));
    notes.checked(
        "a token of the token server, by the rules of registry "
            + setup.assumedVersion()
            + (setup.version().isPresent() ? "" : " (assumed; --registry-version says which it is)")
            + verdict(report, setup, notes));
  }

  /** Says what comes of it, also by what other checks have found of the registry. */
  private static String verdict(Report report, Setup setup, Notes notes) {
    if (!report.findings().isEmpty() || notes.has(Tokens.OF_THE_REGISTRY, "")) {
      return ": it would be refused";
    }
    return report.notChecked().isEmpty() && setup.registryConfig().isPresent()
        ? ": it would be taken"
        : ": nothing that is known is against it";
  }
}
