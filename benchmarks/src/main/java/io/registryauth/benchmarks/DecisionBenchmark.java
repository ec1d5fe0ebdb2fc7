// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.authorization.Authorizer;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.BasicCredentialsParser;
import io.registryauth.credential.Identity;
import io.registryauth.scope.Access;
import io.registryauth.scope.ResourceScope;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Who asks, and what they may have. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecisionBenchmark {
  private Authenticator authenticator = Requests.authenticator();
  private AuthenticationRequest credentials =
      new AuthenticationRequest(
          BasicCredentialsParser.parse(Requests.BASIC).orElseThrow(), "10.0.3.7");

  private Authorizer authorizer =
      NamespaceAuthorizer.builder()
          .publicNamespaces(List.of(new NamespaceName("public")))
          .sharedNamespaces(List.of(new NamespaceName("shared")))
          .adminNamespaces(List.of(new NamespaceName("operations")))
          .build();
  private Identity tenant = new Identity.Tenant(new NamespaceName(Requests.NAMESPACE));
  private ResourceScope own = repository("test-build/myapp");
  private ResourceScope foreign = repository("other-namespace/myapp");

  private static ResourceScope repository(String name) {
    return new ResourceScope(ResourceScope.REPOSITORY, name, Set.of("pull", "push"));
  }

  /** Credentials that are in the cache. */
  @Benchmark
  public AuthenticationResult authenticate() {
    return authenticator.authenticate(credentials);
  }

  /** A scope that is granted. */
  @Benchmark
  public Optional<Access> authorizeOwn() {
    return own.narrowTo(authorizer.allowedActions(new AuthorizationRequest(tenant, own)));
  }

  /** A scope of which nothing is granted. */
  @Benchmark
  public Optional<Access> authorizeForeign() {
    return foreign.narrowTo(authorizer.allowedActions(new AuthorizationRequest(tenant, foreign)));
  }
}
