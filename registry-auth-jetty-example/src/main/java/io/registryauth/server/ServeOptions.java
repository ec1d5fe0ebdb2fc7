// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.net.HostAndPort;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.TokenService;
import io.registryauth.credential.CredentialStore;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * All options of {@code serve}, and what it makes of them before it serves. {@code check-config}
 * makes the same, so that it refuses what {@code serve} would.
 */
final class ServeOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "${env:CONFIG_FILE}",
      description = {
        "YAML file with the options below by their names without the dashes, such as listen:"
            + " 127.0.0.1:8080. An option or variable that is set counts instead of it.",
        "(CONFIG_FILE; default: none)"
      })
  private @Nullable String config;

  @Mixin private ListenOptions listen;
  @Mixin private TokenOptions tokens;
  @Mixin private CredentialOptions credentials;
  @Mixin private KubernetesOptions kubernetes;
  @Mixin private SigningOptions signing;
  @Mixin private PublishOptions publish;

  /**
   * A server that only has to be started.
   *
   * @param background starts what runs beside it, and is to be closed after it
   */
  record Prepared(
      ListenAddress clients,
      HostAndPort management,
      SigningKeys keys,
      TokenService service,
      Metrics metrics,
      Readiness readiness,
      ImmutableList<Supplier<AutoCloseable>> background) {
    SigningKey signer() {
      return keys.get().current();
    }
  }

  /**
   * Makes a server of options and files alone: listens on no port, starts no thread, and asks
   * nobody. What is wrong with them shows here.
   */
  Prepared prepare() {
    readConfig();
    ListenAddress clients = listen.clients();
    HostAndPort management = listen.management();
    SigningKeys keys = signing.signingKeys();
    Supplier<ApiClient> client = Suppliers.memoize(kubernetes::client);
    Metrics metrics = new Metrics();
    metrics.showSigning(() -> keys.get().current(), keys::refused);
    clients.tls().ifPresent(tls -> metrics.showTls(tls::certificate, tls::refused));
    ImmutableList.Builder<Supplier<AutoCloseable>> background = ImmutableList.builder();
    background.add(keys::start);
    CredentialStore store =
        metrics.ofRequests(credentials.credentialStore(client, background::add, metrics));
    TokenIssuer issuer = signing.tokenIssuer(keys);
    metrics.showReuse(issuer::reusedTokens);
    TokenService service =
        tokens.tokenService(
            issuer,
            signing.refreshTokens(keys, store),
            credentials.authenticator(store),
            new AuditLog().andThen(metrics.listener()));
    publish.publisher(client, keys::jwks).ifPresent(background::add);
    Readiness readiness = Readiness.verified(issuer, keys, credentials.check(client));
    background.add(readiness::start);
    return new Prepared(clients, management, keys, service, metrics, readiness, background.build());
  }

  /** Returns where the credentials are, as it was given. */
  String store() {
    return credentials.store();
  }

  /** Sets what the file has and neither an option nor a variable: by parsing them once more. */
  private void readConfig() {
    if (Strings.isNullOrEmpty(config)) {
      return;
    }
    CommandLine command = spec.commandLine();
    ConfigFile file =
        OptionValues.parse(
            spec, "--config", config, path -> ConfigFile.read(path, command.getCommandSpec()));
    command.setDefaultValueProvider(new Variables(file));
    CommandLine root = command.getCommandSpec().root().commandLine();
    CommandLine.ParseResult unused =
        root.parseArgs(root.getParseResult().originalArgs().toArray(String[]::new));
  }
}
