// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

/**
 * The properties, by the names and with the defaults of the server's options. A name that does not
 * exist is refused in files and arguments; Spring Boot does not look for such among variables of
 * the environment and system properties.
 *
 * @param service Service that the tokens are for, the registry's auth.token.service.
 * @param deniedResponse Answer to good credentials that may have nothing of what they ask:
 *     unauthorized (401) or empty-token (200).
 * @param publicNamespaces Namespaces that anybody may pull from, without credentials too.
 * @param sharedNamespaces Namespaces that every tenant may pull from.
 * @param adminNamespaces Tenants that may list the catalog and pull from everywhere.
 * @param credentials Where the namespaces' credentials are: kubernetes, in each namespace the
 *     Secret NAMESPACE-registry-credentials, which needs registry-auth-kubernetes on the class
 *     path; directory:PATH, with the files PATH/NAMESPACE/username and PATH/NAMESPACE/password; or
 *     htpasswd:FILE, with a line NAMESPACE:BCRYPT-HASH for each, read when it changes.
 * @param watch Watch the Secrets of all namespaces: a changed or deleted password counts within a
 *     second. Needs the right to list and watch them.
 * @param cacheTtl How long credentials that were read count without being read again: the time
 *     after which an old password is refused. A new one works at once. By default 30s, 1s for
 *     files.
 * @param cacheStale How old they may become while the store cannot be read; 0s for no use of old
 *     ones.
 * @param kubeconfig kubeconfig file whose current context says how to reach Kubernetes. By default
 *     the application's ApiClient, else the pod's service account, or outside of a pod
 *     ~/.kube/config.
 * @param issuer Issuer of the tokens, the registry's auth.token.issuer.
 * @param expiration How long a token is valid, 60 to 86400 seconds.
 * @param pushExpiration How long a token is valid that allows more than to pull, 60 to 86400
 *     seconds. By default that of expiration.
 * @param tokenReuse How long a token is given again to who may have the same, instead of signing
 *     another: up to 60s, a fifth of the expiration, and what leaves 60 s of that. 0s for never.
 * @param refreshExpiration How long a refresh token is valid, 60 to 31622400 seconds (366 days); 0
 *     for none.
 * @param signingKey File with the private key that signs: RSA (RS256), EC on P-256 (ES256) or
 *     Ed25519 (EdDSA); PEM, PKCS#8, PKCS#1 or SEC1. Its directory may have a next and a retired
 *     key, and key ids.
 * @param signingCert File with the certificate of that key: PEM.
 * @param keyId Key id of tokens and JWK Set: a fixed text, rfc7638 or libtrust. By default
 *     registry-auth-jwt-signer, or libtrust with the profile distribution-2.8.
 * @param profile Shape of tokens, by the registry: distribution-3, or distribution-2.8.
 * @param tokenPaths Paths at which tokens are given; one of them is in the registry's
 *     auth.token.realm.
 * @param jwksPath Path of the JWK Set; empty for none.
 */
@ConfigurationProperties(prefix = RegistryAuthProperties.PREFIX, ignoreUnknownFields = false)
record RegistryAuthProperties(
    @DefaultValue("docker-registry") String service,
    @DefaultValue("unauthorized") String deniedResponse,
    @DefaultValue({}) List<String> publicNamespaces,
    @DefaultValue({}) List<String> sharedNamespaces,
    @DefaultValue({}) List<String> adminNamespaces,
    @DefaultValue("kubernetes") String credentials,
    @DefaultValue("false") boolean watch,
    @Nullable Duration cacheTtl,
    @DefaultValue("5m") Duration cacheStale,
    @Nullable String kubeconfig,
    @DefaultValue("registry-token-issuer") String issuer,
    @DefaultValue("300") @DurationUnit(ChronoUnit.SECONDS) Duration expiration,
    @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration pushExpiration,
    @DefaultValue("0s") Duration tokenReuse,
    @DefaultValue("2592000") @DurationUnit(ChronoUnit.SECONDS) Duration refreshExpiration,
    @DefaultValue("/etc/registry-auth-keys/tls.key") String signingKey,
    @DefaultValue("/etc/registry-auth-keys/tls.crt") String signingCert,
    @Nullable String keyId,
    @DefaultValue("distribution-3") String profile,
    @DefaultValue({"/auth", "/token"}) List<String> tokenPaths,
    @DefaultValue("/jwks.json") String jwksPath) {
  static final String PREFIX = "registry-auth";
}
