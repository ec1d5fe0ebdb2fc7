// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.ObjectName;
import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which registry a tenant uses. */
final class TenantRegistryOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--registry-namespace",
      paramLabel = "NAMESPACE",
      defaultValue = "registry",
      description =
          "Namespace of the registry, whose Secret registry-tls has its ca.crt. (default: registry)")
  private String registryNamespace;

  @Option(
      names = "--registry-host",
      paramLabel = "HOST",
      description =
          "Host by which clients name the registry, without a port. (default: the host of the docker"
              + " config that is there, or registry.registry.svc.cluster.local)")
  private @Nullable String registryHost;

  @Option(
      names = "--service-account",
      paramLabel = "NAMESPACE/NAME",
      defaultValue = "registry/registry-auth",
      description =
          "Whom the server runs as: it may read the credentials. (default: registry/registry-auth)")
  private String serviceAccount;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description = "Certificates that clients must trust, PEM, in place of those in registry-tls.")
  private @Nullable String caFile;

  TenantProvisioner.Builder applyTo(TenantProvisioner.Builder builder) {
    TenantProvisioner.Builder registry =
        builder
            .registryNamespace(
                OptionValues.parse(
                    spec, "--registry-namespace", registryNamespace, NamespaceName::new))
            .serviceAccount(
                OptionValues.parse(spec, "--service-account", serviceAccount, ObjectName::parse));
    if (registryHost != null) {
      registry = OptionValues.parse(spec, "--registry-host", registryHost, registry::registryHost);
    }
    if (caFile != null) {
      registry =
          OptionValues.parse(
              spec,
              "--ca-file",
              caFile,
              file -> builder.caCertificate(OptionValues.contents(file)));
    }
    return registry;
  }
}
