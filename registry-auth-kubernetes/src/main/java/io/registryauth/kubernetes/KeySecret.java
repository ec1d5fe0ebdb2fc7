// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.util.Yaml;
import io.registryauth.key.JwksReader;
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
   * Changes the keys, and publishes what may verify: what comes to verify before the server has it,
   * and what no longer does is taken out when the server's Secret no longer has it.
   *
   * @param change one of the steps of {@link KeyEntries}, made again if somebody else writes at the
   *     same time; what it throws comes out of here
   * @return what was done to each Secret, in this order
   * @throws IllegalArgumentException if the keys that are stored are published under other ids, or
   *     an id would come to mean another key, see {@link KeyEntries#change}: also than one that was
   *     taken out of the JWK Set
   * @throws IOException if a call fails; a key that was published for the step is taken out again,
   *     or the message says that it may be there
   */
  public List<ObjectReport> update(UnaryOperator<KeyEntries> change) throws IOException {
    Step step = KubernetesObjects.retryOnConflict(() -> tryToUpdate(change));
    // Apart from the rest, which is done, and which could not be done again.
    Status withdrawn = withdraw(step);
    ObjectReport keys = KubernetesObjects.report(step.keys(), ManagedObjects.secret(name));
    ObjectReport jwks =
        KubernetesObjects.report(
            step.published() == Status.UNCHANGED ? withdrawn : step.published(),
            ManagedObjects.secret(jwksName));
    return step.published() == Status.UNCHANGED
        ? ImmutableList.of(keys, jwks)
        : ImmutableList.of(jwks, keys);
  }

  /** What was done, and what is to be taken out of the JWK Set after that. */
  private record Step(Status published, Status keys, StoredJwks now, StoredJwks removed) {}

  private Step tryToUpdate(UnaryOperator<KeyEntries> change) throws IOException {
    // First, and written only as it was read: what others retire meanwhile does not come back.
    Optional<V1Secret> jwks = publishedSecret();
    V1Secret stored = stored();
    KeyEntries before = entries(stored);
    KeyEntries after = change(before, change, jwks);
    StoredJwks now = jwks(after);
    StoredJwks old = jwks(before);
    Map<String, Optional<String>> changes = changes(before, after);
    try {
      Status published = publish(jwks, old.with(now), StoredJwks.EMPTY);
      if (!changes.isEmpty()) {
        objects.mergeData(stored, changes);
      }
      return new Step(
          published, changes.isEmpty() ? Status.UNCHANGED : Status.UPDATED, now, old.without(now));
    } catch (IOException e) {
      unpublish(now.without(old).without(set(jwks)), withdrawn(jwks), e);
      throw e;
    }
  }

  /** Makes the step, unless it would give a key the id of another that was taken out. */
  private KeyEntries change(
      KeyEntries before, UnaryOperator<KeyEntries> change, Optional<V1Secret> jwks) {
    KeyEntries after = before.change(change, style, JwksReader.read(set(jwks).toJson()));
    StoredJwks withdrawn = withdrawn(jwks);
    StoredJwks added = jwks(after).without(jwks(before)).withoutSame(withdrawn);
    StoredJwks reused = added.without(added.without(withdrawn));
    if (!reused.isEmpty()) {
      throw new IllegalArgumentException(
          "The key id "
              + reused.keyIds()
              + " is that of another key, which was taken out of the JWK Set (it is in "
              + JwksPublisher.WITHDRAWN_KEY
              + " of the Secret "
              + jwksName
              + "); valid is an id that no other key has had");
    }
    return after;
  }

  /**
   * Takes out what was added for a step that then failed, but for what the server's Secret has:
   * others may have stored it, or the answer alone was lost.
   */
  private void unpublish(StoredJwks added, StoredJwks withdrawn, IOException failure)
      throws IOException {
    if (added.isEmpty()) {
      return;
    }
    try {
      Status unused = KubernetesObjects.retryOnConflict(() -> tryToUnpublish(added, withdrawn));
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
      throw new IOException(
          JwksPublisher.JWKS_KEY
              + " of the Secret "
              + jwksName
              + " may have "
              + added.keyIds()
              + " by now: if the Secret "
              + name
              + " has no such key, take it out there, or have bootstrap make it anew ("
              + failure.getMessage()
              + "; "
              + e.getMessage()
              + ")",
          failure);
    }
  }

  private Status tryToUnpublish(StoredJwks added, StoredJwks withdrawn) throws IOException {
    Optional<V1Secret> secret = publishedSecret();
    StoredJwks kept = jwks(read());
    return secret.isEmpty()
        ? Status.UNCHANGED
        : write(
            secret.get(),
            changes(
                secret.get(),
                set(secret).withoutSame(added.withoutSame(kept)),
                withdrawn(secret).with(withdrawn.withoutSame(kept))));
  }

  private Status withdraw(Step step) throws IOException {
    if (step.removed().isEmpty()) {
      return Status.UNCHANGED;
    }
    try {
      return KubernetesObjects.retryOnConflict(
          () -> publish(publishedSecret(), step.now(), step.removed()));
    } catch (IOException e) {
      throw new IOException(
          "The Secret "
              + name
              + " is changed, but "
              + JwksPublisher.JWKS_KEY
              + " of the Secret "
              + jwksName
              + " still has "
              + step.removed().keyIds()
              + ": take that out there, or have bootstrap make it anew ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  private Optional<V1Secret> publishedSecret() throws IOException {
    return objects.get(ManagedObjects.secret(jwksName));
  }

  private static StoredJwks set(Optional<V1Secret> secret) {
    return secret.flatMap(JwksPublisher::storedJwks).orElse(StoredJwks.EMPTY);
  }

  private static StoredJwks withdrawn(Optional<V1Secret> secret) {
    return secret.map(JwksPublisher::withdrawn).orElse(StoredJwks.EMPTY);
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
  private Status publish(Optional<V1Secret> secret, StoredJwks added, StoredJwks removed)
      throws IOException {
    return secret.isEmpty()
        ? objects.create(JwksPublisher.secret(jwksName, added.toJson())).status()
        : write(secret.get(), published(secret.get(), added, removed));
  }

  private Status write(V1Secret secret, Map<String, Optional<String>> changes) throws IOException {
    if (changes.isEmpty()) {
      return Status.UNCHANGED;
    }
    objects.mergeData(secret, changes);
    return Status.UPDATED;
  }

  private static Map<String, Optional<String>> published(
      V1Secret secret, StoredJwks added, StoredJwks removed) {
    Optional<V1Secret> stored = Optional.of(secret);
    return changes(
        secret,
        set(stored).with(added).without(removed),
        withdrawn(stored).withoutSame(added).with(removed));
  }

  /** Returns what is to be written to the JWK Set's Secret: the set, and what was taken out. */
  private static Map<String, Optional<String>> changes(
      V1Secret secret, StoredJwks wanted, StoredJwks withdrawn) {
    Optional<V1Secret> stored = Optional.of(secret);
    StoredJwks last = withdrawn.last(JwksPublisher.MAX_WITHDRAWN);
    Map<String, Optional<String>> changes = new HashMap<>();
    if (!set(stored).equals(wanted)) {
      changes.put(JwksPublisher.JWKS_KEY, Optional.of(wanted.toJson()));
    }
    if (!withdrawn(stored).equals(last)) {
      changes.put(JwksPublisher.WITHDRAWN_KEY, Optional.of(last.toJson()));
    }
    return changes;
  }

  /**
   * Returns what {@link #update} would write, as YAML with two documents for {@code kubectl
   * replace}, in the order in which they can be written; writes nothing. It holds the keys.
   *
   * @throws IllegalArgumentException as {@link #update}
   * @throws IOException if a call fails, or if there is no Secret with the JWK Set to replace
   */
  public String manifest(UnaryOperator<KeyEntries> change) throws IOException {
    V1Secret jwks =
        publishedSecret()
            .orElseThrow(
                () ->
                    new IOException(
                        "The Secret "
                            + jwksName
                            + " with the JWK Set is not there, and kubectl replace cannot make it:"
                            + " have bootstrap make it first"));
    V1Secret stored = stored();
    KeyEntries before = entries(stored);
    KeyEntries after = change(before, change, Optional.of(jwks));
    StoredJwks old = jwks(before);
    StoredJwks now = jwks(after);
    V1Secret published = with(jwks, published(jwks, now, old.without(now)));
    V1Secret keys = with(stored, changes(before, after));
    boolean adds = !now.without(old).isEmpty();
    return Yaml.dumpAll(
        (adds ? ImmutableList.of(published, keys) : ImmutableList.of(keys, published)).iterator());
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
