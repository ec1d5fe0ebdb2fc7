// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code docs/configuration.md} is what the option classes say. With {@code
 * -Dconfiguration.reference=write} it is made so.
 */
class ConfigurationReferenceTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");
  private static final String MARK =
      "<!-- From here on: written by ConfigurationReferenceTest. -->\n";
  private static final String COMMAND =
      "./mvnw -q test -pl registry-auth-jetty-example -am -Dtest=ConfigurationReferenceTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dconfiguration.reference=write";

  /** The end of a description, with a variable or without. */
  private static final Pattern DEFAULT =
      Pattern.compile("(?s)(.*?)\\s*\\((?:[A-Z_]+; )?default: (.*)\\)");

  private static final Pattern YAML = Pattern.compile("(?s)```yaml\n(.*?)```\n");

  /** What options take that is no secret: of another kind, it must be thought of. */
  private static final Set<String> PUBLIC_VALUES =
      Set.of(
          "DIRECTORY",
          "FILE",
          "FORMAT",
          "HOST",
          "HOST:PORT",
          "ID",
          "NAME",
          "NAMES",
          "NAMESPACE",
          "NAMESPACE/NAME",
          "NETWORKS",
          "NUMBER",
          "PROFILE",
          "RESPONSE",
          "SECONDS",
          "STORE",
          "TIME",
          "URL",
          "VERSION");

  /** Those that are named for a secret, and take its name alone, or nothing. */
  private static final Set<String> NAMES_OF_SECRETS =
      Set.of(
          "--key-id",
          "--next-key-id",
          "--key-secret",
          "--jwks-secret",
          "--show-password",
          "--token-reuse");

  private static CommandSpec command(String name) {
    return Main.commandLine().getSubcommands().get(name).getCommandSpec();
  }

  private static Stream<CommandSpec> commands() {
    return Main.commandLine().getSubcommands().values().stream()
        .flatMap(
            command ->
                command.getSubcommands().isEmpty()
                    ? Stream.of(command)
                    : command.getSubcommands().values().stream())
        .map(CommandLine::getCommandSpec);
  }

  @Test
  void reference_inTheDocs_isWhatTheOptionClassesSay() throws Exception {
    String page = Files.readString(PAGE);
    assertThat(page).containsOnlyOnce(MARK);
    String wanted = page.substring(0, page.indexOf(MARK)) + MARK + reference();
    if (System.getProperty("configuration.reference", "").equals("write")) {
      Files.writeString(PAGE, wanted);
    }
    assertThat(Files.readString(PAGE)).as("run " + COMMAND).isEqualTo(wanted);
    assertThat(page).contains(COMMAND);
  }

  private static String reference() {
    return commands()
        .filter(command -> !command.name().equals("check-config"))
        .map(ConfigurationReferenceTest::section)
        .collect(joining());
  }

  private static String section(CommandSpec command) {
    boolean serve = command.name().equals("serve");
    String name =
        command.qualifiedName().substring("registry-auth ".length())
            + (serve ? "` and `check-config" : "");
    Stream<ArgSpec> arguments =
        Stream.concat(
            command.positionalParameters().stream(),
            command.options().stream()
                .filter(option -> !option.usageHelp() && !option.versionHelp()));
    String rows = arguments.map(argument -> row(argument, serve)).collect(joining());
    return """

        ## `%s`

        %s

        | option | %sdefault | what |
        |---|%s---|---|
        %s"""
        .formatted(
            name,
            String.join(" ", command.usageMessage().description()),
            serve ? "variable | in the file | " : "variable | ",
            serve ? "---|---|" : "---|",
            rows);
  }

  private static String row(ArgSpec argument, boolean inFile) {
    String description = String.join(" ", argument.description());
    Matcher matcher = DEFAULT.matcher(description);
    boolean hasDefault = matcher.matches();
    String name =
        argument instanceof OptionSpec option
            ? option.longestName()
                + (option.typeInfo().isBoolean() ? "" : " " + option.paramLabel())
            : argument.paramLabel();
    String file =
        ConfigFile.options(argument.command()).entrySet().stream()
            .filter(entry -> entry.getValue() == argument)
            .map(entry -> "`" + entry.getKey() + "`")
            .collect(joining());
    return "| `%s` | %s | %s%s | %s |%n"
        .formatted(
            name,
            Variables.nameOf(argument).map(variable -> "`" + variable + "`").orElse(""),
            inFile ? file + " | " : "",
            hasDefault ? escaped(matcher.group(2)) : "",
            escaped(hasDefault ? matcher.group(1) : description));
  }

  private static String escaped(String text) {
    return text.replaceAll("[|<*_]", "\\\\$0");
  }

  @Test
  void checkConfig_hasTheOptionsOfServe() {
    Map<String, OptionSpec> serve = command("serve").optionsMap();
    assertThat(command("check-config").optionsMap()).hasSameSizeAs(serve);
    command("check-config")
        .optionsMap()
        .forEach(
            (name, option) -> {
              OptionSpec same = serve.get(name);
              assertThat(same).as(name).isNotNull();
              assertThat(option.userObject()).as(name).isEqualTo(same.userObject());
            });
  }

  @Test
  void file_mayHaveEachOptionOfServeButItself() {
    assertThat(ConfigFile.options(command("serve")).keySet())
        .containsExactlyInAnyOrderElementsOf(
            command("serve").options().stream()
                .filter(option -> !option.usageHelp() && !option.versionHelp())
                .map(option -> option.longestName().substring(2))
                .filter(name -> !name.equals("config"))
                .toList());
  }

  @Test
  void file_inTheDocs_isTaken(@TempDir Path directory) throws Exception {
    Matcher yaml = YAML.matcher(Files.readString(PAGE));
    assertThat(yaml.find()).isTrue();
    Path file = Files.writeString(directory.resolve("config.yaml"), yaml.group(1));
    CommandSpec serve = command("serve");
    assertThat(ConfigFile.read(file.toString(), serve).value(serve.findOption("--issuer")))
        .isPresent();
  }

  static List<OptionSpec> options() {
    return commands().flatMap(command -> command.options().stream()).toList();
  }

  /** Who lists processes, or reads a pod's description or a shell's history, sees what they say. */
  @ParameterizedTest
  @MethodSource("options")
  void option_thatHoldsASecret_namesAFile(OptionSpec option) {
    String name = option.longestName();
    if (!option.typeInfo().isBoolean()) {
      assertThat(PUBLIC_VALUES)
          .as("secret values of %s? It must take a FILE", name)
          .contains(option.paramLabel());
    }
    if (name.matches(".*(password|secret|token|key|kubeconfig).*")
        && !NAMES_OF_SECRETS.contains(name)) {
      assertThat(option.paramLabel()).as(name).isEqualTo("FILE");
      assertThat(Variables.nameOf(option).orElse("_FILE")).as(name).matches(".*_FILE|KUBECONFIG");
    }
  }
}
