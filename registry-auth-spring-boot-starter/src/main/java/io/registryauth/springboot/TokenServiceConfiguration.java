// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import static io.registryauth.springboot.Settings.read;

import io.registryauth.DeniedResponse;
import io.registryauth.TokenListener;
import io.registryauth.TokenService;
import io.registryauth.authorization.Authorizer;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.credential.HtpasswdCredentialStore;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The service and its parts. A part is made of properties if the application has none, and nothing
 * is that would not be used: who has an {@link Authenticator} needs no place for credentials.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnMissingBean(TokenService.class)
final class TokenServiceConfiguration {
  private static final String DIRECTORY = "directory:";
  private static final String HTPASSWD = "htpasswd:";
  private static final Duration FILES_FRESH = Duration.ofSeconds(1);

  @Bean
  @ConditionalOnMissingBean({CredentialStore.class, Authenticator.class})
  CredentialStore registryAuthCredentialStore(RegistryAuthProperties properties) {
    if (properties.watch()) {
      throw Settings.invalid(
          "watch",
          true,
          "it needs registry-auth.credentials=kubernetes; \""
              + properties.credentials()
              + "\" cannot be watched");
    }
    // A file is read in a moment: whoever is not good by the copy has it read again, always. What
    // a directory has of one tenant cannot be read for a reason, unless a cache was asked for.
    boolean stale =
        !properties.credentials().startsWith(DIRECTORY) || properties.cacheTtl() != null;
    CachingCredentialStore.Builder builder =
        CachingCredentialStore.builder(
                read("credentials", properties.credentials(), TokenServiceConfiguration::files))
            .negativeFor(Duration.ZERO)
            .rereadInterval(Duration.ZERO)
            .maxReadsPerSecond(Double.MAX_VALUE);
    return cached(
        builder, properties, FILES_FRESH, stale ? properties.cacheStale() : Duration.ZERO);
  }

  /** Makes the cache in front of a store, by the properties. */
  static CachingCredentialStore cached(
      CachingCredentialStore.Builder builder,
      RegistryAuthProperties properties,
      Duration defaultTtl,
      Duration stale) {
    Duration ttl = Objects.requireNonNullElse(properties.cacheTtl(), defaultTtl);
    CachingCredentialStore.Builder fresh = read("cache-ttl", ttl, builder::freshFor);
    return read("cache-stale", stale, fresh::staleFor).build();
  }

  private static CredentialStore files(String text) {
    if (text.equals(KubernetesConfiguration.CREDENTIALS)) {
      throw new IllegalArgumentException(
          "it needs registry-auth-kubernetes on the class path; valid without that are"
              + " directory:PATH and htpasswd:FILE");
    }
    if (text.startsWith(DIRECTORY) && !text.equals(DIRECTORY)) {
      return new DirectoryCredentialStore(Path.of(text.substring(DIRECTORY.length())));
    }
    if (text.startsWith(HTPASSWD) && !text.equals(HTPASSWD)) {
      return new HtpasswdCredentialStore(Path.of(text.substring(HTPASSWD.length())));
    }
    throw new IllegalArgumentException("valid are kubernetes, directory:PATH and htpasswd:FILE");
  }

  @Bean
  @ConditionalOnMissingBean
  Authenticator registryAuthAuthenticator(CredentialStore store) {
    return new CredentialStoreAuthenticator(store);
  }

  @Bean
  @ConditionalOnMissingBean
  Authorizer registryAuthAuthorizer(RegistryAuthProperties properties) {
    return NamespaceAuthorizer.builder()
        .publicNamespaces(namespaces("public-namespaces", properties.publicNamespaces()))
        .sharedNamespaces(namespaces("shared-namespaces", properties.sharedNamespaces()))
        .adminNamespaces(namespaces("admin-namespaces", properties.adminNamespaces()))
        .build();
  }

  private static List<NamespaceName> namespaces(String property, List<String> names) {
    return names.stream().map(name -> read(property, name, NamespaceName::new)).toList();
  }

  /**
   * Of the files, once, at the start. An application with an issuer of its own has its keys there.
   */
  @Bean
  @ConditionalOnMissingBean({KeySet.class, TokenIssuer.class})
  KeySet registryAuthKeys(RegistryAuthProperties properties) {
    TokenProfile profile = read("profile", properties.profile(), TokenProfile::parse);
    String keyId = Objects.requireNonNullElse(properties.keyId(), profile.defaultKeyId());
    KeyIdStyle style = read("key-id", keyId, KeyIdStyle::parse);
    String certificate = read("signing-cert", properties.signingCert(), Settings::contents);
    return read(
        "signing-key", properties.signingKey(), path -> entries(path, certificate).keySet(style));
  }

  /** With what a change of the key has put beside it, as the server reads it. */
  private static KeyEntries entries(String keyFile, String certificate) {
    return new KeyEntries(Map.of("tls.key", Settings.contents(keyFile), "tls.crt", certificate))
        .withFilesOf(Path.of(keyFile).resolveSibling(""), KeyEntries.NAMES);
  }

  @Bean
  @ConditionalOnMissingBean
  TokenIssuer registryAuthTokenIssuer(RegistryAuthProperties properties, KeySet keys) {
    TokenProfile profile =
        read(
            "profile",
            properties.profile(),
            text -> {
              TokenProfile parsed = TokenProfile.parse(text);
              parsed.check(keys.current());
              keys.next().ifPresent(parsed::check);
              return parsed;
            });
    TokenIssuer.Builder builder = TokenIssuer.builder(() -> keys).profile(profile);
    TokenIssuer.Builder named = read("issuer", properties.issuer(), builder::issuer);
    TokenIssuer.Builder timed = read("expiration", properties.expiration(), named::lifetime);
    Duration push = properties.pushExpiration();
    TokenIssuer.Builder pushTimed =
        push == null ? timed : read("push-expiration", push, timed::pushLifetime);
    return read("token-reuse", properties.tokenReuse(), time -> pushTimed.reuse(time).build());
  }

  /** They are tied to stored passwords, so there are none without a store, or without the keys. */
  @Bean
  @ConditionalOnBean({KeySet.class, CredentialStore.class})
  @ConditionalOnMissingBean
  RefreshTokens registryAuthRefreshTokens(
      RegistryAuthProperties properties, KeySet keys, CredentialStore store) {
    RefreshTokens.Builder builder = RefreshTokens.builder(() -> keys, store);
    RefreshTokens.Builder named = read("issuer", properties.issuer(), builder::issuer);
    return read("refresh-expiration", properties.refreshExpiration(), named::lifetime).build();
  }

  @Bean
  TokenService registryAuthTokenService(
      RegistryAuthProperties properties,
      TokenIssuer issuer,
      Authenticator authenticator,
      Authorizer authorizer,
      ObjectProvider<RefreshTokens> refreshTokens,
      ObjectProvider<TokenListener> listeners) {
    TokenService.Builder builder =
        TokenService.builder(issuer, authenticator)
            .authorizer(authorizer)
            .deniedResponse(
                read("denied-response", properties.deniedResponse(), DeniedResponse::parse));
    refreshTokens.ifAvailable(builder::refreshTokens);
    listeners.orderedStream().reduce(TokenListener::andThen).ifPresent(builder::listener);
    return read("service", properties.service(), name -> builder.service(name).build());
  }
}
