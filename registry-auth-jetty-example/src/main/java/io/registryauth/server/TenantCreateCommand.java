// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code tenant create}. */
@Command(
    name = "create",
    description = {
      "Makes what a tenant needs: namespace, credentials, docker config, image pull secret, the",
      "registry's certificate authority, and the server's right to read the credentials. Credentials",
      "that are there are kept, and the rest is made to fit them."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class TenantCreateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private TenantOptions options;
  @Mixin private TenantRegistryOptions registry;
  @Mixin private DryRunOptions dryRun;

  @Override
  public Integer call() throws IOException {
    NamespaceName tenant = options.tenant();
    TenantProvisioner provisioner = registry.applyTo(options.provisioner()).build();
    if (dryRun.isSet()) {
      OptionValues.print(spec, provisioner.manifest(tenant).stripTrailing());
    } else {
      provisioner.create(tenant);
    }
    return 0;
  }
}
