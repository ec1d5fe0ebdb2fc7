// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

/**
 * Hears of every decision: an audit log, metrics. Called on the request's thread, by many at once,
 * before the client is answered; it must not block. An exception fails the request, so that no
 * token goes out without its audit.
 */
@FunctionalInterface
public interface TokenListener {
  /** Hears of one decision. */
  void onDecision(TokenDecision decision);
}
