// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/**
 * Says what is wrong with a value that is set nowhere, a default: Spring Boot's own analyzer says
 * it of those that are set, and where.
 */
final class DefaultValueFailureAnalyzer
    extends AbstractFailureAnalyzer<InvalidConfigurationPropertyValueException> {
  private final Environment environment;

  DefaultValueFailureAnalyzer(Environment environment) {
    this.environment = environment;
  }

  @Override
  protected @Nullable FailureAnalysis analyze(
      Throwable rootFailure, InvalidConfigurationPropertyValueException cause) {
    String name = cause.getName();
    if (!name.startsWith(RegistryAuthProperties.PREFIX + ".")
        || environment.containsProperty(name)) {
      return null;
    }
    return new FailureAnalysis(
        "The default of the property %s, \"%s\", does not do here: %s"
            .formatted(name, cause.getValue(), cause.getReason()),
        "Set " + name + ", or define a bean of your own in the place of what is made of it.",
        cause);
  }
}
