// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.authorization.Authorizer;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.BasicCredentialsParser;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Identity;
import io.registryauth.scope.Access;
import io.registryauth.scope.MalformedScope;
import io.registryauth.scope.RequestedScopes;
import io.registryauth.scope.ResourceScope;
import io.registryauth.scope.ScopeParser;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Answers the token requests of one registry, by the <a
 * href="https://distribution.github.io/distribution/spec/auth/token/">token authentication
 * specification</a>:
 *
 * <table>
 * <caption>What is answered</caption>
 * <tr><th>request</th><th>answer</th></tr>
 * <tr><td>good credentials, something granted</td><td>a token for exactly that</td></tr>
 * <tr><td>good credentials, no scope ({@code docker login})</td><td>a token without access</td></tr>
 * <tr><td>good credentials, nothing granted</td><td>401 DENIED, or a token without access: {@link
 * DeniedResponse}</td></tr>
 * <tr><td>no credentials, something granted to anybody</td><td>a token for that, of nobody</td></tr>
 * <tr><td>wrong or no credentials</td><td>401 UNAUTHORIZED, always the same</td></tr>
 * <tr><td>some scopes malformed</td><td>as if they were not there</td></tr>
 * <tr><td>all scopes malformed, another {@code service}, or anything else that makes no sense</td>
 * <td>400</td></tr>
 * <tr><td>the credentials cannot be verified now</td><td>503 UNAVAILABLE</td></tr>
 * </table>
 *
 * <p>Thread-safe; blocks as long as the authenticator does.
 */
public final class TokenService {
  private static final ImmutableSet<String> BOOLEANS =
      ImmutableSet.of(
          "1", "t", "T", "true", "True", "TRUE", "0", "f", "F", "false", "False", "FALSE");
  private static final int MAX_QUOTED = 200;
  private static final String UNAUTHORIZED_MESSAGE =
      "Authentication is required: the credentials are absent or wrong";

  private final String service;
  private final Authenticator authenticator;
  private final Authorizer authorizer;
  private final TokenIssuer issuer;
  private final DeniedResponse deniedResponse;
  private final TokenListener listener;

  private TokenService(Builder builder) {
    service = builder.service;
    authenticator = builder.authenticator;
    authorizer = builder.authorizer;
    issuer = builder.issuer;
    deniedResponse = builder.deniedResponse;
    listener = builder.listener;
  }

  /**
   * Starts to build a service.
   *
   * @param issuer what signs its tokens
   * @param authenticator what verifies credentials; over a store, a {@link
   *     io.registryauth.credential.CredentialStoreAuthenticator}
   */
  public static Builder builder(TokenIssuer issuer, Authenticator authenticator) {
    return new Builder(issuer, authenticator);
  }

  /** Returns the name of the service that the tokens are for, the registry's {@code service}. */
  public String service() {
    return service;
  }

  /** Decides on a request, tells the listener, and returns the HTTP response to send. */
  public TokenResponse respond(TokenRequest request) {
    return TokenResponse.of(issue(request), request.requestId(), service);
  }

  /** Decides on a request, and tells the listener. */
  public TokenResult issue(TokenRequest request) {
    RequestedScopes asked = ScopeParser.parse(request.parameter("scope"));
    Optional<TokenResult.Rejected> invalid =
        request.unreadable().or(() -> invalidParameter(request)).or(() -> allMalformed(asked));
    TokenResult result = invalid.isPresent() ? invalid.get() : decide(request, asked);
    listener.onDecision(new TokenDecision(request, asked, result));
    return result;
  }

  private Optional<TokenResult.Rejected> invalidParameter(TokenRequest request) {
    List<String> services = request.parameter("service");
    if (services.isEmpty() || services.equals(List.of(""))) {
      return badRequest(
          ErrorCode.MISSING_REQUIRED_FIELD,
          "The parameter service is missing; it must be " + service,
          "service-missing");
    }
    if (!services.equals(List.of(service))) {
      return badRequest(
          ErrorCode.UNSUPPORTED_VALUE,
          "The parameter service is " + quoted(services) + "; it must be " + service,
          "service-unknown");
    }
    List<String> offline = request.parameter("offline_token");
    if (!BOOLEANS.containsAll(offline)) {
      return badRequest(
          ErrorCode.BAD_TOKEN_OPTION,
          "The parameter offline_token is " + quoted(offline) + "; it must be true or false",
          "offline-token-invalid");
    }
    if (request.parameter("account").size() > 1) {
      return badRequest(
          ErrorCode.UNSUPPORTED_VALUE,
          "The parameter account is " + quoted(request.parameter("account")) + "; one is valid",
          "account-repeated");
    }
    if (request.authorizations().size() > 1) {
      return badRequest(
          ErrorCode.UNSUPPORTED_VALUE,
          "There are " + request.authorizations().size() + " Authorization headers; one is valid",
          "authorization-repeated");
    }
    return Optional.empty();
  }

  private static Optional<TokenResult.Rejected> allMalformed(RequestedScopes asked) {
    if (!asked.scopes().isEmpty() || asked.malformed().isEmpty()) {
      return Optional.empty();
    }
    MalformedScope first = asked.malformed().get(0);
    return badRequest(
        ErrorCode.UNSUPPORTED_VALUE,
        "The scope \"" + first.text() + "\" is malformed: " + first.problem(),
        "scope-malformed");
  }

  private static Optional<TokenResult.Rejected> badRequest(
      ErrorCode code, String message, String reason) {
    return Optional.of(new TokenResult.Rejected(400, code, message, reason));
  }

  private static String quoted(List<String> values) {
    String text = String.join("\" and \"", values);
    return "\"" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "…" : text) + "\"";
  }

  private TokenResult decide(TokenRequest request, RequestedScopes asked) {
    if (request.authorizations().isEmpty()) {
      return authorize(new Identity.Anonymous(), asked);
    }
    Optional<Credentials> credentials =
        BasicCredentialsParser.parse(request.authorizations().get(0));
    if (credentials.isEmpty()) {
      return unauthorized("malformed-credentials", "");
    }
    if (!accountFits(request, credentials.get())) {
      return unauthorized("account-is-not-the-user-name", "");
    }
    AuthenticationResult result;
    try {
      result = authenticator.authenticate(credentials.get());
    } catch (RuntimeException e) {
      // A CredentialStoreException, or a fault: either way it cannot be told now.
      return unavailable(e);
    }
    if (result instanceof AuthenticationResult.Refused refused) {
      String subject = refused.namespace().map(NamespaceName::value).orElse("");
      return unauthorized(refused.reason(), subject);
    }
    return authorize(((AuthenticationResult.Authenticated) result).tenant(), asked);
  }

  /** The account is what a client says of itself: it proves nothing, but it must not contradict. */
  private static boolean accountFits(TokenRequest request, Credentials credentials) {
    List<String> account = request.parameter("account");
    return account.isEmpty()
        || account.get(0).isEmpty()
        || account.get(0).equals(credentials.username());
  }

  private TokenResult authorize(Identity identity, RequestedScopes asked) {
    List<Access> access =
        asked.scopes().stream()
            .flatMap(scope -> scope.narrowTo(allowed(identity, scope)).stream())
            .toList();
    if (access.isEmpty() && identity instanceof Identity.Anonymous) {
      return unauthorized("no-credentials", "");
    }
    if (access.isEmpty()
        && !asked.scopes().isEmpty()
        && deniedResponse == DeniedResponse.UNAUTHORIZED) {
      return denied(identity.subject(), asked.scopes());
    }
    Grant grant = new Grant(identity.subject(), service, access);
    return new TokenResult.Issued(issuer.issue(grant), grant);
  }

  private Set<String> allowed(Identity identity, ResourceScope scope) {
    return authorizer.allowedActions(new AuthorizationRequest(identity, scope));
  }

  private static TokenResult unauthorized(String reason, String subject) {
    return new TokenResult.Rejected(
        401, ErrorCode.UNAUTHORIZED, UNAUTHORIZED_MESSAGE, reason, subject, Optional.empty());
  }

  private static TokenResult unavailable(RuntimeException cause) {
    return new TokenResult.Rejected(
        503,
        ErrorCode.UNAVAILABLE,
        "The credentials cannot be verified now; try again",
        "credentials-unavailable",
        "",
        Optional.of(cause));
  }

  private static TokenResult denied(String subject, List<ResourceScope> scopes) {
    String asked = scopes.stream().map(ResourceScope::toString).collect(Collectors.joining(" "));
    return new TokenResult.Rejected(
        401,
        ErrorCode.DENIED,
        "The namespace " + subject + " may have nothing of what is asked: " + asked,
        "nothing-granted",
        subject,
        Optional.empty());
  }

  /** Builds a {@link TokenService}. Not thread-safe. */
  public static final class Builder {
    private final TokenIssuer issuer;
    private final Authenticator authenticator;
    private String service = "docker-registry";
    private Authorizer authorizer = NamespaceAuthorizer.builder().build();
    private DeniedResponse deniedResponse = DeniedResponse.UNAUTHORIZED;
    private TokenListener listener = decision -> {};

    private Builder(TokenIssuer issuer, Authenticator authenticator) {
      this.issuer = issuer;
      this.authenticator = authenticator;
    }

    /**
     * Sets the name of the registry's {@code service}, which becomes the tokens' audience; by
     * default {@code docker-registry}.
     *
     * @throws IllegalArgumentException if it is empty or holds anything but printable ASCII without
     *     quote and backslash, since it stands in an HTTP header
     */
    @CanIgnoreReturnValue
    public Builder service(String name) {
      boolean valid =
          !name.isBlank()
              && name.chars().allMatch(c -> c >= ' ' && c < 0x7f && c != '"' && c != '\\');
      checkArgument(
          valid,
          "The service is \"%s\"; valid is printable ASCII without quote and backslash",
          name);
      service = name;
      return this;
    }

    /** Sets what decides on access; by default tenants have their own repositories alone. */
    @CanIgnoreReturnValue
    public Builder authorizer(Authorizer policy) {
      authorizer = policy;
      return this;
    }

    /** Sets the answer when nothing may be had; by default {@link DeniedResponse#UNAUTHORIZED}. */
    @CanIgnoreReturnValue
    public Builder deniedResponse(DeniedResponse response) {
      deniedResponse = response;
      return this;
    }

    /** Sets who hears of every decision; by default nobody. */
    @CanIgnoreReturnValue
    public Builder listener(TokenListener tokenListener) {
      listener = tokenListener;
      return this;
    }

    /** Makes the service. */
    public TokenService build() {
      return new TokenService(this);
    }
  }
}
