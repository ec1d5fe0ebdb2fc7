// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.DeniedResponse;
import io.registryauth.TokenListener;
import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.Authenticator;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say what a token is given for. */
final class TokenOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--service",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_SERVICE:-docker-registry}",
      description = {
        "Service that the tokens are for, the registry's auth.token.service.",
        "(TOKEN_SERVICE; default: docker-registry)"
      })
  private String service;

  @Option(
      names = "--denied-response",
      paramLabel = "RESPONSE",
      defaultValue = "${env:DENIED_RESPONSE:-unauthorized}",
      description = {
        "Answer to good credentials that may have nothing of what they ask: unauthorized (401) or"
            + " empty-token (200).",
        "(DENIED_RESPONSE; default: unauthorized)"
      })
  private String deniedResponse;

  @Option(
      names = "--public-namespaces",
      paramLabel = "NAMES",
      defaultValue = "${env:PUBLIC_NAMESPACES:-}",
      description = {
        "Namespaces that anybody may pull from, without credentials too; with commas between.",
        "(PUBLIC_NAMESPACES; default: none)"
      })
  private String publicNamespaces;

  @Option(
      names = "--shared-namespaces",
      paramLabel = "NAMES",
      defaultValue = "${env:SHARED_NAMESPACES:-}",
      description = {
        "Namespaces that every tenant may pull from.",
        "(SHARED_NAMESPACES; default: none)"
      })
  private String sharedNamespaces;

  @Option(
      names = "--admin-namespaces",
      paramLabel = "NAMES",
      defaultValue = "${env:ADMIN_NAMESPACES:-}",
      description = {
        "Tenants that may list the catalog and pull from everywhere.",
        "(ADMIN_NAMESPACES; default: none)"
      })
  private String adminNamespaces;

  TokenService tokenService(
      TokenIssuer issuer,
      RefreshTokens refreshTokens,
      Authenticator authenticator,
      TokenListener listener) {
    TokenService.Builder builder =
        TokenService.builder(issuer, authenticator)
            .authorizer(
                NamespaceAuthorizer.builder()
                    .publicNamespaces(
                        parse("--public-namespaces", publicNamespaces, NamespaceName::parseList))
                    .sharedNamespaces(
                        parse("--shared-namespaces", sharedNamespaces, NamespaceName::parseList))
                    .adminNamespaces(
                        parse("--admin-namespaces", adminNamespaces, NamespaceName::parseList))
                    .build())
            .deniedResponse(parse("--denied-response", deniedResponse, DeniedResponse::parse))
            .refreshTokens(refreshTokens)
            .listener(listener);
    return parse("--service", service, text -> builder.service(text).build());
  }

  private <T> T parse(String option, String text, Function<String, T> parser) {
    return OptionValues.parse(spec, option, text, parser);
  }
}
