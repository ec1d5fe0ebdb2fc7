// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.ImmutableList;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.lang.JoseException;

/** Reads the keys of a JWK Set that registries have, to compare them with the server's own. */
public final class JwksReader {
  private JwksReader() {}

  /**
   * Reads a JWK Set.
   *
   * @param jwks the JSON text, whoever wrote it
   * @return its keys; without those that are of no kind that signs tokens, and those without an id
   * @throws IllegalArgumentException if it is no JWK Set
   */
  public static List<VerificationKey> read(String jwks) {
    try {
      return new JsonWebKeySet(jwks)
          .getJsonWebKeys().stream()
              .flatMap(key -> verificationKey(key).stream())
              .collect(ImmutableList.toImmutableList());
    } catch (JoseException | ClassCastException e) {
      // The second for members of another type.
      throw new IllegalArgumentException("It is no JWK Set; valid is JSON with a list of keys", e);
    }
  }

  private static Optional<VerificationKey> verificationKey(JsonWebKey key) {
    if (!(key.getKey() instanceof PublicKey publicKey) || key.getKeyId() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(new VerificationKey(key.getKeyId(), publicKey));
    } catch (IllegalArgumentException ofAnotherKind) {
      return Optional.empty();
    }
  }
}
