// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import java.io.IOException;
import java.nio.file.FileSystemException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line {@code registry-auth}. */
@Command(
    name = "registry-auth",
    description = "Issues the tokens that a container registry asks its clients for.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Most options have an environment variable, which counts when the option is absent; serve and",
      "check-config take a file of them, too, which counts when both are absent.",
      "LOG_FORMAT is text (default) or json, LOG_LEVEL is debug, info (default), warn or error;",
      "logs go to standard error."
    })
public final class Main implements Runnable {
  private static final int HELP_WIDTH = 100;

  private static final ImmutableSetMultimap<String, String> LOG_VARIABLES =
      ImmutableSetMultimap.<String, String>builder()
          .putAll("LOG_FORMAT", "text", "json")
          .putAll("LOG_LEVEL", "debug", "info", "warn", "error")
          .build();

  private static final ImmutableMap<String, Class<?>> COMMANDS =
      ImmutableMap.of(
          "serve", ServeCommand.class,
          "check-config", CheckConfigCommand.class,
          "demo", DemoCommand.class,
          "jwks", JwksCommand.class,
          "bootstrap", BootstrapCommand.class,
          "keys", KeysCommand.class,
          "tenant", TenantCommand.class,
          "doctor", DoctorCommand.class);

  @Spec private CommandSpec spec;

  Main() {}

  /** Runs a command and exits with its status: 0 done, 1 failed, 2 wrong use. */
  public static void main(String[] args) {
    int status;
    try {
      status = run(args);
    } finally {
      QueuedAppender.flush();
    }
    System.exit(status);
  }

  private static int run(String... args) {
    return commandLine(args).execute(args);
  }

  /**
   * Makes the command line for these arguments. To read the options of all commands is a good part
   * of the server's start, so if the first argument is a command, there is only that one.
   */
  static CommandLine commandLine(String... args) {
    boolean chosen = args.length > 0 && COMMANDS.containsKey(args[0]);
    CommandLine main = new CommandLine(new Main());
    COMMANDS.forEach(
        (name, command) -> {
          if (!chosen || name.equals(args[0])) {
            main.addSubcommand(name, command);
          }
        });
    return main.setParameterExceptionHandler((e, unused) -> report(e.getCommandLine(), e, 2))
        .setExecutionExceptionHandler((e, command, unused) -> failed(command, e))
        .setExecutionStrategy(Main::execute)
        .setUsageHelpWidth(HELP_WIDTH)
        .setExpandAtFiles(false)
        .setDefaultValueProvider(new Variables(ConfigFile.NONE));
  }

  private static int execute(CommandLine.ParseResult parsed) {
    for (String name : LOG_VARIABLES.keySet()) {
      String value = System.getenv(name);
      if (value != null && !LOG_VARIABLES.containsEntry(name, value)) {
        throw new ParameterException(
            parsed.commandSpec().commandLine(),
            "Invalid value for %s: \"%s\" is none of %s"
                .formatted(name, value, LOG_VARIABLES.get(name)));
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static int failed(CommandLine command, Exception e) {
    if (!(e instanceof IOException)) {
      LoggerFactory.getLogger(Main.class).error("Unexpected; please report it", e);
    }
    return report(command, e, 1);
  }

  /** One line, without a stack trace: what went wrong is for the user to mend. */
  private static int report(CommandLine command, Exception e, int status) {
    String message = e.getMessage();
    if (message == null || e instanceof FileSystemException) {
      message = e.toString(); // a file exception's own message is the path alone
    }
    QueuedAppender.flush();
    command
        .getErr()
        .println(command.getCommandSpec().qualifiedName() + ": " + message.replaceAll("\\R", " "));
    return status;
  }

  /** Without a subcommand there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "A command is needed: serve, check-config, demo, jwks, bootstrap, keys, tenant or doctor; see"
            + " --help");
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"registry-auth " + text()};
    }

    static String text() {
      String version = Main.class.getPackage().getImplementationVersion();
      return version == null ? "(not from a jar)" : version;
    }
  }
}
