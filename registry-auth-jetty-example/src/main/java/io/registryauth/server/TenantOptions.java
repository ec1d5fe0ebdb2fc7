// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which tenant, and in which Kubernetes. */
final class TenantOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The tenant: a namespace, and its user name.")
  private String name;

  @Mixin private KubernetesOptions kubernetes;

  NamespaceName tenant() {
    return OptionValues.parse(spec, "NAME", name, NamespaceName::new);
  }

  /** Starts to build a provisioner that prints what it does. */
  TenantProvisioner.Builder provisioner() {
    return TenantProvisioner.builder(kubernetes.client())
        .reports(report -> OptionValues.print(spec, report.toString()));
  }
}
