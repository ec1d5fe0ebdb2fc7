// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import io.registryauth.token.Grant;
import io.registryauth.token.IssuedToken;
import io.registryauth.token.RefreshToken;
import java.time.Duration;
import java.util.Optional;

/** What became of a token request. */
public sealed interface TokenResult {
  /**
   * A token was issued.
   *
   * @param token the token
   * @param grant what it says
   * @param refreshToken what the client can get more tokens with, if it asked for that: a new one,
   *     or the one that it showed
   */
  record Issued(IssuedToken token, Grant grant, Optional<RefreshToken> refreshToken)
      implements TokenResult {
    Issued(IssuedToken token, Grant grant) {
      this(token, grant, Optional.empty());
    }

    Issued with(RefreshToken refresh) {
      return new Issued(token, grant, Optional.of(refresh));
    }
  }

  /**
   * The request was refused.
   *
   * @param status the HTTP status to answer with
   * @param code the code to answer with
   * @param message what to tell the client
   * @param reason why, in a few lower-case words with hyphens between them, for the audit log and
   *     metrics: the client must not see it, since it tells a wrong password from an unknown
   *     namespace
   * @param subject the namespace that asked, or that exists and was claimed to ask; or nothing
   * @param retryAfter when the client should come again, if that may help
   * @param cause what failed, if anything did; its text may go to a log, never to the client
   * @param refreshToken the refresh token that the client showed, if it is one of ours that is not
   *     good any more, or not for this
   */
  record Rejected(
      int status,
      ErrorCode code,
      String message,
      String reason,
      String subject,
      Optional<Duration> retryAfter,
      Optional<Throwable> cause,
      Optional<RefreshToken> refreshToken)
      implements TokenResult {
    Rejected(
        int status,
        ErrorCode code,
        String message,
        String reason,
        String subject,
        Optional<Duration> retryAfter,
        Optional<Throwable> cause) {
      this(status, code, message, reason, subject, retryAfter, cause, Optional.empty());
    }

    Rejected(int status, ErrorCode code, String message, String reason) {
      this(status, code, message, reason, "");
    }

    Rejected(int status, ErrorCode code, String message, String reason, String subject) {
      this(status, code, message, reason, subject, Optional.empty(), Optional.empty());
    }

    Rejected with(RefreshToken refresh) {
      return new Rejected(
          status, code, message, reason, subject, retryAfter, cause, Optional.of(refresh));
    }
  }
}
