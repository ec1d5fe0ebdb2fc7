// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.DefaultJoranConfigurator;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import com.google.common.collect.ImmutableMap;
import java.util.Map;

/**
 * Sets Logback up, which finds it as a service: logs go to standard error, as the variables {@code
 * LOG_FORMAT} and {@code LOG_LEVEL} say. In Java, since of the 4,900 classes that a start loads,
 * 450 would only read a {@code logback.xml}. Whoever names a file of their own, by the property
 * {@value ClassicConstants#CONFIG_FILE_PROPERTY}, has that instead.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX,UTC} %-5level %logger{0} %escaped%n%ex";

  /**
   * Of libraries, whatever {@code LOG_LEVEL} is: at debug, Jetty would log headers, and with them
   * passwords.
   */
  private static final ImmutableMap<String, Level> LIBRARIES =
      ImmutableMap.of(
          "org.eclipse.jetty", Level.WARN,
          // These two repeat what a client sent, at any length.
          "org.eclipse.jetty.http.HttpParser", Level.ERROR,
          "org.eclipse.jetty.util.HostPort", Level.ERROR,
          // These write a stack trace for each call while a token's file is missing; the call
          // fails, and says so.
          "io.kubernetes.client.util.KubeConfig", Level.OFF,
          "io.kubernetes.client.util.credentials", Level.OFF);

  private final Map<String, String> environment;

  /** Made by Logback, as a service. */
  public LogConfiguration() {
    this(System.getenv());
  }

  LogConfiguration(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public ExecutionStatus configure(LoggerContext logback) {
    if (System.getProperty(ClassicConstants.CONFIG_FILE_PROPERTY) != null
        && ownFile(logback) == ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY) {
      return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
    // Else Logback writes its own warnings to standard output.
    logback.getStatusManager().add(new NopStatusListener());
    LIBRARIES.forEach((name, level) -> logback.getLogger(name).setLevel(level));
    Level level = Level.toLevel(environment.get("LOG_LEVEL"), Level.INFO);
    logback.getLogger("io.registryauth").setLevel(level);
    Logger root = logback.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.INFO);
    root.addAppender(appender(logback));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /**
   * What Logback would do itself, but that without such a file it logs all there is, passwords too.
   */
  private static ExecutionStatus ownFile(LoggerContext logback) {
    DefaultJoranConfigurator file = new DefaultJoranConfigurator();
    file.setContext(logback);
    return file.configure(logback);
  }

  private QueuedAppender appender(LoggerContext logback) {
    boolean json = "json".equals(environment.get("LOG_FORMAT"));
    Encoder<ILoggingEvent> encoder = json ? json() : text(logback);
    encoder.setContext(logback);
    encoder.start();
    QueuedAppender appender = new QueuedAppender();
    appender.setContext(logback);
    appender.setEncoder(encoder);
    appender.start();
    return appender;
  }

  private static Encoder<ILoggingEvent> text(LoggerContext logback) {
    PatternLayout layout = new PatternLayout();
    layout.setContext(logback);
    layout.getInstanceConverterMap().put("escaped", EscapedConverter::new);
    layout.setPattern(PATTERN);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setLayout(layout);
    return encoder;
  }

  private static Encoder<ILoggingEvent> json() {
    JsonEncoder encoder = new AsciiJsonEncoder();
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithContext(false);
    encoder.setWithMDC(false);
    encoder.setWithMessage(false);
    encoder.setWithFormattedMessage(true);
    // They may have changed until they are written, and are in the message.
    encoder.setWithArguments(false);
    return encoder;
  }
}
