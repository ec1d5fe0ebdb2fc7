// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import io.registryauth.TokenRequest;
import io.registryauth.credential.BasicCredentialsParser;
import io.registryauth.credential.Credentials;
import io.registryauth.scope.RequestedScopes;
import io.registryauth.scope.ScopeParser;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a client sends is read: the query with its scopes, and the Authorization header. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ParserBenchmark {
  private List<String> one = List.of(Requests.SCOPE);
  private List<String> most =
      IntStream.range(0, ScopeParser.MAX_SCOPES)
          .mapToObj(i -> "repository:test-build/app-" + i + ":pull,push")
          .toList();
  private List<String> malformed =
      Collections.nCopies(ScopeParser.MAX_SCOPES, "repository:Test-Build/app:pull,push");
  private String basic = Requests.BASIC;

  /** One scope, as clients ask. */
  @Benchmark
  public RequestedScopes scope() {
    return ScopeParser.parse(one);
  }

  /** As many scopes as one request may have, each of another repository. */
  @Benchmark
  public RequestedScopes mostScopes() {
    return ScopeParser.parse(most);
  }

  /** As many, none of which is one. */
  @Benchmark
  public RequestedScopes malformedScopes() {
    return ScopeParser.parse(malformed);
  }

  /** An Authorization header. */
  @Benchmark
  public Optional<Credentials> basic() {
    return BasicCredentialsParser.parse(basic);
  }

  /** A whole request, but for its scopes and credentials, which are read later. */
  @Benchmark
  public TokenRequest request() {
    return Requests.push();
  }
}
