// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tenant delete}. */
@Command(
    name = "delete",
    description = {
      "Deletes what create made, which it knows by the label",
      "app.kubernetes.io/managed-by=registry-auth, and a namespace by app.kubernetes.io/component=tenant,",
      "too. What lacks it is kept; the exit status is then 1."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class TenantDeleteCommand implements Callable<Integer> {
  @Mixin private TenantOptions options;

  @Option(
      names = "--with-namespace",
      description = "Deletes the namespace with all that is in it, too, if create made it.")
  private boolean withNamespace;

  @Override
  public Integer call() throws IOException {
    return options.provisioner().build().delete(options.tenant(), withNamespace) ? 0 : 1;
  }
}
