// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import io.registryauth.DeniedResponse;
import io.registryauth.TokenService;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.credential.HtpasswdCredentialStore;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The init parameters of {@code web.xml}; {@link TokenServlet} lists them with their defaults. */
final class InitParameters {
  private static final String DEFAULT_KEY = "/etc/registry-auth-keys/tls.key";
  private static final String DEFAULT_CERTIFICATE = "/etc/registry-auth-keys/tls.crt";
  private static final String DIRECTORY = "directory:";
  private static final String HTPASSWD = "htpasswd:";
  private static final Duration HTPASSWD_FRESH = Duration.ofSeconds(1);

  private static final List<String> PUBLIC =
      KeyEntries.NAMES.stream().filter(name -> !name.endsWith(".key")).toList();

  /** What {@link TokenServlet} takes. */
  static final List<String> OF_TOKENS =
      List.of(
          "credentials",
          "signing-key",
          "signing-cert",
          "key-id",
          "service",
          "issuer",
          "expiration",
          "push-expiration",
          "refresh-expiration",
          "profile",
          "denied-response",
          "public-namespaces",
          "shared-namespaces",
          "admin-namespaces");

  /** What {@link JwksServlet} takes. */
  static final List<String> OF_JWKS = List.of("signing-cert", "key-id", "profile");

  private final ServletConfig config;

  private InitParameters(ServletConfig config) {
    this.config = config;
  }

  /** Makes something of the parameters; every fault in them becomes a ServletException. */
  static <T> T read(ServletConfig config, List<String> names, Function<InitParameters, T> maker)
      throws ServletException {
    try {
      for (String name : Collections.list(config.getInitParameterNames())) {
        if (!names.contains(name)) {
          throw new IllegalArgumentException(
              "there is no such parameter as " + name + "; valid are " + String.join(", ", names));
        }
      }
      return maker.apply(new InitParameters(config));
    } catch (IllegalArgumentException e) {
      throw new ServletException(
          "Init parameters of servlet " + config.getServletName() + ": " + e.getMessage(), e);
    }
  }

  TokenService tokenService() {
    CredentialStore store = get("credentials", "", InitParameters::credentialStore);
    NamespaceAuthorizer.Builder policy = NamespaceAuthorizer.builder();
    ifGiven("public-namespaces", text -> policy.publicNamespaces(NamespaceName.parseList(text)));
    ifGiven("shared-namespaces", text -> policy.sharedNamespaces(NamespaceName.parseList(text)));
    ifGiven("admin-namespaces", text -> policy.adminNamespaces(NamespaceName.parseList(text)));
    KeySet keys = keys();
    TokenService.Builder tokens =
        TokenService.builder(tokenIssuer(keys), new CredentialStoreAuthenticator(store))
            .authorizer(policy.build())
            .refreshTokens(refreshTokens(keys, store));
    ifGiven("service", tokens::service);
    ifGiven("denied-response", text -> tokens.deniedResponse(DeniedResponse.parse(text)));
    return tokens.build();
  }

  private RefreshTokens refreshTokens(KeySet keys, CredentialStore store) {
    RefreshTokens.Builder refreshTokens = RefreshTokens.builder(() -> keys, store);
    ifGiven("issuer", refreshTokens::issuer);
    ifGiven("refresh-expiration", text -> refreshTokens.lifetime(seconds(text)));
    return refreshTokens.build();
  }

  private TokenIssuer tokenIssuer(KeySet keys) {
    TokenProfile profile = profile();
    TokenIssuer.Builder issuer = TokenIssuer.builder(() -> keys).profile(profile);
    ifGiven("issuer", issuer::issuer);
    ifGiven("expiration", text -> issuer.lifetime(seconds(text)));
    ifGiven("push-expiration", text -> issuer.pushLifetime(seconds(text)));
    return get(
        "signing-key",
        DEFAULT_KEY,
        file -> {
          keys.next().ifPresent(profile::check);
          return issuer.build();
        });
  }

  /** Of the certificates alone: who serves the JWK Set needs no private key. */
  String jwks() {
    return get(
        "signing-cert",
        DEFAULT_CERTIFICATE,
        path -> {
          JwksBuilder jwks = new JwksBuilder();
          new KeyEntries(Map.of("tls.crt", contents(path)))
              .withFilesOf(Path.of(path).resolveSibling(""), PUBLIC)
              .verificationKeys(keyIdStyle())
              .forEach(jwks::add);
          return jwks.build();
        });
  }

  /** With what a change of the key has put beside it, as the server reads it. */
  private KeySet keys() {
    String certificate = get("signing-cert", DEFAULT_CERTIFICATE, InitParameters::contents);
    return get(
        "signing-key",
        DEFAULT_KEY,
        path ->
            new KeyEntries(Map.of("tls.key", contents(path), "tls.crt", certificate))
                .withFilesOf(Path.of(path).resolveSibling(""), KeyEntries.NAMES)
                .keySet(keyIdStyle()));
  }

  private KeyIdStyle keyIdStyle() {
    return get("key-id", profile().defaultKeyId(), KeyIdStyle::parse);
  }

  private TokenProfile profile() {
    return get("profile", TokenProfile.DISTRIBUTION_3.toString(), TokenProfile::parse);
  }

  private <T> T get(String name, String otherwise, Function<String, T> parser) {
    String given = config.getInitParameter(name);
    String value = given == null ? otherwise : given;
    try {
      return parser.apply(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " is \"" + value + "\": " + e.getMessage(), e);
    }
  }

  /** Leaves a builder's default where there is no parameter. */
  private void ifGiven(String name, Function<String, ?> setter) {
    if (config.getInitParameter(name) != null) {
      Object unused = get(name, "", setter);
    }
  }

  private static CredentialStore credentialStore(String text) {
    if (text.startsWith(DIRECTORY) && !text.equals(DIRECTORY)) {
      return new DirectoryCredentialStore(Path.of(text.substring(DIRECTORY.length())));
    }
    if (text.startsWith(HTPASSWD) && !text.equals(HTPASSWD)) {
      // As the server has it: a file that became wrong turns nobody away who was in it before.
      return CachingCredentialStore.builder(
              new HtpasswdCredentialStore(Path.of(text.substring(HTPASSWD.length()))))
          .freshFor(HTPASSWD_FRESH)
          .build();
    }
    throw new IllegalArgumentException("valid are directory:PATH and htpasswd:FILE");
  }

  private static Duration seconds(String text) {
    try {
      return Duration.ofSeconds(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("valid is a number of seconds", e);
    }
  }

  private static String contents(String path) {
    try {
      return Files.readString(Path.of(path));
    } catch (IOException e) {
      throw new IllegalArgumentException("the file cannot be read: " + e, e);
    }
  }
}
