// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import jakarta.servlet.ServletException;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Serves the JWK Set, <a href="https://www.rfc-editor.org/rfc/rfc7517#section-5">RFC 7517</a>, that
 * tokens are verified with. A registry reads a file, not this; it is for people and other
 * verifiers.
 *
 * <p>In {@code web.xml} the init parameters {@code signing-cert}, {@code key-id} and {@code
 * profile} count, as for {@link TokenServlet}. Thread-safe once it is initialized.
 */
public final class JwksServlet extends JsonServlet {
  private static final long serialVersionUID = 1L;

  private transient @Nullable Supplier<String> jwks;

  /** For {@code web.xml}: the init parameters name the certificate. */
  public JwksServlet() {}

  /**
   * For code: serves what a supplier has, asked for each request.
   *
   * @param jwks the JSON text of the JWK Set, as {@link io.registryauth.key.JwksBuilder} builds it
   */
  public JwksServlet(Supplier<String> jwks) {
    this.jwks = jwks;
  }

  /**
   * Reads the certificate, if there is no JWK Set yet.
   *
   * @throws ServletException if an init parameter is unknown or its value not valid; the message
   *     names both
   */
  @Override
  public void init() throws ServletException {
    if (jwks == null) {
      String fixed =
          InitParameters.read(getServletConfig(), InitParameters.OF_JWKS, InitParameters::jwks);
      jwks = () -> fixed;
    }
  }

  @Override
  TokenResponse respond(TokenRequest request) {
    return new TokenResponse(
        200,
        Map.of("Content-Type", "application/json", "Cache-Control", "public, max-age=60"),
        Objects.requireNonNull(jwks).get());
  }

  @Override
  String allowedMethods() {
    return "GET, HEAD";
  }
}
