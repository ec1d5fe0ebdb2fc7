// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CERTIFICATE_EXPIRED;
import static io.registryauth.server.doctor.FindingId.ISSUER_DIFFERS;
import static io.registryauth.server.doctor.FindingId.JWKS_MISSING;
import static io.registryauth.server.doctor.FindingId.KEY_DIFFERS;
import static io.registryauth.server.doctor.FindingId.KEY_KIND;
import static io.registryauth.server.doctor.FindingId.KID_UNKNOWN;
import static io.registryauth.server.doctor.FindingId.PROFILE_WRONG;
import static io.registryauth.server.doctor.FindingId.SERVICE_DIFFERS;

import com.google.common.collect.ImmutableList;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a registry does with a token, by its version and by what it has: it looks for the key by
 * {@code x5c} if the token has it, and then by nothing else; if not, by {@code kid}. Then issuer
 * and audience must be its own.
 */
final class TokenRules {
  private static final String THUMBPRINT = "[A-Za-z0-9_-]{43}";

  private static final String X5C_PROFILE =
      "serve with --profile distribution-2.8 (TOKEN_PROFILE=distribution-2.8)";

  private final TokenFacts token;
  private final Setup setup;
  private final Instant now;
  private final Notes notes;
  private final RegistryVersion version;
  private final List<X509Certificate> bundle;
  private final RegistryJwks jwks;

  private TokenRules(TokenFacts token, Setup setup, Instant now, Notes notes) {
    this.token = token;
    this.setup = setup;
    this.now = now;
    this.notes = notes;
    version = setup.assumedVersion();
    bundle = bundle(setup);
    jwks = jwks(setup);
  }

  /** Writes down why the registry would refuse a token. */
  static void apply(TokenFacts token, Setup setup, Instant now, Notes notes) {
    TokenRules rules = new TokenRules(token, setup, now, notes);
    setup.registryConfig().ifPresent(rules::claims);
    if (rules.shape()) {
      rules.key();
    }
  }

  private void claims(RegistryConfig config) {
    String where = setup.config().orElseThrow().where();
    config
        .text("issuer")
        .filter(issuer -> !issuer.equals(token.issuer()))
        .ifPresent(
            issuer ->
                notes.finding(
                    ISSUER_DIFFERS,
                    "the registry takes tokens of the issuer \"%s\", and %s have \"%s\""
                        .formatted(issuer, token.origin(), token.issuer()),
                    where + ": auth.token.issuer",
                    "serve with --issuer %s (TOKEN_ISSUER=%s); or write issuer: %s there and %s"
                        .formatted(
                            Fixes.word(issuer),
                            Fixes.word(issuer),
                            Fixes.word(token.issuer()),
                            Fixes.restart())));
    config
        .text("service")
        .filter(service -> !token.audience().contains(service))
        .ifPresent(
            service ->
                notes.finding(
                    SERVICE_DIFFERS,
                    "the registry is the service \"%s\", and %s are for %s"
                        .formatted(service, token.origin(), quoted(token.audience())),
                    where + ": auth.token.service",
                    "%s; or write service: %s there and %s"
                        .formatted(
                            Fixes.serveService(service),
                            Fixes.word(String.join(", ", token.audience())),
                            Fixes.restart())));
  }

  private static String quoted(List<String> texts) {
    return texts.isEmpty() ? "none" : "\"" + String.join("\", \"", texts) + "\"";
  }

  /** Says whether a registry of this version gets as far as to look for the key. */
  private boolean shape() {
    if (version.isV3()) {
      return true;
    }
    if (token.algorithm().equals("EdDSA")) {
      notes.finding(
          KEY_KIND,
          "registry 2.8 takes no token of an Ed25519 key",
          setup.tokenServer().keysWhere(),
          "sign with an RSA or EC key: docs/keys.md; or use registry 3");
      return false;
    }
    if (token.audienceIsList()) {
      notes.finding(
          PROFILE_WRONG,
          "%s have a list as aud, which registry 2.8 calls a malformed token"
              .formatted(token.origin()),
          "the token server's --profile",
          X5C_PROFILE);
      return false;
    }
    return true;
  }

  private void key() {
    if (token.certificates().isEmpty()) {
      byKeyId();
    } else {
      byCertificate();
    }
  }

  private void byCertificate() {
    Certificates.invalidity(token.certificates(), now)
        .ifPresent(
            problem ->
                notes.finding(
                    CERTIFICATE_EXPIRED,
                    problem + ", and the registry verifies " + token.origin() + " by it (x5c)",
                    setup.tokenServer().keysWhere(),
                    "renew the certificate of the same key, in " + keysAndBundle()));
    if (!isBundleKnown()) {
      notes.notChecked(
          "whether the registry trusts the certificates in " + token.origin(),
          "it is not known what it has in rootcertbundle");
      return;
    }
    if (bundle.isEmpty()) {
      notes.finding(
          PROFILE_WRONG,
          "%s carry the certificate (x5c), by which alone a registry then verifies them, and this one"
                  .formatted(token.origin())
              + " has no rootcertbundle",
          configKey("rootcertbundle"),
          "add rootcertbundle with the certificate, tls.crt, and "
              + Fixes.restart()
              + "; or serve with --profile distribution-3 (TOKEN_PROFILE=distribution-3)");
    } else if (!Certificates.leadsTo(bundle, token.certificates(), now)) {
      notes.finding(
          KEY_DIFFERS,
          "the certificate in %s is neither in the registry's rootcertbundle nor signed by one there"
              .formatted(token.origin()),
          setup.bundle().map(Source::where).orElse(configKey("rootcertbundle")),
          "put tls.crt of the key that signs there; then " + Fixes.restart());
    }
  }

  private String keysAndBundle() {
    return setup.tokenServer().keysWhere()
        + setup.bundle().map(source -> " and " + source).orElse("")
        + "; then "
        + Fixes.restart();
  }

  private void byKeyId() {
    RegistryKeys keys = new RegistryKeys(version, bundle, jwks.entries());
    Optional<PublicKey> found = keys.find(token.keyId());
    if (found.isPresent()) {
      if (!token.verifiedBy().test(found.get())) {
        differs();
      }
    } else if (!isJwksKnown() || mayBeOfTheBundle()) {
      notes.notChecked(
          "whether the registry has the key \"" + token.keyId() + "\" of " + token.origin(),
          "it is not known what it has in jwks and rootcertbundle");
    } else if (!version.isV3()) {
      notes.finding(
          PROFILE_WRONG,
          "%s name the key \"%s\", and registry 2.8 finds keys by certificate (x5c) or by its own ids"
              .formatted(token.origin(), token.keyId()),
          "the token server's --profile",
          X5C_PROFILE);
    } else if (!ofTheBundle()) {
      unknown();
    }
  }

  private void differs() {
    notes.finding(
        KEY_DIFFERS,
        "the registry has another key as \"%s\" than the one that signs %s"
            .formatted(token.keyId(), token.origin()),
        jwksWhere(),
        Fixes.jwks(setup));
  }

  /** The certificate is there, and the registry gives its key another id than RFC 7638 says. */
  private boolean ofTheBundle() {
    boolean wrongId =
        bundle.stream()
            .map(X509Certificate::getPublicKey)
            .filter(token.verifiedBy())
            .map(key -> VerificationKey.of(key, KeyIdStyle.rfc7638()).keyId())
            .anyMatch(token.keyId()::equals);
    if (wrongId) {
      notes.finding(
          KEY_KIND,
          "registry %s does not find this %s key by its certificate: it gives it another id than RFC"
                  .formatted(version, token.algorithm())
              + " 7638 has",
          setup.bundle().map(Source::where).orElse(configKey("rootcertbundle")),
          "give the registry the key as jwks as well: " + Fixes.jwks(setup));
    }
    return wrongId;
  }

  private void unknown() {
    if (setup.jwks().isEmpty()) {
      notes.finding(
          JWKS_MISSING,
          "registry 3 has no jwks, and its rootcertbundle %s no key \"%s\", which %s name"
              .formatted(bundle.isEmpty() ? "has" : "gives", token.keyId(), token.origin()),
          configKey("jwks"),
          Fixes.writeJwks(setup));
      return;
    }
    if (setup.jwks().filter(Source::isMissing).isPresent() || !jwks.problems().isEmpty()) {
      return; // which is said already
    }
    Optional<String> other =
        jwks.entries().stream()
            .filter(entry -> entry.key().filter(token.verifiedBy()).isPresent())
            .map(JwkEntry::keyId)
            .findFirst();
    notes.finding(
        KID_UNKNOWN,
        "%s name the key \"%s\", and the registry's JWK Set has %s"
            .formatted(
                token.origin(),
                token.keyId(),
                other
                    .map(id -> "that key as \"" + id + "\"")
                    .orElse("none of that id, but " + jwks.keyIds())),
        jwksWhere(),
        Fixes.jwks(setup)
            + other
                .map(Fixes::word)
                .map(id -> "; or serve with --key-id " + id + " (SIGNING_KEY_ID=" + id + ")")
                .orElse(""));
  }

  private String configKey(String name) {
    return setup.config().map(source -> source + ": ").orElse("") + "auth.token." + name;
  }

  private String jwksWhere() {
    return setup.jwks().map(Source::where).orElse(configKey("rootcertbundle"));
  }

  private boolean isBundleKnown() {
    return isKnown(setup.bundle(), "rootcertbundle");
  }

  /** Says whether the id may be one that a registry gives to a certificate that nobody sees. */
  private boolean mayBeOfTheBundle() {
    return !isBundleKnown() && setup.config().isPresent() && token.keyId().matches(THUMBPRINT);
  }

  private boolean isJwksKnown() {
    return !version.isV3() || isKnown(setup.jwks(), "jwks");
  }

  /** What the configuration does not name, the registry has not. */
  private boolean isKnown(Optional<Source> source, String name) {
    return source
        .map(read -> read.unread().isEmpty())
        .orElseGet(
            () -> setup.registryConfig().filter(config -> config.text(name).isEmpty()).isPresent());
  }

  private static List<X509Certificate> bundle(Setup setup) {
    try {
      return setup
          .bundle()
          .flatMap(Source::text)
          .map(Certificates::parse)
          .orElse(ImmutableList.of());
    } catch (IllegalArgumentException e) {
      return List.of(); // which is said already
    }
  }

  private static RegistryJwks jwks(Setup setup) {
    return setup
        .jwks()
        .flatMap(Source::text)
        .map(RegistryJwks::parse)
        .orElse(new RegistryJwks(List.of(), List.of()));
  }
}
