// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import com.google.common.collect.ImmutableList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The keys of a token service at one time. One signs; all of them verify, so that a registry, which
 * reads its keys when it starts, has a new one before it signs, and an old one until its last token
 * has expired. Each is there once, with a key id of its own. Immutable.
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
   *     apart, or if one key is there twice, under two ids
   */
  public KeySet {
    retired = ImmutableList.copyOf(retired);
    Set<String> ids = new HashSet<>();
    Map<String, String> idsByThumbprint = new HashMap<>();
    for (SigningKey key : all(current, next, retired)) {
      if (!ids.add(key.keyId())) {
        throw new IllegalArgumentException(
            "Two keys have the key id "
                + key.keyId()
                + ", and a registry cannot tell them apart; valid is an id for each");
      }
      String other = idsByThumbprint.put(key.verificationKey().thumbprint(), key.keyId());
      if (other != null) {
        throw new IllegalArgumentException(
            other + " and " + key.keyId() + " are the same key; valid is one id for each key");
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

  /** Returns the same keys, each changed by an operator, which keeps its id. */
  public KeySet map(UnaryOperator<SigningKey> operator) {
    return new KeySet(
        operator.apply(current), next.map(operator), retired.stream().map(operator).toList());
  }

  /** Returns the key with an id, if it is in the set. */
  public Optional<SigningKey> find(String keyId) {
    return all().stream().filter(key -> key.keyId().equals(keyId)).findFirst();
  }

  /**
   * Returns in what this contradicts what is known: an id means the same key for ever, and a key
   * has the same id for ever, since a registry finds a token's key by its id in what it has read
   * when it started.
   *
   * @param known keys that registries may have, such as those of the JWK Set of before
   * @return a sentence without its full stop; empty if there is no contradiction
   */
  public Optional<String> contradiction(List<VerificationKey> known) {
    return all().stream()
        .map(SigningKey::verificationKey)
        .flatMap(key -> contradiction(key, known).stream())
        .findFirst();
  }

  private static Optional<String> contradiction(VerificationKey key, List<VerificationKey> known) {
    Set<String> thumbprints = new HashSet<>();
    Set<String> ids = new HashSet<>();
    for (VerificationKey other : known) {
      if (other.keyId().equals(key.keyId())) {
        thumbprints.add(other.thumbprint());
      }
      if (other.thumbprint().equals(key.thumbprint())) {
        ids.add(other.keyId());
      }
    }
    if (!Set.of(key.thumbprint()).containsAll(thumbprints)) {
      return Optional.of(
          "The key id "
              + key.keyId()
              + " is that of another key in what registries may have, and they would refuse all"
              + " tokens of this one");
    }
    if (!ids.isEmpty() && !ids.contains(key.keyId())) {
      return Optional.of(
          "The key has the id "
              + ids.iterator().next()
              + " in what registries may have, and they would refuse all its tokens as "
              + key.keyId());
    }
    return Optional.empty();
  }

  /** Returns the JWK Set of all that may verify, as {@link JwksBuilder} builds it. */
  public String jwks() {
    JwksBuilder builder = new JwksBuilder();
    all().forEach(key -> builder.add(key.verificationKey()));
    return builder.build();
  }
}
