// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keys stage}. */
@Command(
    name = "stage",
    description = {
      "Adds the key that will sign to those that verify.",
      "Without --key and --cert it makes one of the kind and size of the current key, with a"
          + " certificate that it signs itself."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class KeysStageCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "Private key to stage: PEM; with --cert.")
  private @Nullable String keyFile;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "Certificate of that key, with its issuers' after it: PEM; with --key.")
  private @Nullable String certificateFile;

  @Option(
      names = "--next-key-id",
      paramLabel = "ID",
      defaultValue = "rfc7638",
      description =
          "Key id of the staged key, which is stored with it: a fixed text, rfc7638 or libtrust;"
              + " another one than those of the other keys. (default: rfc7638)")
  private String nextKeyId;

  @Option(names = "--force", description = "Stages it in the place of one that is staged already.")
  private boolean force;

  @Mixin private StoredKeysOptions keys;

  @Override
  public Integer call() throws IOException {
    KeyIdStyle nextStyle = OptionValues.parse(spec, "--next-key-id", nextKeyId, KeyIdStyle::parse);
    KeyIdStyle style = keys.keyIdStyle();
    Optional<GeneratedKey> given = given(nextStyle);
    GeneratedKey key =
        given.isPresent()
            ? given.get()
            : GeneratedKey.like(
                keys.read(entries -> entries.keySet(style).current()),
                InstantSource.system().instant());
    keys.update(
        entries ->
            (force ? entries.unstage() : entries)
                .stage(key.keyPem(), key.certificatePem(), style, nextStyle));
    return 0;
  }

  private Optional<GeneratedKey> given(KeyIdStyle nextStyle) {
    String key = Strings.nullToEmpty(keyFile);
    String certificate = Strings.nullToEmpty(certificateFile);
    if (key.isEmpty() && certificate.isEmpty()) {
      return Optional.empty();
    }
    if (key.isEmpty() || certificate.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--key and --cert belong together; give both, or neither");
    }
    GeneratedKey pair =
        new GeneratedKey(
            OptionValues.parse(spec, "--key", key, OptionValues::contents),
            OptionValues.parse(spec, "--cert", certificate, OptionValues::contents));
    SigningKey parsed =
        OptionValues.parse(
            spec,
            "--key and --cert",
            key + " and " + certificate,
            files -> SigningKey.fromPem(pair.keyPem(), pair.certificatePem(), nextStyle));
    return OptionValues.parse(
        spec,
        "--key",
        key,
        file -> {
          keys.keyIds().profile().check(parsed);
          return Optional.of(pair);
        });
  }
}
