// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.google.common.collect.ImmutableSortedSet.toImmutableSortedSet;
import static java.util.Comparator.naturalOrder;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
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
 * {@code registry-image-pull-secret}. Logins for other registries in them stay; which are the
 * tenant's own, an annotation says. Thread-safe.
 *
 * @param objects reads and writes
 * @param registryHost a host that they must have; by default the ones that they have, or else the
 *     documented one
 */
record TenantDockerConfigs(KubernetesObjects objects, Optional<String> registryHost) {
  /** The annotation with the hosts that this project has put into a file, commas between them. */
  private static final String HOSTS = "registryauth.io/hosts";

  private static final DockerConfig NONE = DockerConfig.parse("");

  /**
   * Returns both as they should be with these credentials; none if these have but a hash.
   *
   * @param before passwords that clients may have, beside those of the credentials
   */
  List<V1Secret> files(TenantObjects tenant, V1Secret credentials, Set<String> before)
      throws IOException {
    List<V1Secret> files = new ArrayList<>();
    for (V1Secret named : named(tenant)) {
      Set<String> held = Sets.union(before, TenantCredentials.of(credentials).passwords());
      V1Secret file = file(tenant.tenant(), named, objects.get(named), credentials, held);
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
          if (isHashed(tenant, credentials)) {
            return named(tenant).stream().map(TenantDockerConfigs::passwordNotKnown).toList();
          }
          held.addAll(TenantCredentials.of(credentials).passwords());
          for (V1Secret named : named(tenant)) {
            Optional<V1Secret> stored = objects.get(named);
            V1Secret file = file(tenant.tenant(), named, stored, credentials, held);
            ObjectReport report = write(tenant.tenant(), stored, file);
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

  private static ObjectReport passwordNotKnown(V1Secret file) {
    return new ObjectReport(
        Status.KEPT,
        ManagedObjects.describe(file),
        "its password is managed elsewhere, and not known here: the credentials have a"
            + " password-hash");
  }

  /** Says whether all that is known of a password that the server accepts is its hash. */
  static boolean isHashed(TenantObjects tenant, V1Secret credentials) {
    TenantCredentials stored = TenantCredentials.of(credentials);
    return stored.isHashed() && stored.problem(tenant.tenant()).isEmpty();
  }

  private ObjectReport write(NamespaceName tenant, Optional<V1Secret> stored, V1Secret file)
      throws IOException {
    if (stored.isEmpty()) {
      return objects.create(file);
    }
    if (hosts(file).isEmpty()) {
      return new ObjectReport(
          Status.KEPT,
          ManagedObjects.describe(file),
          "whether its login for "
              + String.join(", ", config(file).hostsOf(tenant.value()))
              + " is the tenant's is not known; name the host (--registry-host)");
    }
    return objects.apply(file);
  }

  /**
   * Returns a file as it should be when the tenant is gone, if there is anything left in it: what
   * somebody else put there.
   */
  Optional<V1Secret> withoutTenant(TenantObjects tenant, V1Secret stored) throws IOException {
    DockerConfig config = config(stored);
    Set<String> held =
        objects
            .get(tenant.credentials())
            .map(secret -> TenantCredentials.of(secret).passwords())
            .orElse(ImmutableSet.of());
    for (String host : ours(tenant.tenant(), config, hosts(stored), held)) {
      config = config.without(host);
    }
    if (config.isEmpty()) {
      return Optional.empty();
    }
    V1Secret file = TenantObjects.withDockerConfig(stored, config);
    file.getMetadata().putAnnotationsItem(HOSTS, "");
    file.getMetadata().setResourceVersion(stored.getMetadata().getResourceVersion());
    return Optional.of(file);
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

  /** Returns one of them as it should be: each host that is the tenant's gets the password. */
  private V1Secret file(
      NamespaceName tenant,
      V1Secret named,
      Optional<V1Secret> stored,
      V1Secret credentials,
      Set<String> held)
      throws IOException {
    String password = TenantCredentials.usable(tenant, credentials).password().orElseThrow();
    DockerConfig config = stored.map(TenantDockerConfigs::config).orElse(NONE);
    Set<String> recorded = stored.map(TenantDockerConfigs::hosts).orElse(ImmutableSet.of());
    Set<String> hosts = ours(tenant, config, recorded, held);
    registryHost.ifPresent(hosts::add);
    if (hosts.isEmpty() && config.hostsOf(tenant.value()).isEmpty()) {
      hosts.addAll(
          recorded.isEmpty() ? ImmutableSet.of(TenantProvisioner.DEFAULT_REGISTRY_HOST) : recorded);
    }
    for (String host : hosts) {
      config = config.with(host, new Login(tenant.value(), password));
    }
    V1Secret file = TenantObjects.withDockerConfig(named, config);
    if (!hosts.isEmpty()) {
      file.getMetadata().putAnnotationsItem(HOSTS, String.join(",", hosts));
    }
    // What was read is replaced, and nothing that came after it.
    stored.flatMap(TenantDockerConfigs::version).ifPresent(file.getMetadata()::setResourceVersion);
    return file;
  }

  /**
   * Returns the hosts whose login is the tenant's: those that are recorded, whatever they have, or
   * have a password that is known. Another registry may know the tenant by the same name.
   */
  private static Set<String> ours(
      NamespaceName tenant, DockerConfig config, Set<String> recorded, Set<String> held) {
    Set<String> hosts = new TreeSet<>(Sets.intersection(recorded, config.hosts()));
    for (String host : config.hostsOf(tenant.value())) {
      if (host.equals(TenantProvisioner.DEFAULT_REGISTRY_HOST)
          || config.login(host).filter(login -> held.contains(login.password())).isPresent()) {
        hosts.add(host);
      }
    }
    return hosts;
  }

  /** Returns the hosts that are recorded at a file as the tenant's. */
  static Set<String> hosts(V1Secret file) {
    Map<String, String> annotations = file.getMetadata().getAnnotations();
    String hosts = annotations == null ? "" : annotations.getOrDefault(HOSTS, "");
    return Splitter.on(',')
        .omitEmptyStrings()
        .splitToStream(hosts)
        .filter(DockerConfig::isHost)
        .collect(toImmutableSortedSet(naturalOrder()));
  }
}
