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
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogConfigurationTest {
  private static final String OWN = "<configuration><root level='error'/></configuration>";

  private final LoggerContext logback = new LoggerContext();

  @AfterEach
  void stop() {
    logback.stop();
    System.clearProperty(ClassicConstants.CONFIG_FILE_PROPERTY);
  }

  private ExecutionStatus configure(Map<String, String> environment) {
    return new LogConfiguration(environment).configure(logback);
  }

  private List<Appender<ILoggingEvent>> appenders() {
    return ImmutableList.copyOf(logback.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders());
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
    assertThat(appenders()).hasExactlyElementsOfTypes(QueuedAppender.class);
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
  void ownFile_countsInstead(@TempDir Path directory) throws IOException {
    Path own = Files.writeString(directory.resolve("own.xml"), OWN);
    System.setProperty(ClassicConstants.CONFIG_FILE_PROPERTY, own.toString());

    assertThat(configure(Map.of())).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
    assertThat(level("io.registryauth.server.Main")).isEqualTo(Level.ERROR);
    assertThat(appenders()).isEmpty();
  }

  /** Logback by itself would log all there is to standard output, passwords too. */
  @Test
  void attack_ownFileThatIsNotThere_doesNotCount(@TempDir Path directory) {
    Path missing = directory.resolve("missing.xml");
    System.setProperty(ClassicConstants.CONFIG_FILE_PROPERTY, missing.toString());

    assertThat(configure(Map.of())).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
    assertThat(level("org.eclipse.jetty.server.Server")).isEqualTo(Level.WARN);
    assertThat(appenders()).hasExactlyElementsOfTypes(QueuedAppender.class);
  }
}
