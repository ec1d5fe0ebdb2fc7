// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Splitter;
import com.google.common.base.Strings;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.kubernetes.KubernetesClients;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
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
        "kubeconfig file whose current context says how to reach Kubernetes. Of several, as",
        "KUBECONFIG may have them, the first that exists counts; they are not merged.",
        "(KUBECONFIG; default: the pod's service account, or outside of a pod ~/.kube/config)"
      })
  private @Nullable String kubeconfig;

  /** Makes a client, without asking Kubernetes anything yet. */
  ApiClient client() {
    return client(kubeconfig, spec);
  }

  /**
   * Makes one for the option of this name of another command.
   *
   * @param kubeconfig what it says, if anything
   */
  static ApiClient client(@Nullable String kubeconfig, CommandSpec spec) {
    String files = Strings.nullToEmpty(kubeconfig);
    String home =
        Optional.ofNullable(System.getenv("HOME")).orElse(System.getProperty("user.home"));
    Path ofTheUser = Path.of(home, ".kube", "config");
    boolean isPod = System.getenv("KUBERNETES_SERVICE_HOST") != null;
    try {
      if (!files.isEmpty()) {
        return KubernetesClients.fromKubeconfig(first(files));
      }
      return isPod || !Files.exists(ofTheUser)
          ? KubernetesClients.inCluster()
          : KubernetesClients.fromKubeconfig(ofTheUser);
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for "
              + Variables.named("--kubeconfig", spec)
              + ": \""
              + files
              + "\": "
              // A file exception's own message is the path alone.
              + (e instanceof FileSystemException ? e : e.getMessage()),
          e);
    }
  }

  /** Returns the first file that exists, or else what was given, for the failure to name it. */
  private static Path first(String files) {
    return Stream.concat(Stream.of(files), Splitter.on(File.pathSeparatorChar).splitToStream(files))
        .filter(file -> !file.isEmpty())
        .map(Path::of)
        .filter(Files::exists)
        .findFirst()
        .orElse(Path.of(files));
  }
}
