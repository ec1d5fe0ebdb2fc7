// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CONFIG_INVALID;
import static io.registryauth.server.doctor.FindingId.KEY_KIND;

import java.security.cert.X509Certificate;
import java.security.interfaces.EdECPublicKey;
import java.util.List;

/** Does the registry start with its certificates, {@code auth.token.rootcertbundle}? */
final class BundleCheck implements Check {
  @Override
  public void check(Setup setup, Notes notes) {
    setup.bundle().ifPresent(source -> source(source, setup, notes));
  }

  private static void source(Source source, Setup setup, Notes notes) {
    String copy =
        "put the certificate of the key that signs there, tls.crt; then " + Fixes.restart();
    if (source.unread().isPresent()) {
      notes.notChecked("the registry's certificates, " + source, source.unread().get());
      return;
    }
    if (source.isMissing()) {
      notes.finding(
          CONFIG_INVALID,
          "the file that auth.token.rootcertbundle names is not there, so that the registry does not"
              + " start",
          source.where(),
          copy);
      return;
    }
    List<X509Certificate> certificates;
    try {
      certificates = Certificates.parse(source.text().orElseThrow());
    } catch (IllegalArgumentException e) {
      notes.finding(
          CONFIG_INVALID,
          "the registry does not start with its rootcertbundle: " + e.getMessage(),
          source.where(),
          copy);
      return;
    }
    notes.checked("the registry's certificates, " + source);
    if (!setup.assumedVersion().isV3()
        && certificates.stream()
            .anyMatch(certificate -> certificate.getPublicKey() instanceof EdECPublicKey)) {
      notes.finding(
          KEY_KIND,
          "registry 2.8 does not start with the certificate of an Ed25519 key",
          source.where(),
          "sign with an RSA or EC key: docs/keys.md; or use registry 3");
    }
  }
}
