// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.handler.EventsHandler;
import org.jspecify.annotations.Nullable;

/**
 * Measures the requests of one connector: how many are under way, and how long each took, from its
 * headers, or from its form, see {@link WholeBodyHandler}, to the last byte of the answer, by the
 * status of that.
 */
final class RequestMetrics extends EventsHandler {
  private final String connector;
  private final Gauge inFlight;
  private final Histogram duration;
  private final DistributionDataPoint durationOfGood;

  RequestMetrics(PrometheusRegistry registry, String connector, Handler handler) {
    super(handler);
    this.connector = connector;
    inFlight =
        Gauge.builder()
            .name("registry_auth_requests_in_flight")
            .help("Requests of clients that are under way.")
            .withoutExemplars()
            .register(registry);
    duration =
        Metrics.seconds(
                "registry_auth_request_duration_seconds",
                "How long clients waited for an answer, by its status.")
            .labelNames("code")
            .register(registry);
    durationOfGood = duration.labelValues("200");
    duration.initLabelValues("500");
  }

  @Override
  protected void onBeforeHandling(Request request) {
    if (isOurs(request)) {
      inFlight.inc();
    }
  }

  @Override
  protected void onComplete(
      Request request, int status, HttpFields headers, @Nullable Throwable failure) {
    if (isOurs(request)) {
      inFlight.dec();
      double seconds = (System.nanoTime() - request.getHeadersNanoTime()) / 1e9;
      DistributionDataPoint ofStatus =
          status == 200 ? durationOfGood : duration.labelValues(String.valueOf(status));
      ofStatus.observe(seconds);
    }
  }

  private boolean isOurs(Request request) {
    return connector.equals(request.getConnectionMetaData().getConnector().getName());
  }
}
