// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import io.registryauth.ErrorCode;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers a probe: 200 while all is well, otherwise 503. Without a supplier, as in {@code web.xml},
 * all is well while the servlet answers. Thread-safe.
 */
public final class HealthServlet extends JsonServlet {
  private static final long serialVersionUID = 1L;

  private final transient Supplier<Optional<String>> problem;

  /** For {@code web.xml}: always well. */
  public HealthServlet() {
    this(Optional::empty);
  }

  /**
   * For code: well unless a supplier has a problem.
   *
   * @param problem which part is not well, without a secret, for the body of the answer; asked for
   *     each probe, by many threads at once; must not block
   */
  public HealthServlet(Supplier<Optional<String>> problem) {
    this.problem = problem;
  }

  @Override
  TokenResponse respond(TokenRequest request) {
    return problem
        .get()
        .map(part -> error(503, ErrorCode.UNAVAILABLE, "Not ready: " + part, request))
        .orElseGet(HealthServlet::well);
  }

  private static TokenResponse well() {
    return new TokenResponse(
        200,
        Map.of("Content-Type", "application/json", "Cache-Control", "no-store"),
        "{\"status\":\"ok\"}");
  }

  @Override
  String allowedMethods() {
    return "GET, HEAD";
  }
}
