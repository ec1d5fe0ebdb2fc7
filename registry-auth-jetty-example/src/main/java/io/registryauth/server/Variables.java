// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.lang.reflect.AnnotatedElement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Option;

/**
 * The environment variables of options. One that is empty counts as absent, since charts and
 * Compose files set such.
 */
final class Variables implements IDefaultValueProvider {
  /** {@code ${env:NAME}} or {@code ${env:NAME:-default}}. */
  private static final Pattern DEFAULT = Pattern.compile("\\$\\{env:([A-Z_]+)(?::-(.*))?}");

  @Override
  public @Nullable String defaultValue(ArgSpec option) {
    Matcher variable = variable(option);
    if (!variable.matches() || !"".equals(System.getenv(variable.group(1)))) {
      return null; // as the option itself has it
    }
    return variable.group(2) == null ? "" : variable.group(2);
  }

  /** Returns an option's name as a user may have set it. */
  static String named(String name, @Nullable ArgSpec option) {
    Matcher variable = variable(option);
    return variable.matches() ? name + " (or " + variable.group(1) + ")" : name;
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
