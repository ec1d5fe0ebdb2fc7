// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.registryauth.key.JwksReader;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import io.registryauth.kubernetes.KeySecret;
import io.registryauth.kubernetes.ObjectName;
import io.registryauth.kubernetes.ObjectReport;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say where the keys are that a command changes: a Secret, or a directory. */
final class StoredKeysOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--directory",
      paramLabel = "DIRECTORY",
      description =
          "Directory with tls.key and tls.crt, in the place of a Secret. Its files become links, as"
              + " those of a mounted Secret are, so that they change all at once.")
  private @Nullable String directory;

  @Option(
      names = "--jwks",
      paramLabel = "FILE",
      description = "File to write the JWK Set to that registries read; with --directory.")
  private @Nullable String jwksFile;

  @Option(
      names = "--namespace",
      paramLabel = "NAMESPACE",
      defaultValue = "registry",
      description = "Namespace of the Secrets. (default: registry)")
  private String namespace;

  @Option(
      names = "--key-secret",
      paramLabel = "NAME",
      defaultValue = "registry-auth-keys",
      description = "Secret with tls.key and tls.crt. (default: registry-auth-keys)")
  private String keySecret;

  @Option(
      names = "--jwks-secret",
      paramLabel = "NAME",
      defaultValue = "registry-auth-keys-jwks",
      description =
          "Secret with the JWK Set that registries read, key jwks.json. (default:"
              + " registry-auth-keys-jwks)")
  private String jwksSecret;

  @Option(
      names = "--dry-run",
      description =
          "Writes nothing. Of Secrets it prints what it would write, as YAML for kubectl replace,"
              + " which holds the keys; of a directory it names the keys.")
  private boolean dryRun;

  @Mixin private KeyIdOptions keyId;
  @Mixin private KubernetesOptions kubernetes;

  KeyIdStyle keyIdStyle() {
    return keyId.keyIdStyle();
  }

  KeyIdOptions keyIds() {
    return keyId;
  }

  /**
   * Returns something of what is stored.
   *
   * @throws IOException if it cannot be read, or is not there
   */
  <T> T read(Function<KeyEntries, T> part) throws IOException {
    KeyEntries stored = directory != null ? directory(directory).read() : secret().read();
    try {
      return part.apply(stored);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private KeyDirectory directory(String path) {
    return OptionValues.parse(
        spec,
        "--directory",
        path,
        text -> {
          KeyDirectory keys = new KeyDirectory(Path.of(text));
          Object unused = keys.read().keySet(keyIdStyle());
          return keys;
        });
  }

  private KeySecret secret() {
    if (jwksFile != null) {
      throw new ParameterException(
          spec.commandLine(),
          "--jwks needs --directory; the JWK Set of Secrets is written to --jwks-secret");
    }
    NamespaceName parsed = OptionValues.parse(spec, "--namespace", namespace, NamespaceName::new);
    ObjectName keys =
        OptionValues.parse(spec, "--key-secret", keySecret, text -> new ObjectName(parsed, text));
    ObjectName jwks =
        OptionValues.parse(spec, "--jwks-secret", jwksSecret, text -> new ObjectName(parsed, text));
    return new KeySecret(kubernetes.client(), keys, jwks, keyIdStyle());
  }

  /**
   * Changes what is stored, and says what there is then; or only says so.
   *
   * @throws IOException if it cannot be written, or the change is not possible now
   */
  void update(UnaryOperator<KeyEntries> change) throws IOException {
    try {
      write(change);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void write(UnaryOperator<KeyEntries> change) throws IOException {
    if (directory != null) {
      updateDirectory(directory(directory), change);
    } else if (dryRun) {
      OptionValues.print(spec, secret().manifest(change).stripTrailing());
    } else {
      KeySecret secret = secret();
      for (ObjectReport report : secret.update(change)) {
        OptionValues.print(spec, report.toString());
      }
      print(secret.read());
    }
  }

  private void updateDirectory(KeyDirectory keys, UnaryOperator<KeyEntries> change)
      throws IOException {
    if (dryRun) {
      print(changed(keys.read(), change));
      return;
    }
    KeyEntries after =
        keys.update(
            before -> changed(before, change),
            changed -> {
              if (!Strings.isNullOrEmpty(jwksFile)) {
                // First: a registry that starts in between must know the key that signs.
                PublicFile.write(Path.of(jwksFile), changed.keySet(keyIdStyle()).jwks());
              }
            });
    print(after);
  }

  private KeyEntries changed(KeyEntries before, UnaryOperator<KeyEntries> change) {
    return before.change(change, keyIdStyle(), published());
  }

  private List<VerificationKey> published() {
    return Strings.isNullOrEmpty(jwksFile) || !Files.exists(Path.of(jwksFile))
        ? List.of()
        : OptionValues.parse(
            spec, "--jwks", jwksFile, file -> JwksReader.read(OptionValues.contents(file)));
  }

  private void print(KeyEntries entries) {
    var keys = entries.keySet(keyIdStyle());
    print("current", keys.current().keyId());
    keys.next().ifPresent(key -> print("next", key.keyId()));
    if (!keys.retired().isEmpty()) {
      print(
          "retired",
          keys.retired().stream().map(SigningKey::keyId).collect(Collectors.joining(", ")));
    }
  }

  private void print(String state, String keyIds) {
    OptionValues.print(spec, "%-9s %s".formatted(state, keyIds));
  }
}
