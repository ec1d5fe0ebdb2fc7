// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.kubernetes.ObjectReport.Status;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The two Secrets that give a tenant's credentials to clients: {@code registry-docker-config} and
 * {@code registry-image-pull-secret}. Logins for other registries in them stay. Thread-safe.
 *
 * @param objects reads and writes
 * @param registryHost a host that they must have; by default the ones that they have, or else the
 *     documented one
 */
record TenantDockerConfigs(KubernetesObjects objects, Optional<String> registryHost) {
  private static final DockerConfig NONE = DockerConfig.parse("");

  /** Returns both as they should be with these credentials. */
  List<V1Secret> files(TenantObjects tenant, V1Secret credentials) throws IOException {
    List<V1Secret> files = new ArrayList<>();
    for (V1Secret named : named(tenant)) {
      V1Secret file =
          file(tenant.tenant(), named, objects.get(named), credentials, ImmutableSet.of());
      file.getMetadata().setResourceVersion(null);
      files.add(file);
    }
    return files;
  }

  /**
   * Makes both fit the credentials that are stored, also if these change meanwhile: who changes
   * them last must not be overtaken by one before.
   *
   * @param before passwords that clients may have, beside those that are stored
   * @return what was done
   */
  Collection<ObjectReport> refresh(TenantObjects tenant, Set<String> before) throws IOException {
    Map<String, ObjectReport> done = new LinkedHashMap<>();
    Set<String> held = new TreeSet<>(before);
    return KubernetesObjects.retryOnConflict(
        () -> {
          V1Secret credentials = credentials(tenant);
          held.addAll(TenantCredentials.of(credentials).passwords());
          for (V1Secret named : named(tenant)) {
            Optional<V1Secret> stored = objects.get(named);
            V1Secret file = file(tenant.tenant(), named, stored, credentials, held);
            ObjectReport report = stored.isPresent() ? objects.apply(file) : objects.create(file);
            done.merge(
                report.object(),
                report,
                (earlier, later) -> later.status() == Status.UNCHANGED ? earlier : later);
          }
          if (!version(credentials).equals(version(credentials(tenant)))) {
            throw new ConflictException(ManagedObjects.describe(credentials) + " keeps changing");
          }
          return done.values();
        });
  }

  /** Says whether a client is given this password. */
  boolean have(TenantObjects tenant, Optional<String> password) throws IOException {
    for (V1Secret named : named(tenant)) {
      DockerConfig config = objects.get(named).map(TenantDockerConfigs::config).orElse(NONE);
      for (String host : config.hostsOf(tenant.tenant().value())) {
        if (config.login(host).map(Login::password).equals(password)) {
          return true;
        }
      }
    }
    return false;
  }

  private static DockerConfig config(V1Secret stored) {
    return DockerConfig.parse(
        ManagedObjects.text(stored, TenantObjects.DOCKER_CONFIG_KEY).orElse(""));
  }

  private static ImmutableList<V1Secret> named(TenantObjects tenant) {
    return ImmutableList.of(tenant.dockerConfig(), tenant.imagePullSecret());
  }

  private V1Secret credentials(TenantObjects tenant) throws IOException {
    return objects
        .get(tenant.credentials())
        .orElseThrow(
            () ->
                new IOException(
                    ManagedObjects.describe(tenant.credentials()) + " was deleted meanwhile"));
  }

  private static Optional<String> version(V1Secret secret) {
    return Optional.ofNullable(secret.getMetadata().getResourceVersion());
  }

  /** Returns one of them as it should be: each host that has a password held gets the valid one. */
  private V1Secret file(
      NamespaceName tenant,
      V1Secret named,
      Optional<V1Secret> stored,
      V1Secret credentials,
      Set<String> held)
      throws IOException {
    String password = TenantCredentials.usable(tenant, credentials).password().orElseThrow();
    DockerConfig config = stored.map(TenantDockerConfigs::config).orElse(NONE);
    for (String host : hosts(config, tenant, held)) {
      config = config.with(host, new Login(tenant.value(), password));
    }
    V1Secret file = TenantObjects.withDockerConfig(named, config);
    // What was read is replaced, and nothing that came after it.
    stored.flatMap(TenantDockerConfigs::version).ifPresent(file.getMetadata()::setResourceVersion);
    return file;
  }

  private Set<String> hosts(DockerConfig config, NamespaceName tenant, Set<String> held) {
    Set<String> hosts = new TreeSet<>();
    for (String host : config.hostsOf(tenant.value())) {
      if (config.login(host).filter(login -> held.contains(login.password())).isPresent()) {
        hosts.add(host);
      }
    }
    registryHost.ifPresent(hosts::add);
    if (hosts.isEmpty()) {
      hosts.add(TenantProvisioner.DEFAULT_REGISTRY_HOST);
    }
    return hosts;
  }
}
