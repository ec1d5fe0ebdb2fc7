// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tenant rotate}. */
@Command(
    name = "rotate",
    description = {
      "Gives a tenant a new password, in its credentials, docker config and image pull secret. The",
      "one before is accepted for a while; one that an earlier rotation kept is not any more. A",
      "rotation that broke off before clients got its password is finished instead."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class TenantRotateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private TenantOptions options;

  @Option(
      names = "--overlap",
      paramLabel = "TIME",
      defaultValue = "24h",
      description =
          "How long the password before is accepted, too; 0s to end it at once. (default: 24h)")
  private String overlap;

  @Mixin private DryRunOptions dryRun;

  @Override
  public Integer call() throws IOException {
    NamespaceName tenant = options.tenant();
    Duration time = OptionValues.parse(spec, "--overlap", overlap, OptionValues::duration);
    TenantProvisioner provisioner = options.provisioner().build();
    if (dryRun.isSet()) {
      OptionValues.print(spec, provisioner.rotationManifest(tenant, time).stripTrailing());
    } else {
      provisioner.rotate(tenant, time);
    }
    return 0;
  }
}
