// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import io.registryauth.TokenListener;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.key.SigningKey;
import jakarta.servlet.Servlet;
import java.security.cert.X509Certificate;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.server.Handler;

/**
 * What {@code /metrics} shows: each part of the server is wrapped by what measures it. Names and
 * labels are documented in {@code docs/monitoring.md}. No label has a value that a client can
 * choose. Thread-safe.
 */
final class Metrics {
  // From an answer out of a cache to the longest that a client waits.
  private static final double[] SECONDS = {
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1, 2.5, 5, 10
  };

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Histogram stages =
      seconds("registry_auth_stage_duration_seconds", "How long a stage of a request took.")
          .labelNames("stage")
          .register(registry);
  private final DecisionMetrics decisions = new DecisionMetrics(registry, stages);
  private final StoreMetrics store = new StoreMetrics(registry, stages);
  private final KeyMetrics keys = new KeyMetrics(registry);
  private final LimitMetrics limits = new LimitMetrics(registry);

  Metrics() {
    LogMetrics.register(registry);
    JvmMetrics.builder().register(registry);
    Info.builder()
        .name("registry_auth_build_info")
        .help("The version of the server; always 1.")
        .labelNames("version")
        .register(registry)
        .setLabelValues(Main.Version.text());
  }

  static Histogram.Builder seconds(String name, String help) {
    return Histogram.builder()
        .name(name)
        .help(help)
        .unit(Unit.SECONDS)
        .withoutExemplars()
        .classicOnly()
        .classicUpperBounds(SECONDS);
  }

  /** Returns what counts decisions and the time of signatures. */
  TokenListener listener() {
    return decisions;
  }

  /** Wraps the store itself, whose calls leave the process or read files. */
  CredentialStore ofCalls(CredentialStore backend) {
    return store.ofCalls(backend);
  }

  /** Wraps what requests get credentials from, with whatever stands in front of the store. */
  CredentialStore ofRequests(CredentialStore whole) {
    return store.ofRequests(whole);
  }

  /** Shows what a cache does. */
  void show(CachingCredentialStore cache) {
    store.show(cache);
  }

  /**
   * Shows what tokens are signed with.
   *
   * @param key asked at each scrape, since a key may be replaced
   * @param refused whether its files were changed to what is no good
   */
  void showSigning(Supplier<SigningKey> key, BooleanSupplier refused) {
    keys.showSigning(key, refused);
  }

  /** Shows how many tokens were given out again. */
  void showReuse(LongSupplier reused) {
    CounterWithCallback unused =
        CounterWithCallback.builder()
            .name("registry_auth_tokens_reused_total")
            .help("Tokens that were given out again for an equal grant, see --token-reuse.")
            .callback(tokens -> tokens.call((double) reused.getAsLong()))
            .register(registry);
  }

  /** Shows the certificate that clients are served with, asked for at each scrape, as above. */
  void showTls(Supplier<X509Certificate> certificate, BooleanSupplier refused) {
    keys.showTls(certificate, refused);
  }

  /** Returns what counts whom the limits turn away. */
  LimitMetrics limits() {
    return limits;
  }

  /** Wraps what answers requests, to measure those that come by a connector of this name. */
  Handler ofConnector(String connector, Handler handler) {
    return new RequestMetrics(registry, connector, handler);
  }

  /** Returns what answers a scrape. */
  Servlet servlet() {
    return new MetricsServlet(registry);
  }
}
