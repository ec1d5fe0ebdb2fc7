// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Suppliers;
import com.google.common.net.HostAndPort;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.TokenService;
import io.registryauth.credential.CredentialStore;
import io.registryauth.token.TokenIssuer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code serve}: the server. */
@Command(
    name = "serve",
    description = "Serves tokens until it is interrupted.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class ServeCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

  @Spec private CommandSpec spec;
  @Mixin private ListenOptions listen;
  @Mixin private TokenOptions tokens;
  @Mixin private CredentialOptions credentials;
  @Mixin private KubernetesOptions kubernetes;
  @Mixin private SigningOptions signing;
  @Mixin private PublishOptions publish;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (ExitOnSignal exit = ExitOnSignal.install()) {
      ListenAddress clients = listen.clients();
      HostAndPort management = listen.management();
      SigningKeys keys = signing.signingKeys();
      exit.add(keys);
      Supplier<ApiClient> client = Suppliers.memoize(kubernetes::client);
      Metrics metrics = new Metrics();
      metrics.showSigning(() -> keys.get().current(), keys::refused);
      clients.tls().ifPresent(tls -> metrics.showTls(tls::certificate, tls::refused));
      CredentialStore store =
          metrics.ofRequests(credentials.credentialStore(client, exit::add, metrics));
      TokenIssuer issuer = signing.tokenIssuer(keys);
      TokenService service =
          tokens.tokenService(
              issuer,
              signing.refreshTokens(keys, store),
              credentials.authenticator(store),
              new AuditLog().andThen(metrics.listener()));
      publish.publisher(client, keys::jwks).ifPresent(exit::add);
      Readiness readiness = Readiness.start(issuer, keys, credentials.check(client));
      exit.add(readiness);
      RegistryAuthServer server =
          RegistryAuthServer.start(clients, management, service, keys::jwks, metrics, readiness);
      exit.add(server);
      log.info(
          "Signing {} with the key {}; management on {}",
          keys.get().current().algorithm(),
          keys.get().current().keyId(),
          server.managementUri());
      PrintWriter out = spec.commandLine().getOut();
      out.println("listening on " + server.uri());
      out.flush();
      server.join();
    }
    return 0;
  }
}
