// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CA_MISSING;

/** Have clients an authority to trust? Whether it is the registry's, the registry itself shows. */
final class CaCheck implements Check {
  @Override
  public void check(Setup setup, Notes notes) {
    setup.ca().ifPresent(source -> source(source, setup, notes));
  }

  private static void source(Source source, Setup setup, Notes notes) {
    if (source.unread().isPresent()) {
      notes.notChecked("the authority that clients trust, " + source, source.unread().get());
      return;
    }
    if (source.text().filter(CaCheck::hasCertificate).isEmpty()) {
      notes.finding(
          CA_MISSING,
          source.isMissing()
              ? "clients have no authority to trust, and refuse the registry's certificate"
              : "there is no certificate in it that clients could trust",
          source.where(),
          Fixes.tenantCreate(setup)
              + " makes it of the ca.crt of the registry's Secret registry-tls");
      return;
    }
    notes.checked("the authority that clients trust, " + source);
  }

  private static boolean hasCertificate(String pem) {
    try {
      return !Certificates.parse(pem).isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
