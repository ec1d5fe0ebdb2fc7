// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * JMH benchmarks of what a request for a token passes, in that order: {@link
 * io.registryauth.benchmarks.ParserBenchmark}, {@link io.registryauth.benchmarks.DecisionBenchmark},
 * {@link io.registryauth.benchmarks.SigningBenchmark}, and all of it, {@link
 * io.registryauth.benchmarks.TokenServiceBenchmark}. {@code benchmarks/jmh} runs them.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.benchmarks;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
