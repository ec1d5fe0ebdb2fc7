// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import java.time.Duration;

/**
 * Hears of every decision: an audit log, metrics. Called on the request's thread, by many at once,
 * before the client is answered; it must not block for longer than a request may wait. An exception
 * fails the request, so that no token goes out that the listener has not taken note of.
 */
@FunctionalInterface
public interface TokenListener {
  /** Hears of one decision. */
  void onDecision(TokenDecision decision);

  /**
   * Hears how long it took to sign a token, just before the decision to issue it; by default that
   * is ignored.
   */
  default void onSigned(Duration time) {}

  /** Returns a listener that tells this one and then another; not the other if this one fails. */
  default TokenListener andThen(TokenListener next) {
    TokenListener first = this;
    return new TokenListener() {
      @Override
      public void onDecision(TokenDecision decision) {
        first.onDecision(decision);
        next.onDecision(decision);
      }

      @Override
      public void onSigned(Duration time) {
        first.onSigned(time);
        next.onSigned(time);
      }
    };
  }
}
