// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jose4j.keys.BigEndianBigInteger;

/**
 * Builds the JWK Set, <a href="https://www.rfc-editor.org/rfc/rfc7517#section-5">RFC 7517</a>, that
 * a registry verifies tokens with:
 *
 * <pre>{@code
 * {
 *   "keys": [
 *     {
 *       "kty": "RSA",
 *       "kid": "registry-auth-jwt-signer",
 *       "use": "sig",
 *       "alg": "RS256",
 *       "n": "tEsKG4N8f8DaRvOT3Y68bcylDvsh…",
 *       "e": "AQAB"
 *     }
 *   ]
 * }
 * }</pre>
 *
 * <p>Numbers are unsigned and as short as can be, as <a
 * href="https://www.rfc-editor.org/rfc/rfc7518#section-6.3">RFC 7518</a> demands: one entry that
 * breaks this stops a registry from starting. Not thread-safe.
 */
public final class JwksBuilder {
  private final Map<String, VerificationKey> keys = new LinkedHashMap<>();

  /** Starts with no key. */
  public JwksBuilder() {}

  /**
   * Adds a key after those that are there.
   *
   * @throws IllegalArgumentException if another key has the same id: a registry would forget one
   */
  @CanIgnoreReturnValue
  public JwksBuilder add(VerificationKey key) {
    VerificationKey before = keys.putIfAbsent(key.keyId(), key);
    if (before != null && !before.equals(key)) {
      throw new IllegalArgumentException("Two keys have the key id " + key.keyId());
    }
    return this;
  }

  /** Returns the JWK Set as JSON text with a line end after it. */
  public String build() {
    String entries =
        keys.values().stream().map(JwksBuilder::entry).collect(Collectors.joining(",\n"));
    return "{\n  \"keys\": [\n" + entries + "\n  ]\n}\n";
  }

  private static String entry(VerificationKey key) {
    // A key id holds nothing that JSON would escape: VerificationKey sees to it.
    return """
        {
          "kty": "RSA",
          "kid": "%s",
          "use": "sig",
          "alg": "RS256",
          "n": "%s",
          "e": "%s"
        }"""
        .formatted(
            key.keyId(),
            BigEndianBigInteger.toBase64Url(key.publicKey().getModulus()),
            BigEndianBigInteger.toBase64Url(key.publicKey().getPublicExponent()))
        .indent(4)
        .stripTrailing();
  }
}
