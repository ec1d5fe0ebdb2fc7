// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark runs once, so that none of them rots; how long it takes does not count. */
class BenchmarksTest {
  private static final List<Class<?>> BENCHMARKS =
      List.of(
          ParserBenchmark.class,
          DecisionBenchmark.class,
          SigningBenchmark.class,
          TokenServiceBenchmark.class);

  @Test
  void benchmarks_ofOneShotEach_run() throws Exception {
    String[] signers =
        Arrays.stream(Signer.values())
            .filter(Signer::isAvailable)
            .map(Signer::name)
            .toArray(String[]::new);
    var options =
        new OptionsBuilder()
            .param("signer", signers)
            .mode(Mode.SingleShotTime)
            .warmupIterations(0)
            .measurementIterations(1)
            .forks(0)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true);

    assertThat(new Runner(options.build()).run())
        .extracting(result -> result.getParams().getBenchmark())
        .hasSameElementsAs(names());
  }

  private static List<String> names() {
    return BENCHMARKS.stream()
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(Benchmark.class))
        .map(method -> method.getDeclaringClass().getName() + "." + method.getName())
        .toList();
  }
}
