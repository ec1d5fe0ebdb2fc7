// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.key.SigningKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import okhttp3.HttpUrl;

/** Goes the way of a client: to the registry, to the realm, and to the registry with a token. */
final class ReachCheck implements Check {
  private final Supplier<Instant> now;

  ReachCheck(Supplier<Instant> now) {
    this.now = now;
  }

  @Override
  public void check(Setup setup, Notes notes) {
    Optional<HttpUrl> registry = setup.registry().map(HttpUrl::parse);
    if (registry.isEmpty() && setup.realm().isEmpty()) {
      return;
    }
    Http http = new Http(authorities(setup));
    ClockSkew clocks = new ClockSkew(now);
    Optional<Challenge> challenge =
        registry.flatMap(url -> new RegistryVisit(setup, url, http, clocks, notes).visit());
    Optional<HttpUrl> realm =
        setup.realm().or(() -> challenge.map(Challenge::realm)).map(HttpUrl::parse);
    boolean isTokenService =
        realm.filter(url -> new RealmVisit(setup, url, http, clocks, notes).visit()).isPresent();
    Tokens tokens =
        new Tokens(setup, challenge.isPresent() ? registry : Optional.empty(), http, now, notes);
    Optional<SigningKey> key = OurTokens.signingKey(setup.tokenServer());
    key.ifPresent(tokens::present);
    if (isTokenService) {
      tokens.ask(realm.orElseThrow());
    }
  }

  private static List<X509Certificate> authorities(Setup setup) {
    try {
      return setup
          .ca()
          .flatMap(Source::text)
          .<List<X509Certificate>>map(Certificates::parse)
          .orElse(List.of());
    } catch (IllegalArgumentException e) {
      return List.of(); // which CaCheck says
    }
  }
}
