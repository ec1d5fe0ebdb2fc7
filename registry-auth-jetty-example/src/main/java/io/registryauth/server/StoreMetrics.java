// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.SummaryWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.Unit;
import io.registryauth.credential.CacheStats;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import java.util.Optional;

/** Measures where credentials come from: the store, and the cache in front of it. */
final class StoreMetrics {
  private final PrometheusRegistry registry;
  private final DistributionDataPoint finding;
  private final DistributionDataPoint calling;
  private final CounterDataPoint found;
  private final CounterDataPoint none;
  private final CounterDataPoint failed;

  StoreMetrics(PrometheusRegistry registry, Histogram stages) {
    this.registry = registry;
    finding = stages.labelValues("credentials");
    calling = stages.labelValues("store");
    Counter calls =
        Counter.builder()
            .name("registry_auth_store_calls_total")
            .help("Calls of the store that has the credentials, by what they brought.")
            .labelNames("result")
            .withoutExemplars()
            .register(registry);
    found = calls.labelValues("found");
    none = calls.labelValues("none");
    failed = calls.labelValues("failed");
  }

  CredentialStore ofCalls(CredentialStore backend) {
    return measured(
        backend,
        lookup -> {
          long began = System.nanoTime();
          CounterDataPoint result = failed;
          try {
            Optional<StoredCredentials> credentials = backend.find(lookup);
            result = credentials.isPresent() ? found : none;
            return credentials;
          } finally {
            calling.observe((System.nanoTime() - began) / 1e9);
            result.inc();
          }
        });
  }

  CredentialStore ofRequests(CredentialStore whole) {
    return measured(
        whole,
        lookup -> {
          long began = System.nanoTime();
          try {
            return whole.find(lookup);
          } finally {
            finding.observe((System.nanoTime() - began) / 1e9);
          }
        });
  }

  /** Finds as the one does, and is the other in all else. */
  private static CredentialStore measured(CredentialStore inside, CredentialStore finding) {
    return new CredentialStore() {
      @Override
      public Optional<StoredCredentials> find(CredentialLookup lookup) {
        return finding.find(lookup);
      }

      @Override
      public StoredPassword standIn() {
        return inside.standIn();
      }
    };
  }

  void show(CachingCredentialStore cache) {
    CounterWithCallback.builder()
        .name("registry_auth_cache_lookups_total")
        .help("Lookups of credentials in the cache, by what answered them.")
        .labelNames("result")
        .callback(
            lookups -> {
              CacheStats stats = cache.stats();
              lookups.call((double) stats.hits(), "hit");
              lookups.call((double) stats.reads(), "read");
              lookups.call((double) stats.stale(), "stale");
              lookups.call((double) stats.failures(), "failed");
            })
        .register(registry);
    SummaryWithCallback.builder()
        .name("registry_auth_cache_served_age_seconds")
        .help("How old the copies were that the cache answered with.")
        .unit(Unit.SECONDS)
        .callback(
            age -> {
              CacheStats stats = cache.stats();
              age.call(
                  stats.hits() + stats.stale(), stats.servedAge().toNanos() / 1e9, Quantiles.EMPTY);
            })
        .register(registry);
    GaugeWithCallback.builder()
        .name("registry_auth_cache_entries")
        .help("Accounts in the cache, with credentials (known) and without (unknown).")
        .labelNames("kind")
        .callback(
            entries -> {
              CacheStats stats = cache.stats();
              entries.call((double) stats.known(), "known");
              entries.call((double) stats.unknown(), "unknown");
            })
        .register(registry);
  }
}
