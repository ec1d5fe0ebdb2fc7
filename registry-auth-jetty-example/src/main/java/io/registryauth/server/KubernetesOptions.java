// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.kubernetes.KubernetesClients;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that says how to reach Kubernetes. */
final class KubernetesOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      defaultValue = "${env:KUBECONFIG}",
      description = {
        "kubeconfig file whose current context says how to reach Kubernetes.",
        "(KUBECONFIG; default: the pod's service account)"
      })
  private @Nullable String kubeconfig;

  /** Makes a client, without asking Kubernetes anything yet. */
  ApiClient client() {
    try {
      return Strings.isNullOrEmpty(kubeconfig)
          ? KubernetesClients.inCluster()
          : KubernetesClients.fromKubeconfig(Path.of(kubeconfig));
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for "
              + Variables.named("--kubeconfig", spec.findOption("--kubeconfig"))
              + ": \""
              + Strings.nullToEmpty(kubeconfig)
              + "\": "
              // A file exception's own message is the path alone.
              + (e instanceof FileSystemException ? e : e.getMessage()),
          e);
    }
  }
}
