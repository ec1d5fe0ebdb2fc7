// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.Unit;
import io.registryauth.key.SigningKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Shows which key signs, from when to when the certificates are valid that are in use, and whether
 * newer files were refused. All is asked for at each scrape, since keys and certificates are
 * replaced while the server runs.
 */
final class KeyMetrics {
  private final PrometheusRegistry registry;
  private final Map<String, Supplier<Optional<X509Certificate>>> certificates =
      new ConcurrentHashMap<>();
  private final Map<String, BooleanSupplier> refusals = new ConcurrentHashMap<>();

  KeyMetrics(PrometheusRegistry registry) {
    this.registry = registry;
    registerTimes(
        "registry_auth_certificate_not_before_timestamp_seconds",
        "Since when a certificate in use is valid.",
        certificate -> certificate.getNotBefore().toInstant());
    registerTimes(
        "registry_auth_certificate_not_after_timestamp_seconds",
        "Until when a certificate in use is valid.",
        certificate -> certificate.getNotAfter().toInstant());
    GaugeWithCallback unused =
        GaugeWithCallback.builder()
            .name("registry_auth_files_refused")
            .help("1 while the files of a key are no good and the last good ones are in use.")
            .labelNames("use")
            .callback(
                gauge ->
                    refusals.forEach(
                        (use, refused) -> gauge.call(refused.getAsBoolean() ? 1 : 0, use)))
            .register(registry);
  }

  private void registerTimes(String name, String help, Function<X509Certificate, Instant> time) {
    GaugeWithCallback unused =
        GaugeWithCallback.builder()
            .name(name)
            .help(help)
            .unit(Unit.SECONDS)
            .labelNames("use")
            .callback(
                gauge ->
                    certificates.forEach(
                        (use, certificate) ->
                            certificate
                                .get()
                                .map(time)
                                .ifPresent(at -> gauge.call(at.toEpochMilli() / 1e3, use))))
            .register(registry);
  }

  void showSigning(Supplier<SigningKey> key, BooleanSupplier refused) {
    refusals.put("signing", refused);
    certificates.put("signing", () -> key.get().certificates().stream().findFirst());
    registry.register(
        () ->
            InfoSnapshot.builder()
                .name("registry_auth_signing_key")
                .help("The key that signs tokens; always 1.")
                .dataPoint(InfoDataPointSnapshot.builder().labels(labels(key.get())).build())
                .build());
  }

  /** With the thumbprint of RFC 7638, since an id may be a name that every key gets in turn. */
  private static Labels labels(SigningKey key) {
    return Labels.of(
        "kid",
        key.keyId(),
        "algorithm",
        key.algorithm(),
        "thumbprint",
        key.verificationKey().thumbprint());
  }

  void showTls(Supplier<X509Certificate> certificate, BooleanSupplier refused) {
    refusals.put("tls", refused);
    certificates.put("tls", () -> Optional.of(certificate.get()));
  }
}
