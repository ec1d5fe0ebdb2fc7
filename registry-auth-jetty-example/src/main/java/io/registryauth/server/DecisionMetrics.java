// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.registryauth.TokenDecision;
import io.registryauth.TokenListener;
import io.registryauth.TokenResult;
import java.time.Duration;

/** Counts decisions, by what became of the request and why, and measures signatures. */
final class DecisionMetrics implements TokenListener {
  /** More than our own code has; an authenticator of others may have some, too. */
  private static final int MAX_REASONS = 100;

  private final BoundedLabel reasons = new BoundedLabel(MAX_REASONS);
  private final Counter decisions;
  private final CounterDataPoint issued;
  private final DistributionDataPoint signing;

  DecisionMetrics(PrometheusRegistry registry, Histogram stages) {
    decisions =
        Counter.builder()
            .name("registry_auth_decisions_total")
            .help("Decisions on token requests; outcome and reason are those of the audit log.")
            .labelNames("outcome", "reason")
            .withoutExemplars()
            .register(registry);
    signing = stages.labelValues("sign");
    // From the start, so that their rates count the first one, too.
    issued = decisions.labelValues(AuditLog.ISSUED, "");
    decisions.initLabelValues("unauthorized", "wrong-password");
    decisions.initLabelValues("unauthorized", "unknown-namespace");
    decisions.initLabelValues("toomanyrequests", "too-many-failed-attempts");
    decisions.initLabelValues("unavailable", "credentials-unavailable");
  }

  @Override
  public void onDecision(TokenDecision decision) {
    if (decision.result() instanceof TokenResult.Rejected rejected) {
      decisions.labelValues(AuditLog.outcome(rejected), reasons.of(rejected.reason())).inc();
    } else {
      issued.inc();
    }
  }

  @Override
  public void onSigned(Duration time) {
    signing.observe(time.toNanos() / 1e9);
  }
}
