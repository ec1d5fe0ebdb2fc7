// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS with the certificate and key of two files, see {@link WatchedFiles}: while the server runs,
 * new connections get what is new, and open ones go on.
 */
final class TlsContext extends AbstractLifeCycle {
  private static final Logger log = LoggerFactory.getLogger(TlsContext.class);

  private final WatchedFiles<TlsCertificate> files;
  private final SslContextFactory.Server factory;
  private final ValidityWarning warning;

  TlsContext(
      String certificateFile,
      String keyFile,
      SslContextFactory.Server factory,
      InstantSource clock) {
    this.factory = factory;
    warning =
        new ValidityWarning(
            log, "The TLS certificate is not valid now ({}): clients refuse it", clock);
    files =
        new WatchedFiles<>(
            ImmutableSet.of(certificateFile, keyFile),
            ImmutableSet.of(),
            pem ->
                TlsCertificate.fromPem(
                    requireNonNull(pem.get(certificateFile)), requireNonNull(pem.get(keyFile))),
            log);
    factory.setSslContext(files.get().context());
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
    context.warning.check(context.files.get().certificate());
    return context;
  }

  SslContextFactory.Server factory() {
    return factory;
  }

  /** Returns the certificate that new connections get now. */
  X509Certificate certificate() {
    return files.get().certificate();
  }

  /** Returns whether the files are no good now, and an earlier certificate is in use. */
  boolean refused() {
    return files.refused();
  }

  @Override
  protected void doStart() {
    files.start(this::poll);
  }

  @Override
  protected void doStop() {
    files.close();
  }

  /** Looks at the files, and takes what is new and good. */
  void poll() {
    files.look(this::take);
    warning.check(files.get().certificate());
  }

  private void take(TlsCertificate renewed) throws Exception {
    factory.reload(context -> context.setSslContext(renewed.context()));
    warning.reset();
    log.info("New connections get the TLS certificate {}", renewed);
  }
}
