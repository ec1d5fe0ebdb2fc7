// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** Counts what the server's limits turn away, of which no decision tells. Thread-safe. */
final class LimitMetrics {
  private final Counter turnedAway;

  /** Why something is turned away. */
  enum Reason {
    /** A request for a token gets 503, since too many are under way. */
    NO_PLACE("no-place"),
    /** A connection is closed to make room for another. */
    TOO_MANY_CONNECTIONS("too-many-connections"),
    /** A connection is closed that has not brought a request in time. */
    SLOW_REQUEST("slow-request"),
    /** A connection is closed whose client does not read the answer. */
    UNREAD_ANSWER("unread-answer");

    private final String label;

    Reason(String label) {
      this.label = label;
    }
  }

  LimitMetrics(PrometheusRegistry registry) {
    turnedAway =
        Counter.builder()
            .name("registry_auth_turned_away_total")
            .help("Requests and connections that a limit of the server turned away.")
            .labelNames("reason")
            .withoutExemplars()
            .register(registry);
    for (Reason reason : Reason.values()) {
      turnedAway.initLabelValues(reason.label);
    }
  }

  void count(Reason reason, int number) {
    turnedAway.labelValues(reason.label).inc(number);
  }
}
