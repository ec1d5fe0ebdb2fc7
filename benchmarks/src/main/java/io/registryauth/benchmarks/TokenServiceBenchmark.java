// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import io.registryauth.TokenResponse;
import io.registryauth.TokenService;
import io.registryauth.token.TokenIssuer;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole answer to a request, from the strings that came to the text that goes: all but the HTTP
 * server and its logs. The credentials are in the cache, and nobody listens.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenServiceBenchmark {
  @Param private Signer signer = Signer.RSA4096_JDK;

  private TokenService service;

  /** Makes the service, and sees that it gives a token. */
  @Setup
  public void setUp() throws GeneralSecurityException {
    TokenIssuer issuer = TokenIssuer.builder(signer.key()).build();
    service = TokenService.builder(issuer, Requests.authenticator()).build();
    TokenResponse response = respond();
    if (response.status() != 200) {
      throw new IllegalStateException("The answer is no token: " + response);
    }
  }

  /** A token. */
  @Benchmark
  public TokenResponse respond() {
    return service.respond(Requests.push());
  }
}
