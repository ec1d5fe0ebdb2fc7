// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.ObjectReport;
import io.registryauth.kubernetes.TenantProvisioner;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tenant show}. */
@Command(
    name = "show",
    description = {
      "Says what of a tenant is there, and what is missing or wrong; exits with 1 if anything is."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class TenantShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private TenantOptions options;
  @Mixin private TenantRegistryOptions registry;

  @Option(names = "--show-password", description = "Prints the password, too.")
  private boolean showPassword;

  @Override
  public Integer call() throws IOException {
    NamespaceName tenant = options.tenant();
    TenantProvisioner provisioner = registry.applyTo(options.provisioner()).build();
    List<ObjectReport> reports = provisioner.inspect(tenant);
    reports.forEach(report -> OptionValues.print(spec, report.toString()));
    if (showPassword) {
      provisioner
          .password(tenant)
          .ifPresent(password -> OptionValues.print(spec, "password  " + password));
    }
    return reports.stream().allMatch(report -> report.status() == ObjectReport.Status.OK) ? 0 : 1;
  }
}
