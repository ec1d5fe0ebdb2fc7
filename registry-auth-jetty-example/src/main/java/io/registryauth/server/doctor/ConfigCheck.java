// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CONFIG_INVALID;
import static io.registryauth.server.doctor.FindingId.JWKS_MISSING;

import okhttp3.HttpUrl;

/** Would the registry start with its configuration, and ask for tokens? */
final class ConfigCheck implements Check {
  @Override
  public void check(Setup setup, Notes notes) {
    setup.config().ifPresent(source -> source(source, setup, notes));
  }

  private static void source(Source source, Setup setup, Notes notes) {
    if (source.unread().isPresent()) {
      notes.notChecked("the registry's configuration, " + source, source.unread().get());
      return;
    }
    if (source.text().isEmpty()) {
      notes.finding(
          CONFIG_INVALID,
          "the registry's configuration is not there",
          source.where(),
          "create it: deploy/registry/config.yml is one");
      return;
    }
    RegistryConfig config = setup.registryConfig().orElseThrow();
    notes.checked("the registry's configuration, " + source);
    config.problems().forEach(problem -> add(source, notes, problem));
    if (setup.assumedVersion() == RegistryVersion.V2_8
        && config.text("rootcertbundle").isEmpty()
        && !config.token().isEmpty()) {
      add(source, notes, "it has no auth.token.rootcertbundle, without which 2.8 does not start");
    }
    if (setup.assumedVersion().isV3()
        && !config.token().isEmpty()
        && setup.jwks().isEmpty()
        && setup.bundle().isEmpty()
        && config.text("jwks").isEmpty()
        && config.text("rootcertbundle").isEmpty()) {
      notes.finding(
          JWKS_MISSING,
          "it has neither jwks nor rootcertbundle, and registry 3 does not start without a key",
          source.where() + ": auth.token.jwks",
          Fixes.writeJwks(setup));
    }
    config
        .realm()
        .filter(realm -> HttpUrl.parse(realm) == null)
        .ifPresent(
            realm ->
                add(
                    source,
                    notes,
                    "auth.token.realm is \"" + Hosts.withoutUserinfo(realm) + "\", no http URL"));
  }

  private static void add(Source source, Notes notes, String problem) {
    notes.finding(
        CONFIG_INVALID,
        problem,
        source.where(),
        "make it as in deploy/registry/config.yml, where auth.token has realm, service, issuer,"
            + " rootcertbundle and jwks; then restart the registry");
  }
}
