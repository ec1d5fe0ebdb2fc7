// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static com.google.common.base.Strings.isNullOrEmpty;

import io.registryauth.key.KeyEntries;
import io.registryauth.kubernetes.ClusterReader;
import io.registryauth.server.doctor.Cluster;
import io.registryauth.server.doctor.RegistryVersion;
import io.registryauth.server.doctor.Setup;
import io.registryauth.server.doctor.Source;
import io.registryauth.server.doctor.TokenServer;
import io.registryauth.tenant.NamespaceName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The options that say what to look at; what is not given is not looked at. */
final class DoctorOptions {
  private static final String KEY_FILE = "/etc/registry-auth-keys/tls.key";
  private static final String CERTIFICATE_FILE = "/etc/registry-auth-keys/tls.crt";
  private static final int MAX_BYTES = 1024 * 1024;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--registry-config",
      paramLabel = "FILE",
      description = "The registry's config.yml.")
  private @Nullable String registryConfig;

  @Option(
      names = "--registry-version",
      paramLabel = "VERSION",
      description =
          "Version of the registry: 2.8, 3.0, or 3.1, which stands for later ones, too. (default: that"
              + " of the Deployment's image, or 3.1)")
  private @Nullable String registryVersion;

  @Option(
      names = "--jwks",
      paramLabel = "FILE",
      description =
          "The JWK Set that the registry has. (default: what its config.yml names, if that is here)")
  private @Nullable String jwks;

  @Option(
      names = "--signing-key",
      paramLabel = "FILE",
      defaultValue = "${env:SIGNING_KEY_FILE:-/etc/registry-auth-keys/tls.key}",
      description = {
        "Private key that signs, as serve has it; the certificate alone will do, too.",
        "(SIGNING_KEY_FILE; default: /etc/registry-auth-keys/tls.key, if it is here)"
      })
  private String keyFile;

  @Option(
      names = "--signing-cert",
      paramLabel = "FILE",
      defaultValue = "${env:SIGNING_CERT_FILE:-/etc/registry-auth-keys/tls.crt}",
      description = {
        "Certificate of that key: PEM.",
        "(SIGNING_CERT_FILE; default: /etc/registry-auth-keys/tls.crt, if it is here)"
      })
  private String certificateFile;

  @Mixin private KeyIdOptions keyId;

  @Option(
      names = "--issuer",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_ISSUER:-registry-token-issuer}",
      description = {
        "Issuer of the tokens, as serve has it.",
        "(TOKEN_ISSUER; default: registry-token-issuer)"
      })
  private String issuer;

  @Option(
      names = "--service",
      paramLabel = "NAME",
      defaultValue = "${env:TOKEN_SERVICE:-docker-registry}",
      description = {
        "Service that the tokens are for, as serve has it.",
        "(TOKEN_SERVICE; default: docker-registry)"
      })
  private String service;

  @Option(
      names = "--realm",
      paramLabel = "URL",
      description =
          "Token endpoint as clients reach it. (default: the realm in the registry's config.yml)")
  private @Nullable String realm;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description =
          "The registry as clients reach it, such as https://registry.registry.svc.cluster.local.")
  private @Nullable String registry;

  @Option(
      names = {"--ca-file", "--ca"},
      paramLabel = "FILE",
      description =
          "Certificates that clients trust: PEM. (default: the authorities that Java knows)")
  private @Nullable String caFile;

  @Option(
      names = "--docker-config",
      paramLabel = "FILE",
      description =
          "The config.json of clients. Its credentials are sent to the realm, to see whether it takes"
              + " them, but only by https or within this machine.")
  private @Nullable String dockerConfig;

  @Option(
      names = "--tenant",
      paramLabel = "NAME",
      description = "The tenant: a namespace, and its user name.")
  private @Nullable String tenant;

  @Option(
      names = "--namespace",
      paramLabel = "NAMESPACE",
      defaultValue = "registry",
      description = "Namespace of the registry. (default: registry)")
  private String namespace;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      defaultValue = "${env:KUBECONFIG}",
      description = {
        "kubeconfig file whose current context is the cluster to look at. The variable counts only if",
        "no file and no URL is named by another option.",
        "(KUBECONFIG; default: no cluster is looked at)"
      })
  private @Nullable String kubeconfig;

  /** Reads the files. */
  Setup setup() {
    boolean anything =
        Stream.of(registryConfig, jwks, realm, registry, caFile, dockerConfig, tenant)
            .anyMatch(value -> value != null);
    if (!anything
        && !isClusterNamed()
        && keyFile.equals(KEY_FILE)
        && certificateFile.equals(CERTIFICATE_FILE)) {
      throw new ParameterException(
          spec.commandLine(),
          "There is nothing to look at; name some of --registry-config, --jwks, --signing-key,"
              + " --signing-cert, --realm, --registry, --ca-file, --docker-config, --tenant and"
              + " --kubeconfig");
    }
    return Setup.builder(tokenServer())
        .version(
            Optional.ofNullable(registryVersion)
                .map(
                    text ->
                        OptionValues.parse(
                            spec, "--registry-version", text, RegistryVersion::parse)))
        .config(file("--registry-config", registryConfig))
        .jwks(file("--jwks", jwks))
        .realm(url("--realm", realm))
        .registry(url("--registry", registry))
        .ca(file("--ca-file", caFile))
        .dockerConfig(file("--docker-config", dockerConfig))
        .tenant(
            Optional.ofNullable(tenant)
                .map(text -> OptionValues.parse(spec, "--tenant", text, NamespaceName::new)))
        .cluster(cluster())
        .build();
  }

  private Optional<Cluster> cluster() {
    NamespaceName registryNamespace =
        OptionValues.parse(spec, "--namespace", namespace, NamespaceName::new);
    return isClusterNamed()
        ? Optional.of(
            new Cluster(
                new ClusterReader(KubernetesOptions.client(kubeconfig, spec)), registryNamespace))
        : Optional.empty();
  }

  /** A variable that is in the shell anyway makes no cluster's set-up of one that is in files. */
  private boolean isClusterNamed() {
    ParseResult given = spec.commandLine().getParseResult();
    boolean anotherSetup =
        Stream.of(
                "--registry-config",
                "--jwks",
                "--signing-key",
                "--signing-cert",
                "--realm",
                "--registry",
                "--ca-file",
                "--docker-config")
            .anyMatch(given::hasMatchedOption);
    return !isNullOrEmpty(kubeconfig) && (given.hasMatchedOption("--kubeconfig") || !anotherSetup);
  }

  private Optional<Source> file(String option, @Nullable String path) {
    return Optional.ofNullable(path).map(name -> Source.of(name, contents(option, name)));
  }

  private String contents(String option, String path) {
    return OptionValues.parse(
        spec, option, path, name -> OptionValues.contents(name, MAX_BYTES, "a text"));
  }

  private Optional<String> url(String option, @Nullable String text) {
    if (text != null && text.matches("[^/]*//[^/?#]*@.*")) {
      throw new ParameterException(
          spec.commandLine(), option + " has a user name or a password; valid is a URL without");
    }
    return Optional.ofNullable(text)
        .map(value -> OptionValues.parse(spec, option, value, DoctorOptions::url));
  }

  private static String url(String text) {
    if (HttpUrl.parse(text) == null) {
      throw new IllegalArgumentException("valid is a URL such as https://registry.example.com");
    }
    return text;
  }

  private TokenServer tokenServer() {
    Map<String, String> keys = new HashMap<>();
    Path directory = Path.of(keyFile).toAbsolutePath();
    for (String name : KeyEntries.NAMES) {
      if (!name.equals("tls.key") && !name.equals("tls.crt")) {
        read("--signing-key", directory.resolveSibling(name).toString(), true)
            .ifPresent(text -> keys.put(name, text));
      }
    }
    read("--signing-key", keyFile, keyFile.equals(KEY_FILE))
        .ifPresent(text -> keys.put("tls.key", text));
    read("--signing-cert", certificateFile, certificateFile.equals(CERTIFICATE_FILE))
        .ifPresent(text -> keys.put("tls.crt", text));
    var unused = keyId.keyIdStyle();
    return new TokenServer(
        issuer,
        service,
        keyId.profile(),
        keyId.id(),
        keyFile + " and " + certificateFile,
        new KeyEntries(keys));
  }

  private Optional<String> read(String option, String path, boolean mayBeAbsent) {
    return mayBeAbsent && !Files.isReadable(Path.of(path))
        ? Optional.empty()
        : Optional.of(contents(option, path)).filter(text -> !isNullOrEmpty(text));
  }
}
