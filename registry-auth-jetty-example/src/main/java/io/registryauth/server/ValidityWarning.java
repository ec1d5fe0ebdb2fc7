// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import org.slf4j.Logger;

/** Warns, once a day, while a certificate is not valid, or not any more. Not thread-safe. */
final class ValidityWarning {
  private static final Duration INTERVAL = Duration.ofDays(1);

  private final Logger log;
  private final String warning;
  private final InstantSource clock;
  private Instant warned = Instant.MIN;

  /**
   * Prepares to warn.
   *
   * @param warning what it means, with {@code {}} for the reason
   */
  ValidityWarning(Logger log, String warning, InstantSource clock) {
    this.log = log;
    this.warning = warning;
    this.clock = clock;
  }

  void check(X509Certificate certificate) {
    Instant now = clock.instant();
    try {
      certificate.checkValidity(Date.from(now));
      reset(); // or a clock that was wrong for a while would put off the next warning
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      if (!now.isBefore(warned.plus(INTERVAL))) {
        warned = now;
        log.warn(warning, e.getMessage());
      }
    }
  }

  /** Begins anew, since there is another certificate. */
  void reset() {
    warned = Instant.MIN;
  }
}
