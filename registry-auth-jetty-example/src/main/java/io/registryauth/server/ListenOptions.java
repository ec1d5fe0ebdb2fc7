// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import com.google.common.net.HostAndPort;
import java.net.InetAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say where the server listens, whether clients come by TLS, and through what. */
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
        "Address for the platform: /healthz, /readyz, /metrics; plain HTTP always.",
        "(MANAGEMENT_LISTEN_ADDRESS; default: 0.0.0.0:8081)"
      })
  private String managementListen;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      defaultValue = "${env:TLS_CERT_FILE}",
      description = {
        "Certificate for https on --listen: PEM, with its issuers' after it. It is read again when it"
            + " is renewed, and so is its key.",
        "(TLS_CERT_FILE; default: none, plain HTTP)"
      })
  private @Nullable String tlsCertificateFile;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      defaultValue = "${env:TLS_KEY_FILE}",
      description = {
        "Private key of that certificate: PEM, PKCS#1, PKCS#8 or SEC1.",
        "(TLS_KEY_FILE; default: none, plain HTTP)"
      })
  private @Nullable String tlsKeyFile;

  @Option(
      names = "--trusted-proxies",
      paramLabel = "NETWORKS",
      defaultValue = "${env:TRUSTED_PROXIES:-}",
      description = {
        "Proxies whose X-Forwarded-For says where a client is: IP addresses and networks, with commas"
            + " between. They must hold proxies alone: whoever is there can say to come from anywhere.",
        "(TRUSTED_PROXIES; default: none)"
      })
  private String trustedProxies;

  ListenAddress clients() {
    return new ListenAddress(
        OptionValues.parse(spec, "--listen", listen, OptionValues::address),
        tls(),
        OptionValues.parse(spec, "--trusted-proxies", trustedProxies, TrustedProxies::parse));
  }

  private Optional<TlsContext> tls() {
    String certificate = Strings.nullToEmpty(tlsCertificateFile);
    String key = Strings.nullToEmpty(tlsKeyFile);
    if (certificate.isEmpty() && key.isEmpty()) {
      return Optional.empty();
    }
    if (certificate.isEmpty() || key.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          named(certificate.isEmpty() ? "--tls-key" : "--tls-cert")
              + " is set without "
              + named(certificate.isEmpty() ? "--tls-cert" : "--tls-key")
              + "; https needs both, and plain HTTP neither");
    }
    return Optional.of(
        OptionValues.parse(
            spec,
            "--tls-cert and --tls-key",
            certificate + " and " + key,
            files -> TlsContext.of(certificate, key)));
  }

  private String named(String option) {
    return Variables.named(option, spec);
  }

  HostAndPort management() {
    HostAndPort clients = OptionValues.parse(spec, "--listen", listen, OptionValues::address);
    return OptionValues.parse(
        spec,
        "--management-listen",
        managementListen,
        text -> {
          HostAndPort management = OptionValues.address(text);
          if (collide(clients, management)) {
            throw new IllegalArgumentException(
                "it needs another port than " + named("--listen") + ", which is " + clients);
          }
          return management;
        });
  }

  /** Whether whoever listens on one leaves no room for the other. */
  private static boolean collide(HostAndPort one, HostAndPort other) {
    InetAddress host = OptionValues.host(one);
    InetAddress otherHost = OptionValues.host(other);
    return one.getPort() == other.getPort()
        && one.getPort() != 0
        && (host.equals(otherHost) || host.isAnyLocalAddress() || otherHost.isAnyLocalAddress());
  }
}
