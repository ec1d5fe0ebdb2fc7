// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Throwables;
import io.registryauth.TokenDecision;
import io.registryauth.TokenListener;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResult;
import io.registryauth.scope.MalformedScope;
import io.registryauth.token.RefreshToken;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs each decision as one event with key-value pairs, by the logger {@code
 * io.registryauth.audit}:
 *
 * <pre>
 * token request_id="…" client="10.0.3.7" subject="test-build" service="docker-registry"
 *   asked="repository:test-build/myapp:push,pull" ignored="" outcome="issued" reason=""
 *   granted="repository:test-build/myapp:push,pull" jti="…" grant_type="" refresh_jti=""
 * </pre>
 *
 * <p>{@code grant_type} is that of a POST, and {@code refresh_jti} names the refresh token that was
 * given, or shown if the former is {@code refresh_token}, and then even if it was refused, unless
 * it is none of ours. {@code docs/audit-log.schema.json} is the schema of an event in JSON.
 */
final class AuditLog implements TokenListener {
  /** The outcome when there is a token. */
  static final String ISSUED = "issued";

  private static final int MAX_SERVICE_LENGTH = 200;

  private final Logger audit = LoggerFactory.getLogger("io.registryauth.audit");
  private final Logger log = LoggerFactory.getLogger(AuditLog.class);

  @Override
  public void onDecision(TokenDecision decision) {
    TokenResult result = decision.result();
    if (result instanceof TokenResult.Issued issued) {
      log(decision, issued.grant().subject(), "")
          .addKeyValue("granted", joined(issued.grant().access()))
          .addKeyValue("jti", issued.token().tokenId())
          .addKeyValue("grant_type", decision.request().grantType())
          .addKeyValue("refresh_jti", tokenId(issued.refreshToken()))
          .log("token");
    } else if (result instanceof TokenResult.Rejected rejected) {
      log(decision, rejected.subject(), rejected.reason())
          .addKeyValue("granted", "")
          .addKeyValue("jti", "")
          .addKeyValue("grant_type", decision.request().grantType())
          .addKeyValue("refresh_jti", tokenId(rejected.refreshToken()))
          .log("token");
      rejected.cause().ifPresent(cause -> logFailure(decision.request().requestId(), cause));
    }
  }

  private static String tokenId(Optional<RefreshToken> refreshToken) {
    return refreshToken.map(RefreshToken::tokenId).orElse("");
  }

  /** Returns what became of a request, in a word. */
  static String outcome(TokenResult result) {
    return result instanceof TokenResult.Rejected rejected
        ? rejected.code().name().toLowerCase(Locale.ROOT)
        : ISSUED;
  }

  /** One line, since a store that is down fails every request; the trace is for those who look. */
  private void logFailure(String requestId, Throwable failure) {
    String causes =
        Throwables.getCausalChain(failure).stream()
            .map(Throwable::toString)
            .collect(Collectors.joining(": "));
    log.warn("Request {} failed: {}", requestId, causes);
    log.debug("Request {}", requestId, failure);
  }

  private LoggingEventBuilder log(TokenDecision decision, String subject, String reason) {
    TokenRequest request = decision.request();
    String service = request.service();
    List<MalformedScope> ignored = decision.asked().malformed();
    return audit
        .atInfo()
        .addKeyValue("request_id", request.requestId())
        .addKeyValue("client", request.clientAddress())
        .addKeyValue("subject", subject)
        .addKeyValue(
            "service", service.substring(0, Math.min(service.length(), MAX_SERVICE_LENGTH)))
        .addKeyValue("asked", joined(decision.asked().scopes()))
        .addKeyValue("ignored", joined(ignored.stream().map(MalformedScope::text).toList()))
        .addKeyValue("outcome", outcome(decision.result()))
        .addKeyValue("reason", reason);
  }

  private static String joined(Collection<?> values) {
    StringJoiner joined = new StringJoiner(" ");
    values.forEach(value -> joined.add(value.toString()));
    return joined.toString();
  }
}
