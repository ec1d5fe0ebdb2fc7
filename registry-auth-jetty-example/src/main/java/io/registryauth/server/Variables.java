// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Splitter;
import com.google.common.base.Strings;
import java.lang.reflect.AnnotatedElement;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/**
 * What options are when they are not given: what their environment variable says, or else a file,
 * or else their default. A variable that is empty counts as absent, since charts and Compose files
 * set such.
 */
final class Variables implements IDefaultValueProvider {
  /** {@code ${env:NAME}} or {@code ${env:NAME:-default}}. */
  private static final Pattern DEFAULT = Pattern.compile("\\$\\{env:([A-Z_]+)(?::-(.*))?}");

  private final ConfigFile file;

  Variables(ConfigFile file) {
    this.file = file;
  }

  @Override
  public @Nullable String defaultValue(ArgSpec option) {
    Matcher variable = variable(option);
    if (!variable.matches()) {
      return null;
    }
    @Nullable String set = System.getenv(variable.group(1));
    if (!Strings.isNullOrEmpty(set)) {
      return literally(set);
    }
    Optional<String> value = file.value(option);
    if (value.isPresent()) {
      return literally(value.get());
    }
    if (set != null) {
      return Strings.nullToEmpty(variable.group(2));
    }
    return null; // as the option itself has it
  }

  /** Of a default, picocli makes one dollar sign of two, and expands what has braces after one. */
  private static String literally(String value) {
    return value.replace("$", "$$");
  }

  /** Returns the name of an option's variable, if it has one. */
  static Optional<String> nameOf(@Nullable ArgSpec option) {
    Matcher variable = variable(option);
    return variable.matches() ? Optional.of(variable.group(1)) : Optional.empty();
  }

  /**
   * Returns an option's name as a user may have set it.
   *
   * @param option its long name, or several with {@code and} between
   */
  static String named(String option, CommandSpec command) {
    return Splitter.on(" and ")
        .splitToStream(option)
        .map(name -> named(name, command.findOption(name)))
        .collect(Collectors.joining(" and "));
  }

  private static String named(String name, @Nullable OptionSpec option) {
    Optional<String> variable = nameOf(option);
    if (option == null || variable.isEmpty()) {
      return name;
    }
    CommandSpec command = option.command();
    boolean given =
        command.commandLine().getParseResult().hasMatchedOption(option)
            || !Strings.isNullOrEmpty(System.getenv(variable.get()));
    if (!given
        && command.defaultValueProvider() instanceof Variables variables
        && variables.file.value(option).isPresent()) {
      return variables.file.named(option);
    }
    return name + " (or " + variable.get() + ")";
  }

  /** The option's own model has the variable's value in place of its name. */
  private static Matcher variable(@Nullable ArgSpec option) {
    if (option != null && option.userObject() instanceof AnnotatedElement field) {
      Option annotation = field.getAnnotation(Option.class);
      return DEFAULT.matcher(annotation == null ? "" : annotation.defaultValue());
    }
    return DEFAULT.matcher("");
  }
}
