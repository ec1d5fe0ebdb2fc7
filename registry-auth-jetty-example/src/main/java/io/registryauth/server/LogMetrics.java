// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

/** Shows how the log gets on that is written beside the requests, see {@link QueuedAppender}. */
final class LogMetrics {
  private LogMetrics() {}

  static void register(PrometheusRegistry registry) {
    CounterWithCallback unusedCounter =
        CounterWithCallback.builder()
            .name("registry_auth_log_lines_dropped_total")
            .help(
                "Log lines that were dropped: standard error is not read, or not fast enough, or they"
                    + " could not be encoded.")
            .callback(dropped -> dropped.call((double) QueuedAppender.droppedLines()))
            .register(registry);
    GaugeWithCallback unusedGauge =
        GaugeWithCallback.builder()
            .name("registry_auth_log_waiting_bytes")
            .help("About how much memory the log lines take that are not written yet.")
            .unit(Unit.BYTES)
            .callback(waiting -> waiting.call((double) QueuedAppender.waitingBytes()))
            .register(registry);
  }
}
