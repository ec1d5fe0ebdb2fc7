// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.ImmutableList;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jose4j.jwk.JsonWebKey;

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
 * <p>An EC key has {@code crv}, {@code x} and {@code y}, an Ed25519 key (of {@code kty} OKP) {@code
 * crv} and {@code x}. The numbers of RSA are unsigned and as short as can be, the coordinates of an
 * EC key 32 bytes each, as <a href="https://www.rfc-editor.org/rfc/rfc7518#section-6">RFC 7518</a>
 * demands: one entry that breaks this stops a registry from starting. Not thread-safe.
 */
public final class JwksBuilder {
  /** What makes up a public key of whichever kind, and nothing of a private one. */
  private static final ImmutableList<String> KEY_MEMBERS =
      ImmutableList.of("crv", "x", "y", "n", "e");

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
    Map<String, String> members = new LinkedHashMap<>();
    Map<String, Object> jwk =
        VerificationKey.jwk(key.publicKey()).toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY);
    members.put("kty", (String) jwk.get("kty"));
    members.put("kid", key.keyId());
    members.put("use", "sig");
    members.put("alg", key.algorithm());
    for (String name : KEY_MEMBERS) {
      if (jwk.containsKey(name)) {
        members.put(name, (String) jwk.get(name));
      }
    }
    // No value holds anything that JSON would escape: for the key id, VerificationKey sees to it.
    return members.entrySet().stream()
        .map(member -> "      \"" + member.getKey() + "\": \"" + member.getValue() + "\"")
        .collect(Collectors.joining(",\n", "    {\n", "\n    }"));
  }
}
