// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.JWKS_INVALID;
import static io.registryauth.server.doctor.FindingId.JWKS_MISSING;

/** Does the registry start with its JWK Set? */
final class JwksCheck implements Check {
  @Override
  public void check(Setup setup, Notes notes) {
    if (setup.assumedVersion().isV3()) {
      setup.jwks().ifPresent(source -> source(source, setup, notes));
    }
  }

  private static void source(Source source, Setup setup, Notes notes) {
    if (source.unread().isPresent()) {
      notes.notChecked("the registry's JWK Set, " + source, source.unread().get());
      return;
    }
    if (source.isMissing()) {
      notes.finding(
          JWKS_MISSING,
          "the JWK Set that auth.token.jwks names is not there, so that the registry does not start",
          source.where(),
          Fixes.jwks(setup));
      return;
    }
    notes.checked("the registry's JWK Set, " + source);
    String problems = String.join("; ", RegistryJwks.parse(source.text().orElseThrow()).problems());
    if (!problems.isEmpty()) {
      notes.finding(JWKS_INVALID, problems, source.where(), Fixes.jwks(setup));
    }
  }
}
