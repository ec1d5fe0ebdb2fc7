// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
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

  /** Makes a set-up of which nothing is known but what the token server is set to. */
  public static Builder builder(TokenServer tokenServer) {
    return new Builder(tokenServer);
  }

  /** Makes another of what this has. */
  public Builder toBuilder() {
    Builder builder = new Builder(tokenServer);
    builder.version = version;
    builder.config = config;
    builder.jwks = jwks;
    builder.bundle = bundle;
    builder.realm = realm;
    builder.registry = registry;
    builder.ca = ca;
    builder.dockerConfig = dockerConfig;
    builder.tenant = tenant;
    builder.cluster = cluster;
    builder.variables = variables;
    return builder;
  }

  /** Returns this with the files that the configuration names, where nothing else is given. */
  Setup withFilesOfConfig() {
    return toBuilder()
        .jwks(jwks.or(() -> FilesOfConfig.read(this, "jwks", "--jwks FILE names a copy")))
        .bundle(
            bundle.or(
                () ->
                    FilesOfConfig.read(this, "rootcertbundle", "run this where the registry runs")))
        .realm(realm.or(() -> registryConfig().flatMap(RegistryConfig::realm)))
        .build();
  }

  /** Returns this as clients of a tenant have it, where nothing else is given. */
  Setup asClient(Optional<NamespaceName> of, String url, Source authority, Source login) {
    return toBuilder()
        .registry(registry.or(() -> Optional.of(url)))
        .ca(ca.or(() -> Optional.of(authority)))
        .dockerConfig(dockerConfig.or(() -> Optional.of(login)))
        .tenant(of)
        .build();
  }

  /** Returns the version, or that of which most is taken if it is not known. */
  RegistryVersion assumedVersion() {
    return version.orElse(RegistryVersion.V3_1);
  }

  /** Returns the registry's settings of tokens, if there is a configuration that has them. */
  Optional<RegistryConfig> registryConfig() {
    return config.flatMap(Source::text).map(text -> RegistryConfig.parse(text, variables));
  }

  /** Names what is known; the record says what each is. Not thread-safe. */
  public static final class Builder {
    private TokenServer tokenServer;
    private Optional<RegistryVersion> version = Optional.empty();
    private Optional<Source> config = Optional.empty();
    private Optional<Source> jwks = Optional.empty();
    private Optional<Source> bundle = Optional.empty();
    private Optional<String> realm = Optional.empty();
    private Optional<String> registry = Optional.empty();
    private Optional<Source> ca = Optional.empty();
    private Optional<Source> dockerConfig = Optional.empty();
    private Optional<NamespaceName> tenant = Optional.empty();
    private Optional<Cluster> cluster = Optional.empty();
    private Map<String, String> variables = Map.of();

    private Builder(TokenServer tokenServer) {
      this.tokenServer = tokenServer;
    }

    @CanIgnoreReturnValue
    public Builder version(Optional<RegistryVersion> value) {
      version = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder config(Optional<Source> value) {
      config = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder jwks(Optional<Source> value) {
      jwks = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder bundle(Optional<Source> value) {
      bundle = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder tokenServer(TokenServer value) {
      tokenServer = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder realm(Optional<String> value) {
      realm = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder registry(Optional<String> value) {
      registry = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder ca(Optional<Source> value) {
      ca = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder dockerConfig(Optional<Source> value) {
      dockerConfig = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder tenant(Optional<NamespaceName> value) {
      tenant = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder cluster(Optional<Cluster> value) {
      cluster = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder variables(Map<String, String> value) {
      variables = value;
      return this;
    }

    public Setup build() {
      return new Setup(
          version,
          config,
          jwks,
          bundle,
          tokenServer,
          realm,
          registry,
          ca,
          dockerConfig,
          tenant,
          cluster,
          variables);
    }
  }
}
