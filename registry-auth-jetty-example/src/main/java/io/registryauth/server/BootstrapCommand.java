// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.kubernetes.ObjectName;
import io.registryauth.kubernetes.RegistryBootstrap;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bootstrap}: what a registry needs in Kubernetes beside its manifests. */
@Command(
    name = "bootstrap",
    description = {
      "Makes what a registry needs in Kubernetes beside its manifests.",
      "That is its namespace, the Secret registry-registry-auth with http-secret, and, of the"
          + " certificates of the signing keys, the Secret registry-auth-keys-jwks with jwks.json. May"
          + " be run again: it changes only what must change, and never http-secret."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class BootstrapCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--namespace",
      paramLabel = "NAMESPACE",
      defaultValue = "registry",
      description = "Namespace of the registry. (default: registry)")
  private String namespace;

  @Option(
      names = "--key-secret",
      paramLabel = "NAME",
      defaultValue = "registry-auth-keys",
      description =
          "Secret with a signing key, whose tls.crt counts; may be repeated. (default:"
              + " registry-auth-keys)")
  private List<String> keySecrets;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "5m",
      description = "How long to wait for each of these; 0s for not at all. (default: 5m)")
  private String wait;

  @Mixin private KeyIdOptions keyId;
  @Mixin private KubernetesOptions kubernetes;
  @Mixin private DryRunOptions dryRun;

  @Override
  public Integer call() throws IOException, InterruptedException {
    NamespaceName registry = OptionValues.parse(spec, "--namespace", namespace, NamespaceName::new);
    RegistryBootstrap bootstrap =
        RegistryBootstrap.builder(kubernetes.client())
            .namespace(registry)
            .waitFor(OptionValues.parse(spec, "--wait", wait, OptionValues::duration))
            .keyIdStyle(keyId.keyIdStyle())
            .keySecrets(keySecrets.stream().map(name -> keySecret(registry, name).name()).toList())
            .reports(report -> OptionValues.print(spec, report.toString()))
            .build();
    if (dryRun.isSet()) {
      OptionValues.print(spec, bootstrap.manifest().stripTrailing());
    } else {
      bootstrap.run();
    }
    return 0;
  }

  private ObjectName keySecret(NamespaceName registry, String name) {
    return OptionValues.parse(spec, "--key-secret", name, text -> new ObjectName(registry, text));
  }
}
