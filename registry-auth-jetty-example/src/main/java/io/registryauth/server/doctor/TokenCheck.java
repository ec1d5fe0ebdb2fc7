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
    int before = notes.findings();
    TokenRules.apply(ours.get(), setup, now.get(), notes);
    notes.checked(
        "a token of the token server, by the rules of registry "
            + setup.assumedVersion()
            + (setup.version().isPresent() ? "" : " (assumed; --registry-version says which it is)")
            + (notes.findings() == before ? ": it would be taken" : ": it would be refused"));
  }
}
