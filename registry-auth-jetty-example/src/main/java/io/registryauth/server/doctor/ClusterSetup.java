// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.Cluster.REGISTRY;
import static io.registryauth.server.doctor.Cluster.TOKEN_SERVER;

import io.registryauth.key.KeyEntries;
import io.registryauth.kubernetes.ClusterReader.Answer;
import io.registryauth.kubernetes.ObjectName;
import io.registryauth.token.TokenProfile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Finds in a cluster what of a set-up was not given. */
final class ClusterSetup {
  private static final String PREFIX = "REGISTRY_";

  /** What the configuration of the registry's image has. */
  private static final String OF_THE_IMAGE =
      """
      version: 0.1
      storage: {filesystem: {rootdirectory: /var/lib/registry}}
      """;

  private final Cluster cluster;
  private final Setup given;
  private final Optional<Workload> registry;
  private final Optional<Workload> tokenServer;
  private final Notes notes;

  private ClusterSetup(Cluster cluster, Setup given, Notes notes) {
    this.cluster = cluster;
    this.given = given;
    this.notes = notes;
    registry = cluster.workload(REGISTRY, notes);
    tokenServer = cluster.workload(TOKEN_SERVER, notes);
  }

  /** Returns a set-up with what was given, and with what is found of the rest. */
  static Setup complete(Setup given, Cluster cluster, Notes notes) {
    return new ClusterSetup(cluster, given, notes).complete();
  }

  /** Returns a set-up as clients have it who are given what the registry's own Secret has. */
  static Setup asTheRegistrySays(Setup setup, Cluster cluster) {
    return setup.asClient(
        Optional.empty(),
        "https://" + cluster.registryHost(),
        cluster.secretEntry(cluster.named("registry-tls"), "ca.crt"),
        Source.unread("docker config", "no tenant is named"));
  }

  private Setup complete() {
    Optional<RegistryVersion> version =
        given.version().or(() -> registry.map(Workload::image).flatMap(RegistryVersion::ofImage));
    Setup read =
        given.toBuilder()
            .version(version)
            .config(given.config().or(() -> Optional.of(config(version))))
            .tokenServer(tokenServer())
            .variables(registry.map(ClusterSetup::settings).orElse(Map.of()))
            .build();
    return read.toBuilder()
        .jwks(read.jwks().or(() -> file(read, "jwks")))
        .bundle(read.bundle().or(() -> file(read, "rootcertbundle")))
        .build();
  }

  /** Returns what the registry reads, or else what it should. */
  private Source config(Optional<RegistryVersion> version) {
    String path = configPath(registry, version.orElse(RegistryVersion.V3_1));
    Optional<Source> read = registry.map(workload -> workload.file(path));
    return read.filter(source -> !source.isMissing())
        .or(
            () ->
                registry
                    .filter(ClusterSetup::isSetByVariables)
                    .map(workload -> Source.of(workload.where() + ": env", OF_THE_IMAGE)))
        .orElseGet(() -> cluster.configEntry(cluster.named("registry-config"), "config.yml"));
  }

  /** Returns the file that a registry reads: of its command line, a variable, or its version. */
  static String configPath(Optional<Workload> registry, RegistryVersion version) {
    return registry
        .flatMap(
            workload ->
                workload.commandLine().stream()
                    .filter(word -> word.matches("/.*\\.ya?ml"))
                    .reduce((first, last) -> last)
                    .or(
                        () ->
                            Optional.ofNullable(
                                workload.variables().get("REGISTRY_CONFIGURATION_PATH"))))
        .orElse(version.configDirectory() + "/config.yml");
  }

  /** Returns the variables that a registry reads settings from. */
  private static Map<String, String> settings(Workload registry) {
    Map<String, String> settings = new HashMap<>(registry.variables());
    settings.keySet().removeIf(name -> !name.startsWith(PREFIX));
    return settings;
  }

  /** Says whether variables alone make a registry ask for tokens, whatever its image has. */
  static boolean isSetByVariables(Workload registry) {
    return registry
        .variables()
        .keySet()
        .containsAll(
            List.of(
                "REGISTRY_AUTH_TOKEN_REALM",
                "REGISTRY_AUTH_TOKEN_SERVICE",
                "REGISTRY_AUTH_TOKEN_ISSUER"));
  }

  private Optional<Source> file(Setup setup, String setting) {
    return setup
        .registryConfig()
        .flatMap(config -> config.text(setting))
        .flatMap(path -> registry.map(workload -> workload.file(path)));
  }

  private TokenServer tokenServer() {
    TokenServer set = given.tokenServer();
    TokenProfile profile =
        set.profile() != TokenProfile.DISTRIBUTION_3
            ? set.profile()
            : found("--profile", "TOKEN_PROFILE", ClusterSetup::profile).orElse(set.profile());
    Optional<String> keyId =
        set.keyId().or(() -> found("--key-id", "SIGNING_KEY_ID", Optional::of));
    return new TokenServer(
        setOrFound(set.issuer(), TokenServer.DEFAULT_ISSUER, "--issuer", "TOKEN_ISSUER"),
        setOrFound(set.service(), TokenServer.DEFAULT_SERVICE, "--service", "TOKEN_SERVICE"),
        profile,
        keyId,
        set.keys().texts().isEmpty() ? "Secret " + keySecret() : set.keysWhere(),
        set.keys().texts().isEmpty() ? keys() : set.keys());
  }

  private static Optional<TokenProfile> profile(String text) {
    try {
      return Optional.of(TokenProfile.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // serve refuses it, too
    }
  }

  private String setOrFound(String set, String byDefault, String option, String variable) {
    return set.equals(byDefault) ? found(option, variable, Optional::of).orElse(set) : set;
  }

  private <T> Optional<T> found(
      String option, String variable, Function<String, Optional<T>> parser) {
    return tokenServer.flatMap(workload -> workload.setting(option, variable)).flatMap(parser);
  }

  private ObjectName keySecret() {
    String path =
        found("--signing-key", "SIGNING_KEY_FILE", Optional::of)
            .orElse("/etc/registry-auth-keys/tls.key");
    return tokenServer
        .flatMap(workload -> workload.mounted(path))
        .flatMap(mounted -> mounted.volume().at("secret").text("secretName"))
        .map(cluster::named)
        .orElseGet(() -> cluster.named("registry-auth-keys"));
  }

  private KeyEntries keys() {
    Answer answer = cluster.reader().secret(keySecret());
    answer.unknown().ifPresent(why -> notes.notChecked("Secret " + keySecret(), why));
    return new KeyEntries(
        answer.json().map(KubeObject::parse).map(KubeObject::secretTexts).orElse(Map.of()));
  }
}
