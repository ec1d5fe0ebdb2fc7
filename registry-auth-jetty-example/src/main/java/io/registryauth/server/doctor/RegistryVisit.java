// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CA_DIFFERS;
import static io.registryauth.server.doctor.FindingId.CERTIFICATE_EXPIRED;
import static io.registryauth.server.doctor.FindingId.REGISTRY_NOT_HTTPS;
import static io.registryauth.server.doctor.FindingId.REGISTRY_RESTART;
import static io.registryauth.server.doctor.FindingId.REGISTRY_UNREACHABLE;
import static io.registryauth.server.doctor.FindingId.SERVICE_DIFFERS;

import java.io.IOException;
import java.util.Optional;
import okhttp3.HttpUrl;

/** Asks the registry without a token, as each client does at first. */
final class RegistryVisit {
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;

  private final Setup setup;
  private final Http http;
  private final ClockSkew clocks;
  private final Notes notes;
  private final HttpUrl url;

  RegistryVisit(Setup setup, HttpUrl registry, Http http, ClockSkew clocks, Notes notes) {
    this.setup = setup;
    this.http = http;
    this.clocks = clocks;
    this.notes = notes;
    url = base(registry);
  }

  /** Returns {@code /v2/} of a registry, whether the URL had that or not. */
  static HttpUrl base(HttpUrl registry) {
    HttpUrl url = registry.resolve("/v2/");
    if (url == null) {
      throw new IllegalStateException("Any path can be resolved");
    }
    return url;
  }

  /**
   * Returns what it tells clients to do, if it does, and if nobody on the way can have changed
   * that.
   */
  Optional<Challenge> visit() {
    try {
      Http.Answer answer = http.get(url);
      clocks.check(answer, "the registry", url.toString(), notes);
      Optional<Challenge> challenge = answered(answer);
      plain();
      return challenge.filter(said -> Hosts.isPrivate(url));
    } catch (IOException e) {
      plain();
      unreached(e);
      return Optional.empty();
    }
  }

  private void plain() {
    if (!Hosts.isPrivate(url)) {
      notes.consequence(
          new Finding(
              REGISTRY_NOT_HTTPS,
              "the registry is named by plain http, which clients use with this machine alone",
              url.toString(),
              "give it http.tls.certificate and http.tls.key, as deploy/registry/config.yml has"
                  + " them"));
    }
  }

  private Optional<Challenge> answered(Http.Answer answer) {
    Optional<Challenge> challenge = Challenge.of(answer);
    if (answer.status() == UNAUTHORIZED && challenge.isPresent()) {
      notes.checked("the registry asks for a token, " + url);
      compare(challenge.get());
      return challenge;
    }
    if (answer.status() == BAD_REQUEST && answer.body().contains("HTTPS server")) {
      notes.finding(
          REGISTRY_NOT_HTTPS,
          "the registry speaks https, and is named by plain http",
          url.toString(),
          "name it by https");
    } else if (answer.status() == OK || answer.status() == UNAUTHORIZED) {
      notes.finding(
          REGISTRY_RESTART,
          "the registry that runs asks for no token (it answers %d to a request without one): it has read"
                  .formatted(answer.status())
              + " another configuration than one with auth.token",
          url.toString(),
          Fixes.restart()
              + "; if it stays so, its configuration is not where it looks: version 3 reads"
              + " /etc/distribution/config.yml, version 2.8 /etc/docker/registry/config.yml");
    } else {
      notes.finding(
          REGISTRY_UNREACHABLE,
          "what answers there is no registry, or one in trouble: it answers %d; valid is 401"
              .formatted(answer.status()),
          url.toString(),
          "see its log, and whether the URL is the registry's own");
    }
    return Optional.empty();
  }

  private void compare(Challenge challenge) {
    Optional<RegistryConfig> config = setup.registryConfig();
    if (config.isEmpty()) {
      if (!challenge.service().equals(setup.tokenServer().service())) {
        notes.finding(
            SERVICE_DIFFERS,
            "the registry is the service \"%s\", and the token server's tokens are for \"%s\""
                .formatted(challenge.service(), setup.tokenServer().service()),
            url.toString(),
            Fixes.serveService(challenge.service())
                + "; or write service: "
                + Fixes.word(setup.tokenServer().service())
                + " in its config.yml and "
                + Fixes.restart());
      }
      return;
    }
    config
        .flatMap(RegistryConfig::realm)
        .ifPresent(realm -> compare("realm", realm, challenge.realm()));
    config
        .flatMap(found -> found.text("service"))
        .ifPresent(service -> compare("service", service, challenge.service()));
  }

  private void compare(String name, String written, String told) {
    if (!written.equals(told)) {
      notes.consequence(
          new Finding(
              REGISTRY_RESTART,
              "the registry that runs tells clients the %s \"%s\", and its configuration has \"%s\""
                  .formatted(name, Hosts.withoutUserinfo(told), Hosts.withoutUserinfo(written)),
              url.toString(),
              Fixes.restart()));
    }
  }

  private void unreached(IOException e) {
    switch (Unreached.of(e)) {
      case UNKNOWN_HOST -> {
        if (Hosts.isOfACluster(url)) {
          notes.notChecked(
              "the registry, " + url, Unreached.inTheCluster(setup, "registry 5000:443"));
        } else {
          unreachable("the host %s is not known here".formatted(url.host()), "correct the URL");
        }
      }
      case UNTRUSTED -> {
        if (setup.ca().flatMap(Source::text).isEmpty()) {
          notes.notChecked("the registry, " + url, Unreached.BY_NONE_THAT_JAVA_KNOWS);
        } else {
          notes.consequence(
              new Finding(
                  CA_DIFFERS,
                  "clients do not trust the registry's certificate: it is not signed by the authority that"
                      + " they have (x509: certificate signed by unknown authority)",
                  setup.ca().orElseThrow().where(),
                  "give clients the ca.crt of the registry's Secret registry-tls: %s does"
                      .formatted(Fixes.tenantCreate(setup))));
        }
      }
      case EXPIRED ->
          notes.finding(
              CERTIFICATE_EXPIRED,
              "the registry's own certificate is not valid now",
              url.toString(),
              "renew the certificate in http.tls.certificate; then " + Fixes.restart());
      case OTHER_HOST ->
          unreachable(
              "its certificate is not for the host " + url.host(),
              "add " + Fixes.word(url.host()) + " to the certificate's dnsNames");
      case NO_TLS ->
          notes.finding(
              REGISTRY_NOT_HTTPS,
              "the registry speaks plain http where clients come by https: its configuration, with"
                  + " http.tls, may not be the one that it has read",
              url.toString(),
              "mount config.yml at /etc/distribution (version 3), with http.tls.certificate and"
                  + " http.tls.key in it; then "
                  + Fixes.restart());
      case NO_ANSWER ->
          unreachable(
              "the registry does not answer (" + e + ")", "see whether it runs, and its log");
    }
  }

  private void unreachable(String problem, String fix) {
    notes.finding(REGISTRY_UNREACHABLE, problem, url.toString(), fix);
  }
}
