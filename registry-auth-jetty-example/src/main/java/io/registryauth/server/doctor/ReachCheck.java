// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import okhttp3.HttpUrl;

/** Goes the way of a client: to the registry, to the realm, and to the registry with a token. */
final class ReachCheck {
  private final Supplier<Instant> now;
  private final Notes notes;

  ReachCheck(Supplier<Instant> now, Notes notes) {
    this.now = now;
    this.notes = notes;
  }

  /**
   * Visits both, as one who trusts what clients do, and asks for tokens with the credentials of
   * each.
   */
  void check(Setup visitor, List<Setup> clients) {
    Optional<HttpUrl> registry = visitor.registry().map(HttpUrl::parse);
    if (registry.isEmpty() && visitor.realm().isEmpty()) {
      return;
    }
    Http http = new Http(authorities(visitor));
    ClockSkew clocks = new ClockSkew(now);
    Optional<Challenge> challenge =
        registry.flatMap(url -> new RegistryVisit(visitor, url, http, clocks, notes).visit());
    Optional<HttpUrl> realm =
        visitor
            .realm()
            .or(() -> challenge.map(Challenge::realm))
            .map(Hosts::withoutUserinfo)
            .map(HttpUrl::parse);
    boolean isTokenService =
        realm.filter(url -> new RealmVisit(visitor, url, http, clocks, notes).visit()).isPresent();
    Optional<HttpUrl> asking = challenge.isPresent() ? registry : Optional.empty();
    OurTokens.signingKey(visitor.tokenServer())
        .ifPresent(key -> new Tokens(visitor, asking, http, now, notes).present(key));
    if (isTokenService) {
      clients.forEach(
          client -> new Tokens(client, asking, http, now, notes).ask(realm.orElseThrow()));
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
