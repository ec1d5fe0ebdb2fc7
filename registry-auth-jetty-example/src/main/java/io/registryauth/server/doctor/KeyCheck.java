// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.KEY_KIND;
import static io.registryauth.server.doctor.FindingId.SIGNING_KEY_DIFFERS;

import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.util.Map;
import java.util.Optional;

/** Would the token server start with its key? */
final class KeyCheck implements Check {
  private static final String KEY = "tls.key";
  private static final String CERTIFICATE = "tls.crt";

  @Override
  public void check(Setup setup, Notes notes) {
    TokenServer server = setup.tokenServer();
    Map<String, String> texts = server.keys().texts();
    if (!texts.containsKey(KEY) && !texts.containsKey(CERTIFICATE)) {
      notes.notChecked("the token server's key", "there is none at " + server.keysWhere());
      return;
    }
    if (!texts.containsKey(KEY)) {
      notes.notChecked(
          "whether the private key is that of the certificate",
          "the private key cannot be read here; serve refuses one that is not");
    }
    Optional<String> keyPrint = thumbprint(texts, KEY, server, notes);
    Optional<String> certificatePrint = thumbprint(texts, CERTIFICATE, server, notes);
    if (keyPrint.isEmpty() || certificatePrint.isEmpty()) {
      return;
    }
    if (!keyPrint.equals(certificatePrint)) {
      notes.finding(
          SIGNING_KEY_DIFFERS,
          "the certificate is not that of the private key: its key has the thumbprint "
              + certificatePrint.get()
              + ", the private one "
              + keyPrint.get(),
          server.keysWhere(),
          "put the certificate of this key there: openssl req -x509 -new -key tls.key -days 365"
              + " -subj /CN=registry-auth-jwt-signer -out tls.crt; or the two that cert-manager"
              + " makes together");
      return;
    }
    rest(server, notes);
  }

  private static Optional<String> thumbprint(
      Map<String, String> texts, String name, TokenServer server, Notes notes) {
    String pem = texts.get(name);
    if (pem == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(VerificationKey.fromPem(pem, KeyIdStyle.rfc7638()).keyId());
    } catch (IllegalArgumentException e) {
      notes.consequence(
          new Finding(
              KEY_KIND,
              name + " cannot be used: " + e.getMessage(),
              server.keysWhere(),
              "make another, such as openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096"
                  + " -out tls.key, and its certificate; docs/keys.md has the others"));
      return Optional.empty();
    }
  }

  /** What is wrong with ids, with next and retired keys, or with key and profile together. */
  private static void rest(TokenServer server, Notes notes) {
    try {
      server.profile().check(server.keys().keySet(server.keyIdStyle()).current());
      notes.checked("the token server's key, " + server.keysWhere());
    } catch (IllegalArgumentException e) {
      notes.finding(
          e.getMessage() != null && e.getMessage().contains("Ed25519")
              ? KEY_KIND
              : SIGNING_KEY_DIFFERS,
          "serve does not start with these keys: " + e.getMessage(),
          server.keysWhere(),
          "see what the message names; docs/keys.md says how keys are changed");
    }
  }
}
