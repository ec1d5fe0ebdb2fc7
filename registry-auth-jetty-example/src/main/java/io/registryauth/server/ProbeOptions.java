// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.key.SigningKey;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that say how registries are asked whether they take tokens of a key. */
final class ProbeOptions {
  private static final Duration LIFETIME = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "0s",
      description = "How long to wait until all take it, such as 5m. (default: 0s)")
  private String wait;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description =
          "Certificates that the registries' must be signed by: PEM. (default: the authorities that"
              + " Java knows)")
  private @Nullable String caFile;

  @Option(
      names = "--service",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_SERVICE:-docker-registry}",
      description = {
        "Service of the probe's token, as serve has it.",
        "(TOKEN_SERVICE; default: docker-registry)"
      })
  private String service;

  @Option(
      names = "--issuer",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_ISSUER:-registry-token-issuer}",
      description = {
        "Issuer of the probe's token, as serve has it.",
        "(TOKEN_ISSUER; default: registry-token-issuer)"
      })
  private String issuer;

  /**
   * Asks the registries until all take a token of a key.
   *
   * @param key one that {@link TokenProfile#check} takes
   * @throws IOException if one does not in time; the message says which address, and what it
   *     answered
   */
  void awaitAcceptance(SigningKey key, TokenProfile profile, List<String> urls)
      throws IOException, InterruptedException {
    TokenIssuer.Builder builder = TokenIssuer.builder(key).profile(profile).lifetime(LIFETIME);
    TokenIssuer tokens = OptionValues.parse(spec, "--issuer", issuer, builder::issuer).build();
    List<RegistryProbe> probes =
        urls.stream()
            .map(
                url ->
                    OptionValues.parse(spec, "--when-accepted-by", url, RegistryProbe::of)
                        .trusting(authorities()))
            .toList();
    Duration time = OptionValues.parse(spec, "--wait", wait, OptionValues::duration);
    long start = System.nanoTime();
    Optional<String> refusal = refusal(probes, tokens);
    while (refusal.isPresent() && System.nanoTime() - start < time.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
      refusal = refusal(probes, tokens);
    }
    if (refusal.isPresent()) {
      throw new IOException("The key " + key.keyId() + " is not promoted: " + refusal.get());
    }
  }

  /** Returns what the first that does not take a token says, with a new token each time. */
  private Optional<String> refusal(List<RegistryProbe> probes, TokenIssuer tokens) {
    String token = tokens.issue(new Grant("registry-auth", service, List.of())).value();
    return probes.stream().flatMap(probe -> probe.refusal(token).stream()).findFirst();
  }

  private Optional<String> authorities() {
    return Optional.ofNullable(caFile)
        .map(file -> OptionValues.parse(spec, "--ca-file", file, OptionValues::contents));
  }
}
