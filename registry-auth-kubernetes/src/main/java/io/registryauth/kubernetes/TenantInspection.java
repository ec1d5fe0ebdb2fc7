// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.collect.Sets;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.kubernetes.ObjectReport.Status;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Says of each object of a tenant whether it is as it should be. No finding shows a password.
 *
 * @param wanted the objects, as they should be
 * @param registryHost the host that a docker config must have; by default whichever it has
 * @param serviceAccount whom the server runs as
 * @param now the time
 */
record TenantInspection(
    TenantObjects wanted, Optional<String> registryHost, ObjectName serviceAccount, Instant now) {

  /** What is stored; {@code registryCa} is what {@code ca} should hold. */
  record Found(
      Optional<V1Namespace> namespace,
      Optional<V1Secret> credentials,
      Optional<V1Secret> dockerConfig,
      Optional<V1Secret> imagePullSecret,
      Optional<V1Secret> ca,
      Optional<V1Role> role,
      Optional<V1RoleBinding> roleBinding,
      Optional<String> registryCa) {}

  /** A problem, or a remark on what is well. */
  private record Finding(boolean ok, String note) {}

  List<ObjectReport> inspect(Found found) {
    Optional<TenantCredentials> credentials = found.credentials().map(TenantCredentials::of);
    return Stream.of(
            report(wanted.namespace(), found.namespace(), namespace -> ok("")),
            report(wanted.credentials(), found.credentials(), this::credentials),
            report(
                wanted.dockerConfig(),
                found.dockerConfig(),
                secret -> dockerConfig(secret, credentials)),
            report(
                wanted.imagePullSecret(),
                found.imagePullSecret(),
                secret -> dockerConfig(secret, credentials)),
            report(wanted.ca(), found.ca(), secret -> ca(secret, found.registryCa())),
            report(wanted.role(), found.role(), this::role),
            report(wanted.roleBinding(serviceAccount), found.roleBinding(), this::roleBinding))
        .toList();
  }

  private static <T extends KubernetesObject> ObjectReport report(
      T wanted, Optional<T> found, Function<T, Finding> inspection) {
    String object = ManagedObjects.describe(wanted);
    return found
        .map(inspection)
        .map(
            finding ->
                new ObjectReport(finding.ok() ? Status.OK : Status.WRONG, object, finding.note()))
        .orElseGet(() -> new ObjectReport(Status.MISSING, object, ""));
  }

  private static Finding ok(String note) {
    return new Finding(true, note);
  }

  private static Finding wrong(String note) {
    return new Finding(false, note);
  }

  private Finding credentials(V1Secret secret) {
    TenantCredentials credentials = TenantCredentials.of(secret);
    Optional<String> problem = credentials.problem(wanted.tenant(), now);
    if (problem.isPresent()) {
      return wrong(problem.get());
    }
    String has = credentials.isHashed() ? "username, password-hash" : "username, password";
    return ok(
        credentials.previous().isEmpty()
            ? has
            : has + ", password-previous (" + validity(credentials) + ")");
  }

  private String validity(TenantCredentials credentials) {
    if (credentials.expires().isEmpty()) {
      return "valid until it is removed";
    }
    return (credentials.previousIsValid(now) ? "valid until " : "not valid since ")
        + credentials.expires().filter(text -> !text.isEmpty()).orElse("its end is an empty text");
  }

  private Finding dockerConfig(V1Secret secret, Optional<TenantCredentials> credentials) {
    if (!TenantObjects.DOCKER_CONFIG_TYPE.equals(secret.getType())) {
      return wrong("it is not of the type " + TenantObjects.DOCKER_CONFIG_TYPE);
    }
    String file = ManagedObjects.text(secret, TenantObjects.DOCKER_CONFIG_KEY).orElse("");
    DockerConfig config = DockerConfig.parse(file);
    Set<String> recorded = Sets.intersection(TenantDockerConfigs.hosts(secret), config.hosts());
    Set<String> hosts =
        registryHost
            .map(Set::of)
            .orElseGet(
                () -> recorded.isEmpty() ? config.hostsOf(wanted.tenant().value()) : recorded);
    if (hosts.isEmpty()) {
      return wrong("it has no entry with the username " + wanted.tenant());
    }
    return hosts.stream()
        .map(host -> entry(host, config.login(host), credentials))
        .filter(finding -> !finding.ok())
        .findFirst()
        .orElseGet(() -> ok("for " + String.join(", ", hosts)));
  }

  private Finding entry(
      String host, Optional<Login> login, Optional<TenantCredentials> credentials) {
    try {
      DockerConfig.checkHost(host);
    } catch (IllegalArgumentException e) {
      return wrong(String.valueOf(e.getMessage()));
    }
    if (login.isEmpty()) {
      return wrong("it has no usable entry for " + host);
    }
    if (!login.get().username().equals(wanted.tenant().value())) {
      return wrong("the username for " + host + " is not the namespace");
    }
    if (credentials.isEmpty() || credentials.get().isHashed()) {
      return ok("for " + host + "; its password cannot be compared");
    }
    if (credentials.get().password().equals(Optional.of(login.get().password()))) {
      return ok("");
    }
    return credentials.get().passwords().contains(login.get().password())
        ? wrong("the password for " + host + " is the one before the last rotation")
        : wrong("the password for " + host + " is not that of the credentials");
  }

  private static Finding ca(V1Secret secret, Optional<String> registryCa) {
    Optional<String> pem = ManagedObjects.text(secret, TenantObjects.CA_KEY);
    if (pem.isEmpty()) {
      return wrong("it has no ca.crt");
    }
    if (registryCa.isEmpty()) {
      return wrong("it cannot be compared: the registry's Secret registry-tls has no ca.crt");
    }
    return pem.get().strip().equals(registryCa.get().strip())
        ? ok("")
        : wrong("ca.crt is not that of the registry");
  }

  private Finding role(V1Role role) {
    return Objects.equals(role.getRules(), wanted.role().getRules())
        ? ok("")
        : wrong("it does not give exactly the right to get the credentials");
  }

  private Finding roleBinding(V1RoleBinding binding) {
    V1RoleBinding right = wanted.roleBinding(serviceAccount);
    return Objects.equals(binding.getSubjects(), right.getSubjects())
            && Objects.equals(binding.getRoleRef(), right.getRoleRef())
        ? ok("for the service account " + serviceAccount)
        : wrong("it does not give the Role to exactly the service account " + serviceAccount);
  }
}
