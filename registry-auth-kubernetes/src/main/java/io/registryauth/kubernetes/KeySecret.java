// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.util.Yaml;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.kubernetes.ObjectReport.Status;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The Secret with the signing keys of a server, {@link KeyEntries}, and the Secret with the JWK Set
 * that registries read, which is kept in step: a key is in it before the server has it, and leaves
 * it after the server's Secret. Needs the rights {@code get} and {@code patch} on both, and {@code
 * create} if there is no JWK Set. Thread-safe.
 */
public final class KeySecret {
  private static final String JWKS_KEY = "jwks.json";

  private final KubernetesObjects objects;
  private final ObjectName name;
  private final ObjectName jwksName;
  private final KeyIdStyle style;

  /**
   * Names the Secrets.
   *
   * @param name the Secret with the keys, which is there
   * @param jwksName the Secret with the JWK Set, which is made if it is not there
   * @param style gives keys their ids where no entry does, as the server has it
   */
  public KeySecret(ApiClient client, ObjectName name, ObjectName jwksName, KeyIdStyle style) {
    objects = new KubernetesObjects(client);
    this.name = name;
    this.jwksName = jwksName;
    this.style = style;
  }

  /**
   * Returns what is stored.
   *
   * @throws IOException if the call fails, or there is no such Secret
   */
  public KeyEntries read() throws IOException {
    return entries(stored());
  }

  private V1Secret stored() throws IOException {
    V1Secret named = ManagedObjects.secret(name);
    return objects
        .get(named)
        .orElseThrow(
            () -> new IOException(ManagedObjects.describe(named) + " with the keys is not there"));
  }

  static KeyEntries entries(V1Secret secret) {
    Map<String, String> texts = new HashMap<>();
    KeyEntries.NAMES.forEach(
        name -> ManagedObjects.text(secret, name).ifPresent(text -> texts.put(name, text)));
    return new KeyEntries(texts);
  }

  /**
   * Changes the keys, and publishes what may verify.
   *
   * @param change is made again if somebody else writes at the same time; what it throws comes out
   *     of here
   * @return what was done to each Secret
   * @throws IOException if a call fails
   */
  public List<ObjectReport> update(UnaryOperator<KeyEntries> change) throws IOException {
    return KubernetesObjects.retryOnConflict(() -> tryToUpdate(change));
  }

  private List<ObjectReport> tryToUpdate(UnaryOperator<KeyEntries> change) throws IOException {
    V1Secret stored = stored();
    KeyEntries before = entries(stored);
    KeyEntries after = change.apply(before);
    StoredJwks old = jwks(before);
    StoredJwks now = jwks(after);
    Status published = publish(old.with(now), StoredJwks.EMPTY);
    Map<String, Optional<String>> changes = changes(before, after);
    if (!changes.isEmpty()) {
      objects.mergeData(stored, changes);
    }
    Status withdrawn = publish(now, old.without(now));
    return ImmutableList.of(
        KubernetesObjects.report(changes.isEmpty() ? Status.UNCHANGED : Status.UPDATED, stored),
        KubernetesObjects.report(
            published == Status.UNCHANGED ? withdrawn : published,
            ManagedObjects.secret(jwksName)));
  }

  private StoredJwks jwks(KeyEntries entries) {
    return StoredJwks.parse(entries.keySet(style).jwks()).orElseThrow();
  }

  private static Map<String, Optional<String>> changes(KeyEntries before, KeyEntries after) {
    ImmutableMap.Builder<String, Optional<String>> changes = ImmutableMap.builder();
    for (String entry : KeyEntries.NAMES) {
      String text = after.texts().get(entry);
      if (!Objects.equals(before.texts().get(entry), text)) {
        changes.put(entry, Optional.ofNullable(text));
      }
    }
    return changes.buildOrThrow();
  }

  /** Adds keys to the JWK Set, and takes others out. */
  private Status publish(StoredJwks added, StoredJwks removed) throws IOException {
    Optional<V1Secret> secret = objects.get(ManagedObjects.secret(jwksName));
    if (secret.isEmpty()) {
      return objects.create(JwksPublisher.secret(jwksName, added.toJson())).status();
    }
    Optional<StoredJwks> stored = storedJwks(secret.get());
    StoredJwks wanted = stored.orElse(StoredJwks.EMPTY).with(added).without(removed);
    if (stored.filter(wanted::equals).isPresent()) {
      return Status.UNCHANGED;
    }
    objects.mergeData(secret.get(), ImmutableMap.of(JWKS_KEY, Optional.of(wanted.toJson())));
    return Status.UPDATED;
  }

  private static Optional<StoredJwks> storedJwks(V1Secret secret) {
    return ManagedObjects.text(secret, JWKS_KEY).flatMap(StoredJwks::parse);
  }

  /**
   * Returns what {@link #update} would write, as YAML with two documents for {@code kubectl
   * replace}; writes nothing. It holds the keys.
   *
   * @throws IOException if a call fails
   */
  public String manifest(UnaryOperator<KeyEntries> change) throws IOException {
    V1Secret stored = stored();
    KeyEntries before = entries(stored);
    KeyEntries after = change.apply(before);
    V1Secret named = ManagedObjects.secret(jwksName);
    Optional<V1Secret> storedJwks = objects.get(named);
    StoredJwks published = storedJwks.flatMap(KeySecret::storedJwks).orElse(StoredJwks.EMPTY);
    StoredJwks now = jwks(after);
    String wanted = published.with(now).without(jwks(before).without(now)).toJson();
    return Yaml.dumpAll(
        ImmutableList.of(
                with(stored, changes(before, after)),
                with(storedJwks.orElse(named), Map.of(JWKS_KEY, Optional.of(wanted))))
            .iterator());
  }

  private static V1Secret with(V1Secret secret, Map<String, Optional<String>> changes) {
    Map<String, byte[]> data =
        new HashMap<>(Optional.ofNullable(secret.getData()).orElse(Map.of()));
    changes.forEach(
        (key, text) -> {
          if (text.isPresent()) {
            data.put(key, text.get().getBytes(UTF_8));
          } else {
            data.remove(key);
          }
        });
    secret.getMetadata().setManagedFields(null);
    return secret.data(data);
  }
}
