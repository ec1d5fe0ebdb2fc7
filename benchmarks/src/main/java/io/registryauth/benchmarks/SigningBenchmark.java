// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.Identity;
import io.registryauth.key.SigningKey;
import io.registryauth.scope.Access;
import io.registryauth.scope.ResourceScope;
import io.registryauth.scope.ScopeParser;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.Grant;
import io.registryauth.token.IssuedToken;
import io.registryauth.token.TokenIssuer;
import java.security.GeneralSecurityException;
import java.util.List;
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
 * A token is made and signed, beside the signature alone, by the same {@link SigningKey#sign}: what
 * is between the two is claims, JSON and Base64, which are ours and can be made faster.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SigningBenchmark {
  /** About as long as what is signed of a token to push. */
  private static final int SIGNED_BYTES = 500;

  @Param private Signer signer = Signer.RSA4096_JDK;

  private final byte[] text = new byte[SIGNED_BYTES];
  private SigningKey key;
  private TokenIssuer issuer;
  private Grant grant;

  /** Makes the key. */
  @Setup
  public void setUp() throws GeneralSecurityException {
    key = signer.key();
    issuer = TokenIssuer.builder(key).build();
    grant = new Grant(Requests.NAMESPACE, "docker-registry", access());
  }

  private static List<Access> access() {
    Identity tenant = new Identity.Tenant(new NamespaceName(Requests.NAMESPACE));
    ResourceScope scope = ScopeParser.parse(List.of(Requests.SCOPE)).scopes().get(0);
    return scope
        .narrowTo(
            NamespaceAuthorizer.builder()
                .build()
                .allowedActions(new AuthorizationRequest(tenant, scope)))
        .stream()
        .toList();
  }

  /** The signature alone, made as it is for a token. */
  @Benchmark
  public byte[] signature() {
    return key.sign(text);
  }

  /** The token, with its claims and its signature. */
  @Benchmark
  public IssuedToken token() {
    return issuer.issue(grant);
  }
}
