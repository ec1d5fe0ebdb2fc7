// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.tenant.NamespaceName;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a set-up; what is not given is not checked.
 *
 * @param version the registry's version, if it is known
 * @param config the registry's {@code config.yml}
 * @param jwks the JWK Set that the registry has
 * @param bundle the certificates that the registry has, {@code auth.token.rootcertbundle}
 * @param tokenServer what the token server is set to
 * @param realm the token endpoint as clients reach it
 * @param registry the registry's URL as clients reach it
 * @param ca the certificates that clients trust
 * @param dockerConfig the {@code config.json} of clients
 * @param tenant whose credentials these are
 * @param cluster the cluster that all of it is in, if it is to be looked at
 * @param variables the registry's variables, of which the names begin with {@code REGISTRY_}
 */
public record Setup(
    Optional<RegistryVersion> version,
    Optional<Source> config,
    Optional<Source> jwks,
    Optional<Source> bundle,
    TokenServer tokenServer,
    Optional<String> realm,
    Optional<String> registry,
    Optional<Source> ca,
    Optional<Source> dockerConfig,
    Optional<NamespaceName> tenant,
    Optional<Cluster> cluster,
    Map<String, String> variables) {

  /** Returns this with the files that the configuration names, where nothing else is given. */
  Setup withFilesOfConfig() {
    Optional<Source> set =
        jwks.or(() -> FilesOfConfig.read(this, "jwks", "--jwks FILE names a copy"));
    Optional<Source> certificates =
        bundle.or(
            () -> FilesOfConfig.read(this, "rootcertbundle", "run this where the registry runs"));
    Optional<String> url = realm.or(() -> registryConfig().flatMap(RegistryConfig::realm));
    return new Setup(
        version,
        config,
        set,
        certificates,
        tokenServer,
        url,
        registry,
        ca,
        dockerConfig,
        tenant,
        cluster,
        variables);
  }

  /** Returns this as clients of a tenant have it, where nothing else is given. */
  Setup asClient(Optional<NamespaceName> of, String url, Source authority, Source login) {
    return new Setup(
        version,
        config,
        jwks,
        bundle,
        tokenServer,
        realm,
        registry.or(() -> Optional.of(url)),
        ca.or(() -> Optional.of(authority)),
        dockerConfig.or(() -> Optional.of(login)),
        of,
        cluster,
        variables);
  }

  /** Returns this, of which it is not known where the registry is. */
  Setup withoutRegistry() {
    return new Setup(
        version,
        config,
        jwks,
        bundle,
        tokenServer,
        realm,
        Optional.empty(),
        ca,
        dockerConfig,
        tenant,
        cluster,
        variables);
  }

  /** Returns the version, or that of which most is taken if it is not known. */
  RegistryVersion assumedVersion() {
    return version.orElse(RegistryVersion.V3_1);
  }

  /** Returns the registry's settings of tokens, if there is a configuration that has them. */
  Optional<RegistryConfig> registryConfig() {
    return config.flatMap(Source::text).map(text -> RegistryConfig.parse(text, variables));
  }
}
