// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.registryauth.DeniedResponse;
import io.registryauth.TokenListener;
import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.TokenIssuer;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say who gets a token, and for what. */
final class TokenOptions {
  private static final String DIRECTORY = "directory:";

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
      names = "--credentials",
      paramLabel = "STORE",
      defaultValue = "${env:CREDENTIALS:-kubernetes}",
      description = {
        "Where the namespaces' credentials are: directory:PATH, with the files"
            + " PATH/<namespace>/username and PATH/<namespace>/password, read for each request."
            + " kubernetes is not in this version yet.",
        "(CREDENTIALS; default: kubernetes)"
      })
  private String credentials;

  @Option(
      names = "--cache-ttl",
      paramLabel = "TIME",
      defaultValue = "${env:CREDENTIALS_CACHE_TTL}",
      description = {
        "How long credentials that were read count without being read again, such as 30s: the time"
            + " after which an old password is refused. A new one works at once.",
        "(CREDENTIALS_CACHE_TTL; default: 30s, and no cache for a directory)"
      })
  private @Nullable String cacheTtl;

  @Option(
      names = "--cache-stale",
      paramLabel = "TIME",
      defaultValue = "${env:CREDENTIALS_CACHE_STALE:-5m}",
      description = {
        "How old they may become while the store cannot be read; 0s for no use of old ones.",
        "(CREDENTIALS_CACHE_STALE; default: 5m)"
      })
  private String cacheStale;

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

  TokenService tokenService(TokenIssuer issuer, TokenListener listener) {
    TokenService.Builder builder =
        TokenService.builder(issuer, new CredentialStoreAuthenticator(credentialStore()))
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
            .listener(listener);
    return parse("--service", service, builder::service).build();
  }

  private static CredentialStore directory(String text) {
    if (!text.startsWith(DIRECTORY) || text.equals(DIRECTORY)) {
      throw new IllegalArgumentException("valid is directory:PATH");
    }
    return new DirectoryCredentialStore(Path.of(text.substring(DIRECTORY.length())));
  }

  private CredentialStore credentialStore() {
    CredentialStore store = parse("--credentials", credentials, TokenOptions::directory);
    CachingCredentialStore.Builder cached =
        CachingCredentialStore.builder(store)
            .staleFor(parse("--cache-stale", cacheStale, OptionValues::duration));
    return Strings.isNullOrEmpty(cacheTtl)
        ? store
        : cached.freshFor(parse("--cache-ttl", cacheTtl, OptionValues::duration)).build();
  }

  private <T> T parse(String option, String text, Function<String, T> parser) {
    return OptionValues.parse(spec, option, text, parser);
  }
}
