// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import io.registryauth.TokenService;
import jakarta.servlet.ServletException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /auth?service=…&scope=…} with a token, by the <a
 * href="https://distribution.github.io/distribution/spec/auth/token/">token authentication
 * specification</a>, and POST of a form, by its <a
 * href="https://distribution.github.io/distribution/spec/auth/oauth/">OAuth2 variant</a>; the
 * registry's {@code realm} is the URL that this servlet is mapped to.
 *
 * <p>In {@code web.xml} these init parameters count; they are those of the server's command line,
 * with the same defaults:
 *
 * <table>
 * <caption>Init parameters</caption>
 * <tr><th>name</th><th>default</th></tr>
 * <tr><td>{@code credentials}</td><td>none: {@code directory:PATH} or {@code htpasswd:FILE} is
 * needed</td></tr>
 * <tr><td>{@code signing-key}</td><td>{@code /etc/registry-auth-keys/tls.key}</td></tr>
 * <tr><td>{@code signing-cert}</td><td>{@code /etc/registry-auth-keys/tls.crt}</td></tr>
 * <tr><td>{@code key-id}</td><td>{@code registry-auth-jwt-signer}; {@code libtrust} for the profile
 * {@code distribution-2.8}</td></tr>
 * <tr><td>{@code service}</td><td>{@code docker-registry}</td></tr>
 * <tr><td>{@code issuer}</td><td>{@code registry-token-issuer}</td></tr>
 * <tr><td>{@code expiration}</td><td>{@code 300}, in seconds</td></tr>
 * <tr><td>{@code push-expiration}</td><td>that of {@code expiration}, in seconds; for tokens that
 * allow more than to pull</td></tr>
 * <tr><td>{@code refresh-expiration}</td><td>{@code 2592000}, in seconds; {@code 0} for no refresh
 * tokens</td></tr>
 * <tr><td>{@code profile}</td><td>{@code distribution-3}, or {@code distribution-2.8}</td></tr>
 * <tr><td>{@code denied-response}</td><td>{@code unauthorized}, or {@code empty-token}</td></tr>
 * <tr><td>{@code public-namespaces}, {@code shared-namespaces}, {@code admin-namespaces}</td>
 * <td>none; names with commas between them</td></tr>
 * </table>
 *
 * <p>Thread-safe once it is initialized.
 */
public final class TokenServlet extends JsonServlet {
  private static final long serialVersionUID = 1L;

  /**
   * How long a form may take to come, beside the container's own limit on each part of it; for
   * servers that read it before they ask a servlet, too.
   */
  public static final Duration FORM_PATIENCE = Duration.ofSeconds(10);

  private transient @Nullable TokenService tokenService;

  /** For {@code web.xml}: the init parameters make the service. */
  public TokenServlet() {}

  /** For code: answers with a service. */
  public TokenServlet(TokenService tokenService) {
    this.tokenService = tokenService;
  }

  /** With a patience of its own for bodies that come slowly. */
  TokenServlet(TokenService tokenService, Duration patience) {
    super(patience);
    this.tokenService = tokenService;
  }

  /**
   * Makes the service, if there is none yet.
   *
   * @throws ServletException if an init parameter is unknown or its value not valid; the message
   *     names both
   */
  @Override
  public void init() throws ServletException {
    if (tokenService == null) {
      tokenService =
          InitParameters.read(
              getServletConfig(), InitParameters.OF_TOKENS, InitParameters::tokenService);
    }
  }

  @Override
  TokenResponse respond(TokenRequest request) {
    return Objects.requireNonNull(tokenService).respond(request);
  }

  @Override
  String allowedMethods() {
    return "GET, POST";
  }
}
