// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;

/** Says whether a text is what clients may be given to trust. */
final class CaCertificates {
  private CaCertificates() {}

  /**
   * Checks a text.
   *
   * @throws IllegalArgumentException if it has no certificate, or a private key with it
   */
  static void check(String pem) {
    if (pem.contains("PRIVATE KEY")) {
      throw new IllegalArgumentException(
          "there is a private key in it, which must not be handed out; valid are certificates");
    }
    try {
      if (!CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(pem.getBytes(UTF_8)))
          .isEmpty()) {
        return;
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException("it is no certificate; valid are certificates, PEM", e);
    }
    throw new IllegalArgumentException("there is no certificate in it; valid are some, PEM");
  }
}
