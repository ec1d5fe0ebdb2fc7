// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static com.google.common.base.Strings.nullToEmpty;

import io.registryauth.key.KeyEntries;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * The tokens of the token server: one is made if its private key is known, and else said what it
 * would be.
 */
final class OurTokens {
  private static final String KEY = "tls.key";
  private static final String CERTIFICATE = "tls.crt";

  private OurTokens() {}

  /** Returns the key that signs, if both parts of it are known and can be used. */
  static Optional<SigningKey> signingKey(TokenServer server) {
    try {
      SigningKey key = server.keys().keySet(server.keyIdStyle()).current();
      server.profile().check(key);
      return Optional.of(key);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns what decides whether a registry takes them, if a key or a certificate is known. */
  static Optional<TokenFacts> facts(TokenServer server) {
    Optional<SigningKey> key = signingKey(server);
    if (key.isPresent()) {
      return Optional.of(
          TokenFacts.of("the token server's tokens", TokenFacts.sign(key.get(), server)));
    }
    return publicKey(server)
        .map(verifying -> TokenFacts.predicted(verifying, certificates(server), server));
  }

  private static Optional<VerificationKey> publicKey(TokenServer server) {
    KeyEntries keys = server.keys();
    try {
      if (keys.texts().containsKey(CERTIFICATE)) {
        return Optional.of(keys.verificationKeys(server.keyIdStyle()).get(0));
      }
      return Optional.ofNullable(keys.texts().get(KEY))
          .map(pem -> VerificationKey.fromPem(pem, server.keyIdStyle()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static List<X509Certificate> certificates(TokenServer server) {
    return Certificates.parse(nullToEmpty(server.keys().texts().get(CERTIFICATE)));
  }
}
