// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.server.doctor.Doctor;
import io.registryauth.server.doctor.Report;
import io.registryauth.server.doctor.Setup;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code doctor}: why does a set-up not work? */
@Command(
    name = "doctor",
    description = {
      "Says why a set-up of registry, token server and clients does not work, and how to mend it.",
      "It looks at what it is given, or by --kubeconfig at all that it finds, and tells what it could"
          + " not look at. Writes nothing. Exits with 0 if it finds nothing wrong, with 1 if it does."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DoctorOptions options;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "How to write what is found: text or json. (default: text)")
  private String output;

  @Override
  public Integer call() {
    boolean json = OptionValues.parse(spec, "--output", output, DoctorCommand::isJson);
    Setup setup = options.setup();
    Report report = new Doctor(InstantSource.system()).examine(setup);
    OptionValues.print(spec, (json ? report.json() : report.text()).stripTrailing());
    return report.findings().isEmpty() ? 0 : 1;
  }

  private static boolean isJson(String format) {
    return switch (format) {
      case "text" -> false;
      case "json" -> true;
      default -> throw new IllegalArgumentException("valid are text and json");
    };
  }
}
