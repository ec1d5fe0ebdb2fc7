// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What the options of {@code doctor} have it look at. */
class DoctorCommandTest {
  @TempDir private Path directory;

  private record Result(int status, String out, String err) {}

  /** Runs it where the variable KUBECONFIG names this file. */
  private static Result run(Path kubeconfig, String... options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    commandLine
        .getSubcommands()
        .get("doctor")
        .setDefaultValueProvider(
            argument ->
                argument instanceof OptionSpec option && option.longestName().equals("--kubeconfig")
                    ? kubeconfig.toString()
                    : null);
    int status =
        commandLine.execute(
            Stream.concat(Stream.of("doctor"), Stream.of(options)).toArray(String[]::new));
    return new Result(status, out.toString(), err.toString());
  }

  @Test
  void kubeconfig_ofTheVariable_countsIfNothingElseIsNamed() throws Exception {
    Path absent = directory.resolve("absent-kubeconfig");
    Path jwks = Files.writeString(directory.resolve("jwks.json"), "{\"keys\":[]}");

    Result ofFiles = run(absent, "--jwks=" + jwks);
    assertThat(ofFiles.status()).as("%s", ofFiles).isEqualTo(1);
    assertThat(ofFiles.out()).as("%s", ofFiles).contains("jwks-invalid");

    assertThat(run(absent).status()).isEqualTo(2);
    assertThat(run(absent, "--tenant=test-build").status()).isEqualTo(2);
    assertThat(run(absent, "--jwks=" + jwks, "--kubeconfig=" + absent).status()).isEqualTo(2);
  }
}
