// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.credential.CredentialStore;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.time.InstantSource;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say how tokens are signed. */
final class SigningOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--issuer",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_ISSUER:-registry-token-issuer}",
      description = {
        "Issuer of the tokens, the registry's auth.token.issuer.",
        "(TOKEN_ISSUER; default: registry-token-issuer)"
      })
  private String issuer;

  @Option(
      names = "--expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:TOKEN_EXPIRATION_SEC:-300}",
      description = {
        "How long a token is valid, 60 to 86400.",
        "(TOKEN_EXPIRATION_SEC; default: 300)"
      })
  private String expiration;

  @Option(
      names = "--push-expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:PUSH_TOKEN_EXPIRATION_SEC:-}",
      description = {
        "How long a token is valid that allows more than to pull, 60 to 86400: a large push may"
            + " outlive the others.",
        "(PUSH_TOKEN_EXPIRATION_SEC; default: that of --expiration)"
      })
  private String pushExpiration;

  @Option(
      names = "--token-reuse",
      paramLabel = "TIME",
      defaultValue = "${env:TOKEN_REUSE:-0s}",
      description = {
        "How long a token is given again to who may have the same, instead of signing another: up to"
            + " 60s, a fifth of the expiration, and what leaves 60 s of that. Their jti is the same"
            + " then. 0s for never.",
        "(TOKEN_REUSE; default: 0s)"
      })
  private String tokenReuse;

  @Option(
      names = "--refresh-expiration",
      paramLabel = "SECONDS",
      defaultValue = "${env:REFRESH_TOKEN_EXPIRATION_SEC:-2592000}",
      description = {
        "How long a refresh token is valid, 60 to 31622400 (366 days); 0 for none.",
        "(REFRESH_TOKEN_EXPIRATION_SEC; default: 2592000)"
      })
  private String refreshExpiration;

  @Option(
      names = "--signing-key",
      paramLabel = "FILE",
      defaultValue = "${env:SIGNING_KEY_FILE:-/etc/registry-auth-keys/tls.key}",
      description = {
        "Private key that signs: RSA (RS256), EC on P-256 (ES256) or Ed25519 (EdDSA); PEM, PKCS#8,"
            + " PKCS#1 or SEC1.",
        "(SIGNING_KEY_FILE; default: /etc/registry-auth-keys/tls.key)"
      })
  private String keyFile;

  @Option(
      names = "--signing-cert",
      paramLabel = "FILE",
      defaultValue = "${env:SIGNING_CERT_FILE:-/etc/registry-auth-keys/tls.crt}",
      description = {
        "Certificate of that key: PEM.",
        "(SIGNING_CERT_FILE; default: /etc/registry-auth-keys/tls.crt)"
      })
  private String certificateFile;

  @Mixin private KeyIdOptions keyId;

  /** Reads the files; they are looked at again once the keys are started. */
  SigningKeys signingKeys() {
    KeyIdStyle style = keyId.keyIdStyle();
    // Each by itself first, so that a message is about the one that cannot be read.
    String unused = parse("--signing-cert", certificateFile, OptionValues::contents);
    unused = parse("--signing-key", keyFile, OptionValues::contents);
    return parse(
        "--signing-key and --signing-cert",
        keyFile + " and " + certificateFile,
        files ->
            new SigningKeys(
                keyFile,
                certificateFile,
                style,
                keyId.profile(),
                NativeSigning.install(),
                InstantSource.system()));
  }

  TokenIssuer tokenIssuer(Supplier<KeySet> keys) {
    TokenIssuer.Builder builder = TokenIssuer.builder(keys).profile(keyId.profile());
    TokenIssuer.Builder named = parse("--issuer", issuer, builder::issuer);
    TokenIssuer.Builder timed =
        parse("--expiration", expiration, text -> named.lifetime(OptionValues.seconds(text)));
    TokenIssuer.Builder pushTimed =
        pushExpiration.isEmpty()
            ? timed
            : parse(
                "--push-expiration",
                pushExpiration,
                text -> timed.pushLifetime(OptionValues.seconds(text)));
    return parse(
        "--token-reuse", tokenReuse, text -> pushTimed.reuse(OptionValues.duration(text)).build());
  }

  RefreshTokens refreshTokens(Supplier<KeySet> keys, CredentialStore store) {
    RefreshTokens.Builder builder = RefreshTokens.builder(keys, store);
    RefreshTokens.Builder named = parse("--issuer", issuer, builder::issuer);
    return parse(
            "--refresh-expiration",
            refreshExpiration,
            text -> named.lifetime(OptionValues.seconds(text)))
        .build();
  }

  private <T> T parse(String option, String text, Function<String, T> parser) {
    return OptionValues.parse(spec, option, text, parser);
  }
}
