// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogConfigurationTest {
  private final LoggerContext logback = new LoggerContext();

  @AfterEach
  void stop() {
    logback.stop();
    System.clearProperty(ClassicConstants.CONFIG_FILE_PROPERTY);
  }

  private ExecutionStatus configure(Map<String, String> environment) {
    return new LogConfiguration(environment).configure(logback);
  }

  private Level level(String logger) {
    return logback.getLogger(logger).getEffectiveLevel();
  }

  @Test
  void logback_findsIt() {
    assertThat(ServiceLoader.load(Configurator.class))
        .hasExactlyElementsOfTypes(LogConfiguration.class);
  }

  @Test
  void withoutVariables_isInfo_onOneAppender() {
    assertThat(configure(Map.of())).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);

    assertThat(level("io.registryauth.audit")).isEqualTo(Level.INFO);
    assertThat(level("com.example.Library")).isEqualTo(Level.INFO);
    assertThat(logback.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders())
        .toIterable()
        .hasExactlyElementsOfTypes(QueuedAppender.class);
  }

  @Test
  void attack_debug_isOfOurLoggersAlone() {
    assertThat(configure(Map.of("LOG_LEVEL", "debug")))
        .isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);

    assertThat(level("io.registryauth.server.Main")).isEqualTo(Level.DEBUG);
    assertThat(level("org.eclipse.jetty.server.Server")).isEqualTo(Level.WARN);
    assertThat(level("org.eclipse.jetty.http.HttpParser")).isEqualTo(Level.ERROR);
    assertThat(level("io.kubernetes.client.util.KubeConfig")).isEqualTo(Level.OFF);
    assertThat(level("com.example.Library")).isEqualTo(Level.INFO);
  }

  @Test
  void ownFile_isLeftToLogback() {
    System.setProperty(ClassicConstants.CONFIG_FILE_PROPERTY, "own.xml");

    assertThat(configure(Map.of())).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
    assertThat(logback.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders())
        .toIterable()
        .isEmpty();
  }
}
