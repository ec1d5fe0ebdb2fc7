// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jwks}: the JWK Set for the registry. */
@Command(
    name = "jwks",
    description = "Prints the JWK Set of a certificate or key, for the registry's auth.token.jwks.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class JwksCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Source source;

  @Mixin private KeyIdOptions keyId;

  /** One of the two. */
  private static final class Source {
    @Option(
        names = "--cert",
        paramLabel = "FILE",
        required = true,
        description = "Certificate of the signing key: PEM; the first in it counts.")
    private @Nullable String certificateFile;

    @Option(
        names = "--key",
        paramLabel = "FILE",
        required = true,
        description = "Private key (RSA, EC on P-256 or Ed25519): PEM; its public part is printed.")
    private @Nullable String keyFile;
  }

  @Override
  public Integer call() {
    KeyIdStyle style = keyId.keyIdStyle();
    VerificationKey key =
        source.certificateFile != null
            ? key("--cert", source.certificateFile, style)
            : key("--key", source.keyFile, style);
    spec.commandLine().getOut().print(new JwksBuilder().add(key).build());
    spec.commandLine().getOut().flush();
    return 0;
  }

  private VerificationKey key(String option, @Nullable String file, KeyIdStyle style) {
    return OptionValues.parse(
        spec,
        option,
        Objects.requireNonNull(file),
        path -> VerificationKey.fromPem(OptionValues.contents(path), style));
  }
}
