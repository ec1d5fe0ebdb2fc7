// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Sets;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.authorization.Authorizer;
import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Identity;
import io.registryauth.credential.Restriction;
import io.registryauth.credential.StoredPassword;
import io.registryauth.scope.Access;
import io.registryauth.scope.MalformedScope;
import io.registryauth.scope.RequestedScopes;
import io.registryauth.scope.ResourceScope;
import io.registryauth.scope.ScopeParser;
import io.registryauth.tenant.AccountName;
import io.registryauth.token.Grant;
import io.registryauth.token.IssuedToken;
import io.registryauth.token.RefreshToken;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
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
 * <tr><td>a refresh token in the place of credentials</td><td>as with good credentials, if it is
 * ours and the password it was given for still stored</td></tr>
 * <tr><td>wrong or no credentials</td><td>401 UNAUTHORIZED, always the same</td></tr>
 * <tr><td>credentials that the authenticator does not look at, since too many were wrong before</td>
 * <td>429 TOOMANYREQUESTS</td></tr>
 * <tr><td>some scopes malformed</td><td>as if they were not there</td></tr>
 * <tr><td>all scopes malformed, another {@code service}, or anything else that makes no sense</td>
 * <td>400</td></tr>
 * <tr><td>the credentials cannot be verified now</td><td>503 UNAVAILABLE</td></tr>
 * </table>
 *
 * <p>Thread-safe; blocks as long as the authenticator does.
 */
public final class TokenService {
  private static final String UNAUTHORIZED_MESSAGE =
      "Authentication is required: the credentials are absent or wrong";
  private static final Duration RETRY_UNAVAILABLE = Duration.ofSeconds(5);

  private final String service;
  private final Authenticator authenticator;
  private final Authorizer authorizer;
  private final TokenIssuer issuer;
  private final DeniedResponse deniedResponse;
  private final TokenListener listener;
  private final Optional<RefreshTokens> refreshTokens;

  private TokenService(Builder builder) {
    service = builder.service;
    authenticator = builder.authenticator;
    authorizer = builder.authorizer;
    issuer = builder.issuer;
    deniedResponse = builder.deniedResponse;
    listener = builder.listener;
    refreshTokens = builder.refreshTokens;
    checkArgument(
        refreshTokens.filter(tokens -> tokens.audience().equals(service)).isEmpty(),
        "The service is \"%s\", which is the audience of refresh tokens; valid is any other",
        service);
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
    return TokenResponse.of(issue(request), request, service);
  }

  /** Decides on a request, and tells the listener. */
  public TokenResult issue(TokenRequest request) {
    RequestedScopes asked = ScopeParser.parse(request.parameter("scope"));
    Optional<TokenResult.Rejected> invalid =
        request
            .unreadable()
            .or(() -> RequestRules.broken(request, service))
            .or(() -> allMalformed(asked));
    TokenResult result = invalid.isPresent() ? invalid.get() : decide(request, asked);
    listener.onDecision(new TokenDecision(request, asked, result));
    return result;
  }

  private static Optional<TokenResult.Rejected> allMalformed(RequestedScopes asked) {
    if (!asked.scopes().isEmpty() || asked.malformed().isEmpty()) {
      return Optional.empty();
    }
    MalformedScope first = asked.malformed().get(0);
    return Optional.of(
        new TokenResult.Rejected(
            400,
            ErrorCode.UNSUPPORTED_VALUE,
            "The scope \"" + first.text() + "\" is malformed: " + first.problem(),
            "scope-malformed"));
  }

  private TokenResult decide(TokenRequest request, RequestedScopes asked) {
    if (request.grantType().equals("refresh_token")) {
      return refresh(request, asked);
    }
    if (!request.isForm() && request.authorizations().isEmpty()) {
      return authorize(new Identity.Anonymous(), asked, Optional.empty());
    }
    Optional<Credentials> credentials = request.credentials();
    if (credentials.isEmpty()) {
      return unauthorized("malformed-credentials", "");
    }
    if (!accountFits(request, credentials.get().username())) {
      return unauthorized("account-is-not-the-user-name", "");
    }
    return authenticate(
        () ->
            authenticator.authenticate(
                new AuthenticationRequest(credentials.get(), request.clientAddress())),
        authenticated -> {
          TokenResult result = authorize(authenticated, asked);
          return request.isOffline() ? withRefreshToken(result, authenticated) : result;
        });
  }

  /** The client shows a refresh token in the place of a password, and gets the same one back. */
  private TokenResult refresh(TokenRequest request, RequestedScopes asked) {
    Optional<RefreshToken> token =
        refreshTokens.flatMap(tokens -> tokens.parse(request.refreshToken(), service));
    if (token.isEmpty()) {
      return unauthorized("refresh-token-invalid", "");
    }
    TokenResult result = refresh(request, asked, token.get());
    return result instanceof TokenResult.Rejected rejected
        ? rejected.with(token.get())
        : ((TokenResult.Issued) result).with(token.get());
  }

  private TokenResult refresh(TokenRequest request, RequestedScopes asked, RefreshToken token) {
    String subject = token.account().username();
    if (!request.authorizations().isEmpty()) {
      // Two proofs: whichever was meant, the client gets no more by the other.
      return unauthorized("authorization-beside-a-refresh-token", subject);
    }
    if (!accountFits(request, subject)) {
      return unauthorized("account-is-not-the-user-name", "");
    }
    return authenticate(
        () -> refreshTokens.orElseThrow().authenticate(token),
        authenticated -> authorize(authenticated, asked));
  }

  private static TokenResult authenticate(
      Supplier<AuthenticationResult> authentication,
      Function<AuthenticationResult.Authenticated, TokenResult> next) {
    AuthenticationResult result;
    try {
      result = authentication.get();
    } catch (RuntimeException e) {
      // A CredentialStoreException, or a fault: either way it cannot be told now.
      return unavailable(e);
    }
    if (result instanceof AuthenticationResult.Refused refused) {
      String subject = refused.account().map(AccountName::username).orElse("");
      return unauthorized(refused.reason(), subject);
    }
    if (result instanceof AuthenticationResult.Throttled throttled) {
      return tooManyRequests(throttled.retryAfter());
    }
    return next.apply((AuthenticationResult.Authenticated) result);
  }

  private TokenResult withRefreshToken(
      TokenResult result, AuthenticationResult.Authenticated authenticated) {
    if (!(result instanceof TokenResult.Issued issued)) {
      return result;
    }
    return refreshTokens
        .flatMap(
            tokens ->
                authenticated
                    .password()
                    .flatMap(password -> tokens.issue(authenticated.tenant(), password, service)))
        .map(issued::with)
        .orElse(issued);
  }

  /** The account is what a client says of itself: it proves nothing, but it must not contradict. */
  private static boolean accountFits(TokenRequest request, String username) {
    List<String> account = request.parameter("account");
    return account.isEmpty() || account.get(0).isEmpty() || account.get(0).equals(username);
  }

  private TokenResult authorize(
      AuthenticationResult.Authenticated authenticated, RequestedScopes asked) {
    Optional<Instant> end = authenticated.password().flatMap(StoredPassword::expires);
    return authorize(authenticated.tenant(), asked, end);
  }

  private TokenResult authorize(Identity identity, RequestedScopes asked, Optional<Instant> end) {
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
    Grant grant = new Grant(identity.subject(), service, access, end);
    return new TokenResult.Issued(sign(grant), grant);
  }

  private IssuedToken sign(Grant grant) {
    long began = System.nanoTime();
    IssuedToken token = issuer.issue(grant);
    listener.onSigned(Duration.ofNanos(System.nanoTime() - began));
    return token;
  }

  private Set<String> allowed(Identity identity, ResourceScope scope) {
    Set<String> allowed = authorizer.allowedActions(new AuthorizationRequest(identity, scope));
    if (!(identity instanceof Identity.Tenant tenant)
        || tenant.restriction().equals(Restriction.NONE)) {
      return allowed;
    }
    // What anybody may, nobody loses by showing credentials.
    Set<String> anybodys =
        authorizer.allowedActions(new AuthorizationRequest(new Identity.Anonymous(), scope));
    return Sets.union(tenant.restriction().narrow(scope, allowed), anybodys);
  }

  private static TokenResult unauthorized(String reason, String subject) {
    return new TokenResult.Rejected(
        401, ErrorCode.UNAUTHORIZED, UNAUTHORIZED_MESSAGE, reason, subject);
  }

  private static TokenResult tooManyRequests(Duration retryAfter) {
    long seconds = retryAfter.plusSeconds(1).minusNanos(1).toSeconds();
    return new TokenResult.Rejected(
        429,
        ErrorCode.TOOMANYREQUESTS,
        "Too many credentials from here were wrong; try again in " + seconds + " s",
        "too-many-failed-attempts",
        "",
        Optional.of(Duration.ofSeconds(seconds)),
        Optional.empty());
  }

  private static TokenResult unavailable(RuntimeException cause) {
    return new TokenResult.Rejected(
        503,
        ErrorCode.UNAVAILABLE,
        "The credentials cannot be verified now; try again",
        "credentials-unavailable",
        "",
        Optional.of(RETRY_UNAVAILABLE),
        Optional.of(cause));
  }

  private static TokenResult denied(String subject, List<ResourceScope> scopes) {
    String asked = scopes.stream().map(ResourceScope::toString).collect(Collectors.joining(" "));
    return new TokenResult.Rejected(
        401,
        ErrorCode.DENIED,
        "The account " + subject + " may have nothing of what is asked: " + asked,
        "nothing-granted",
        subject);
  }

  /** Builds a {@link TokenService}. Not thread-safe. */
  public static final class Builder {
    private final TokenIssuer issuer;
    private final Authenticator authenticator;
    private String service = "docker-registry";
    private Authorizer authorizer = NamespaceAuthorizer.builder().build();
    private DeniedResponse deniedResponse = DeniedResponse.UNAUTHORIZED;
    private TokenListener listener = decision -> {};
    private Optional<RefreshTokens> refreshTokens = Optional.empty();

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

    /**
     * Sets what gives refresh tokens to clients that ask for one, and takes them in the place of a
     * password; by default none are given or taken. They are given for passwords that the
     * authenticator found in a store, the one that they are verified with.
     */
    @CanIgnoreReturnValue
    public Builder refreshTokens(RefreshTokens tokens) {
      refreshTokens = Optional.of(tokens);
      return this;
    }

    /**
     * Makes the service.
     *
     * @throws IllegalArgumentException if the service is the audience of the refresh tokens, which
     *     a registry would then take
     */
    public TokenService build() {
      return new TokenService(this);
    }
  }
}
