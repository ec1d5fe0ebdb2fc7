// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderResult;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The certificates of a PEM file, and what they prove. */
final class Certificates {
  private Certificates() {}

  /**
   * Reads those of a text; what else is in it is skipped, as registries do.
   *
   * @throws IllegalArgumentException if one is damaged
   */
  static ImmutableList<X509Certificate> parse(String pem) {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(pem.getBytes(UTF_8)))
          .stream()
          .map(X509Certificate.class::cast)
          .collect(ImmutableList.toImmutableList());
    } catch (CertificateException e) {
      throw new IllegalArgumentException("it is no certificates in PEM", e);
    }
  }

  /**
   * Reads those of an {@code x5c}, RFC 7515 section 4.1.6.
   *
   * @throws IllegalArgumentException if one is not the Base64 of a certificate
   */
  static ImmutableList<X509Certificate> ofChain(List<String> x5c) {
    ImmutableList.Builder<X509Certificate> certificates = ImmutableList.builder();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (String certificate : x5c) {
        byte[] der = Base64.getDecoder().decode(certificate);
        certificates.add(
            (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
      return certificates.build();
    } catch (CertificateException e) {
      throw new IllegalArgumentException("its x5c is no list of certificates", e);
    }
  }

  /** Says why one of these is not valid at a time, if one is not. */
  static Optional<String> invalidity(List<X509Certificate> certificates, Instant now) {
    return certificates.stream()
        .filter(certificate -> !isValid(certificate, now))
        .map(
            certificate ->
                "the certificate of %s is valid from %s to %s"
                    .formatted(
                        certificate.getSubjectX500Principal(),
                        certificate.getNotBefore().toInstant(),
                        certificate.getNotAfter().toInstant()))
        .findFirst();
  }

  private static boolean isValid(X509Certificate certificate, Instant now) {
    return !now.isBefore(certificate.getNotBefore().toInstant())
        && !now.isAfter(certificate.getNotAfter().toInstant());
  }

  private static Instant validTime(List<X509Certificate> chain, Instant now) {
    return invalidity(chain, now).isEmpty()
        ? now
        : chain.stream()
            .map(certificate -> certificate.getNotBefore().toInstant())
            .max(Comparator.naturalOrder())
            .orElse(now);
  }

  /**
   * Says whether a chain, the own certificate first, leads to one of the roots: now, or if its time
   * is over, when it was valid. That it is over is another fault than that somebody else signed.
   */
  static boolean leadsTo(List<X509Certificate> roots, List<X509Certificate> chain, Instant now) {
    if (roots.contains(chain.get(0))) {
      return true;
    }
    if (roots.isEmpty()) {
      return false;
    }
    try {
      X509CertSelector own = new X509CertSelector();
      own.setCertificate(chain.get(0));
      PKIXBuilderParameters parameters =
          new PKIXBuilderParameters(
              roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet()),
              own);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(validTime(chain, now)));
      parameters.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
      CertPathBuilderResult unused = CertPathBuilder.getInstance("PKIX").build(parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
