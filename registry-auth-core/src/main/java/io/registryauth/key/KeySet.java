// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.ImmutableList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The keys of a token service at one time. One signs; all of them verify, so that a registry, which
 * reads its keys when it starts, has a new one before it signs, and an old one until its last token
 * has expired. Each has a key id of its own. Immutable.
 *
 * @param current what signs
 * @param next what will sign
 * @param retired what has signed, and whose tokens may still be valid
 */
public record KeySet(SigningKey current, Optional<SigningKey> next, List<SigningKey> retired) {
  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if two keys have the same key id, which no registry could tell
   *     apart
   */
  public KeySet {
    retired = ImmutableList.copyOf(retired);
    Set<String> ids = new HashSet<>();
    for (SigningKey key : all(current, next, retired)) {
      if (!ids.add(key.keyId())) {
        throw new IllegalArgumentException(
            "Two keys have the key id "
                + key.keyId()
                + ", and a registry cannot tell them apart; valid is an id for each");
      }
    }
  }

  /** Returns a set of one key, which signs. */
  public static KeySet of(SigningKey current) {
    return new KeySet(current, Optional.empty(), ImmutableList.of());
  }

  /** Returns all keys: current, next, retired. */
  public List<SigningKey> all() {
    return all(current, next, retired);
  }

  private static ImmutableList<SigningKey> all(
      SigningKey current, Optional<SigningKey> next, List<SigningKey> retired) {
    return Stream.of(Stream.of(current), next.stream(), retired.stream())
        .flatMap(keys -> keys)
        .collect(ImmutableList.toImmutableList());
  }

  /** Returns the key with an id, if it is in the set. */
  public Optional<SigningKey> find(String keyId) {
    return all().stream().filter(key -> key.keyId().equals(keyId)).findFirst();
  }

  /** Returns the JWK Set of all that may verify, as {@link JwksBuilder} builds it. */
  public String jwks() {
    JwksBuilder builder = new JwksBuilder();
    all().forEach(key -> builder.add(key.verificationKey()));
    return builder.build();
  }
}
