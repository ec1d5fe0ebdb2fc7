// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

class HelpTest {
  /** {@code ${env:NAME}} or {@code ${env:NAME:-default}}. */
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{env:([A-Z_]+)(?::-(.*))?}", Pattern.DOTALL);

  static Stream<Option> optionsWithVariable() {
    return Stream.of(
            ServeOptions.class,
            ListenOptions.class,
            TokenOptions.class,
            CredentialOptions.class,
            SigningOptions.class,
            KeyIdOptions.class,
            PublishOptions.class,
            KubernetesOptions.class)
        .flatMap(type -> Stream.of(type.getDeclaredFields()))
        .map(HelpTest::option)
        .filter(option -> option != null);
  }

  private static Option option(Field field) {
    return field.getAnnotation(Option.class);
  }

  /** Those that are set as for {@code serve}, and others that are for one run. */
  static Stream<Option> optionsOfKeysWithVariable() {
    return Stream.of(ProbeOptions.class, KeysRetireCommand.class, DoctorOptions.class)
        .flatMap(type -> Stream.of(type.getDeclaredFields()))
        .map(HelpTest::option)
        .filter(option -> option != null && option.defaultValue().contains("${env:"));
  }

  @ParameterizedTest
  @MethodSource({"optionsWithVariable", "optionsOfKeysWithVariable"})
  void help_ofEachOption_endsWithItsVariableAndDefault(Option option) {
    Matcher variable = VARIABLE.matcher(option.defaultValue());
    assertThat(variable.matches()).as(option.defaultValue()).isTrue();
    List<String> help = List.of(option.description());
    String last = help.get(help.size() - 1);

    assertThat(last).startsWith("(" + variable.group(1) + "; default: ").endsWith(")");
    if (variable.group(2) != null && !variable.group(2).isEmpty()) {
      assertThat(last).contains("default: " + variable.group(2));
    }
  }

  @ParameterizedTest
  @MethodSource("optionsWithVariable")
  void variable_neverStartsAsKubernetesNamesThoseOfAServiceCalledRegistryAuth(Option option) {
    assertThat(option.defaultValue()).doesNotContain("REGISTRY_AUTH_");
  }

  @ParameterizedTest
  @CsvSource({
    "--config, CONFIG_FILE, none",
    "--listen, LISTEN_ADDRESS, 0.0.0.0:8080",
    "--management-listen, MANAGEMENT_LISTEN_ADDRESS, 0.0.0.0:8081",
    "--tls-cert, TLS_CERT_FILE, none",
    "--tls-key, TLS_KEY_FILE, none",
    "--trusted-proxies, TRUSTED_PROXIES, none",
    "--service, TOKEN_SERVICE, docker-registry",
    "--issuer, TOKEN_ISSUER, registry-token-issuer",
    "--expiration, TOKEN_EXPIRATION_SEC, 300",
    "--push-expiration, PUSH_TOKEN_EXPIRATION_SEC, that of --expiration",
    "--token-reuse, TOKEN_REUSE, 0s",
    "--refresh-expiration, REFRESH_TOKEN_EXPIRATION_SEC, 2592000",
    "--signing-key, SIGNING_KEY_FILE, /etc/registry-auth-keys/tls.key",
    "--signing-cert, SIGNING_CERT_FILE, /etc/registry-auth-keys/tls.crt",
    "--key-id, SIGNING_KEY_ID, registry-auth-jwt-signer",
    "--credentials, CREDENTIALS, kubernetes",
    "--profile, TOKEN_PROFILE, distribution-3",
    "--denied-response, DENIED_RESPONSE, unauthorized",
    "--public-namespaces, PUBLIC_NAMESPACES, none",
    "--shared-namespaces, SHARED_NAMESPACES, none",
    "--admin-namespaces, ADMIN_NAMESPACES, none",
    "--cache-ttl, CREDENTIALS_CACHE_TTL, 30s",
    "--cache-stale, CREDENTIALS_CACHE_STALE, 5m",
    "--watch, CREDENTIALS_WATCH, false",
    "--failed-attempts, FAILED_ATTEMPTS, 20",
    "--publish-jwks, PUBLISH_JWKS, none",
    "--kubeconfig, KUBECONFIG, the pod's service account"
  })
  void serve_hasTheOptionsOfTheContract(String name, String variable, String value) {
    Option option =
        optionsWithVariable()
            .filter(candidate -> List.of(candidate.names()).contains(name))
            .findFirst()
            .orElseThrow();

    assertThat(option.defaultValue()).contains("${env:" + variable);
    assertThat(String.join(" ", option.description())).contains(variable + "; default: " + value);
  }

  @Test
  void help_ofEachCommand_isNoWiderThanATerminal() {
    CommandLine main = Main.commandLine();

    assertThat(main.getSubcommands())
        .containsOnlyKeys(
            "serve", "check-config", "demo", "jwks", "bootstrap", "keys", "tenant", "doctor");
    assertThat(main.getSubcommands().get("keys").getSubcommands())
        .containsOnlyKeys("stage", "promote", "retire");
    assertThat(main.getSubcommands().get("tenant").getSubcommands())
        .containsOnlyKeys("create", "rotate", "show", "delete");
    commands(main)
        .forEach(
            command -> {
              command.setUsageHelpWidth(100);
              assertThat(command.getUsageMessage().lines()).allMatch(line -> line.length() <= 100);
            });
  }

  @Test
  void commandLine_ofOneCommand_hasItAlone_andOfWhatIsNone_all() {
    assertThat(Main.commandLine("keys", "stage").getSubcommands()).containsOnlyKeys("keys");
    assertThat(Main.commandLine("srve").getSubcommands()).hasSize(8);
    assertThat(Main.commandLine("--help", "serve").getSubcommands()).hasSize(8);
  }

  private static Stream<CommandLine> commands(CommandLine parent) {
    return parent.getSubcommands().values().stream()
        .flatMap(command -> Stream.concat(Stream.of(command), commands(command)));
  }

  /** The help of options that have no variable ends with the default, too. */
  @ParameterizedTest
  @CsvSource({
    "bootstrap, --namespace, registry",
    "bootstrap, --key-secret, registry-auth-keys",
    "bootstrap, --wait, 5m",
    "create, --registry-namespace, registry",
    "create, --service-account, registry/registry-auth",
    "rotate, --overlap, 24h",
    "stage, --next-key-id, rfc7638",
    "stage, --namespace, registry",
    "stage, --key-secret, registry-auth-keys",
    "stage, --jwks-secret, registry-auth-keys-jwks",
    "promote, --wait, 0s",
    "doctor, --namespace, registry",
    "doctor, --output, text"
  })
  void help_ofOptionsWithDefault_saysIt(String name, String option, String value) {
    CommandLine command =
        commands(Main.commandLine())
            .filter(candidate -> candidate.getCommandName().equals(name))
            .findFirst()
            .orElseThrow();
    OptionSpec spec = command.getCommandSpec().findOption(option);

    assertThat(spec.defaultValue()).isEqualTo(value);
    assertThat(String.join(" ", spec.description())).endsWith("(default: " + value + ")");
  }
}
