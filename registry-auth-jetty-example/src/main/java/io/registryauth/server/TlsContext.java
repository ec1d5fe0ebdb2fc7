// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hashing;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS with the certificate and key of two files. While the server runs, they are read again every
 * {@value #POLL_SECONDS} s: new connections get what is new, and open ones go on. Files that are no
 * good pair are logged, once for each content, and what was good before stays in use. While that is
 * not valid, or not any more, a warning says so once a day.
 *
 * <p>It compares contents, since Kubernetes renews a mounted Secret by exchanging a link to the
 * directory, of which neither a watch on the files nor their times tell.
 */
final class TlsContext extends AbstractLifeCycle {
  private static final Logger log = LoggerFactory.getLogger(TlsContext.class);
  private static final int POLL_SECONDS = 5;
  private static final int ATTEMPTS = 3;
  private static final Duration WARNING_INTERVAL = Duration.ofDays(1);

  private final String certificateFile;
  private final String keyFile;
  private final SslContextFactory.Server factory;
  private final InstantSource clock;
  private final ScheduledExecutorService poller =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "tls-files");
            thread.setDaemon(true);
            return thread;
          });

  private volatile TlsCertificate inUse;
  private String seen;
  private Instant warned = Instant.MIN;

  TlsContext(
      String certificateFile,
      String keyFile,
      SslContextFactory.Server factory,
      InstantSource clock) {
    this.certificateFile = certificateFile;
    this.keyFile = keyFile;
    this.factory = factory;
    this.clock = clock;
    Pem pem = read();
    seen = pem.digest();
    inUse = pem.parse();
    factory.setSslContext(inUse.context());
    factory.setIncludeProtocols("TLSv1.2", "TLSv1.3");
    factory.setRenegotiationAllowed(false);
  }

  /**
   * Reads two PEM files.
   *
   * @throws IllegalArgumentException if they are no certificate and its key; the message says why
   */
  static TlsContext of(String certificateFile, String keyFile) {
    TlsContext context =
        new TlsContext(
            certificateFile, keyFile, new SslContextFactory.Server(), InstantSource.system());
    context.warnOfValidity();
    return context;
  }

  SslContextFactory.Server factory() {
    return factory;
  }

  /** Returns the certificate that new connections get now. */
  X509Certificate certificate() {
    return inUse.certificate();
  }

  @Override
  protected void doStart() {
    var unused =
        poller.scheduleWithFixedDelay(this::poll, POLL_SECONDS, POLL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  protected void doStop() {
    poller.shutdownNow();
  }

  /** Looks at the files, and takes what is new and good. */
  void poll() {
    try {
      Pem pem = read();
      if (!pem.digest().equals(seen)) {
        take(pem);
        seen = pem.digest(); // not if it failed for another reason: to be tried again
      }
    } catch (IllegalArgumentException e) {
      String problem = String.valueOf(e.getMessage());
      if (!problem.equals(seen)) {
        refuse(e);
        seen = problem;
      }
    } catch (Exception e) {
      log.error("Looking for a renewed TLS certificate failed; the next look comes", e);
    }
    warnOfValidity();
  }

  private void take(Pem pem) throws Exception {
    TlsCertificate renewed;
    try {
      renewed = pem.parse();
    } catch (IllegalArgumentException e) {
      refuse(e);
      return;
    }
    factory.reload(context -> context.setSslContext(renewed.context()));
    inUse = renewed;
    warned = Instant.MIN;
    log.info("New connections get the TLS certificate {}", renewed);
  }

  private void refuse(IllegalArgumentException reason) {
    log.error(
        "{} and {} are no certificate and key that TLS can use; {} stays in use: {}",
        certificateFile,
        keyFile,
        inUse,
        reason.getMessage());
  }

  private void warnOfValidity() {
    Instant now = clock.instant();
    try {
      inUse.certificate().checkValidity(Date.from(now));
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      if (!now.isBefore(warned.plus(WARNING_INTERVAL))) {
        warned = now;
        log.warn("The TLS certificate is not valid now ({}): clients refuse it", e.getMessage());
      }
    }
  }

  /** Reads a certificate and key that were there together, not one of before a renewal. */
  private Pem read() {
    String certificate = OptionValues.contents(certificateFile);
    for (int i = 0; i < ATTEMPTS; i++) {
      String key = OptionValues.contents(keyFile);
      String after = OptionValues.contents(certificateFile);
      if (after.equals(certificate)) {
        return new Pem(certificate, key);
      }
      certificate = after;
    }
    throw new IllegalArgumentException("the files change while they are read");
  }

  /** What is in the files. */
  private record Pem(String certificate, String key) {
    TlsCertificate parse() {
      return TlsCertificate.fromPem(certificate, key);
    }

    /** Tells one content from another, without keeping the key. */
    String digest() {
      return Hashing.sha256().hashString(certificate + '\0' + key, UTF_8).toString();
    }

    @Override
    public String toString() {
      return "Pem[" + digest() + "]";
    }
  }
}
