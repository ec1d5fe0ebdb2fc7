// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.net.HostAndPort;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say where the server listens. */
final class ListenOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:LISTEN_ADDRESS:-0.0.0.0:8080}",
      description = {
        "Address for clients: /auth, /token, /jwks.json, /healthz, /readyz. Port 0 is any free one.",
        "(LISTEN_ADDRESS; default: 0.0.0.0:8080)"
      })
  private String listen;

  @Option(
      names = "--management-listen",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:MANAGEMENT_LISTEN_ADDRESS:-0.0.0.0:8081}",
      description = {
        "Address for the platform: /healthz, /readyz.",
        "(MANAGEMENT_LISTEN_ADDRESS; default: 0.0.0.0:8081)"
      })
  private String managementListen;

  HostAndPort clients() {
    return OptionValues.parse(spec, "--listen", listen, OptionValues::address);
  }

  HostAndPort management() {
    return OptionValues.parse(spec, "--management-listen", managementListen, OptionValues::address);
  }
}
