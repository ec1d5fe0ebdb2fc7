// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.util.Yaml;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import io.registryauth.kubernetes.ObjectReport.Status;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Makes what a registry needs beside its own manifests, in the registry's namespace:
 *
 * <table>
 * <caption>Objects of the registry</caption>
 * <tr><th>object</th><th>what for</th></tr>
 * <tr><td>Namespace {@code registry}</td><td>an existing one is used as it is</td></tr>
 * <tr><td>Secret {@code registry-registry-auth}</td><td>{@code http-secret}, which all replicas of
 * the registry share; once there, it is never changed</td></tr>
 * <tr><td>Secret {@code registry-auth-keys-jwks}</td><td>{@code jwks.json}, by which the registry
 * verifies tokens; made from the certificates of the signing keys: current, next
 * and retired, without what {@link KeySecret} has taken out of it</td></tr>
 * </table>
 *
 * <p>The signing keys are Secrets that somebody else makes, such as cert-manager: they are awaited.
 * May be run again, and by several at the same time. Thread-safe.
 */
public final class RegistryBootstrap {
  private static final String HTTP_SECRET = "registry-registry-auth";
  private static final String HTTP_SECRET_KEY = "http-secret";
  private static final String JWKS = "registry-auth-keys-jwks";
  private static final String CERTIFICATE_KEY = "tls.crt";
  private static final String OPAQUE = "Opaque";
  private static final Duration POLL = Duration.ofSeconds(1);

  private final KubernetesObjects objects;
  private final NamespaceName namespace;
  private final ImmutableList<ObjectName> keySecrets;
  private final KeyIdStyle keyIdStyle;
  private final Duration wait;
  private final Consumer<ObjectReport> reports;

  private RegistryBootstrap(Builder builder) {
    objects = new KubernetesObjects(builder.client);
    namespace = builder.namespace;
    keySecrets =
        builder.keySecrets.stream()
            .map(name -> new ObjectName(namespace, name))
            .collect(ImmutableList.toImmutableList());
    keyIdStyle = builder.keyIdStyle;
    wait = builder.wait;
    reports = builder.reports;
  }

  /** Starts to build one that writes with a client's rights. */
  public static Builder builder(ApiClient client) {
    return new Builder(client);
  }

  /**
   * Makes what is missing, and waits for the keys.
   *
   * @throws IOException if a call fails, a key is not there in time, or is not usable
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void run() throws IOException, InterruptedException {
    reports.accept(createNamespace());
    reports.accept(createHttpSecret());
    for (ObjectName name : keySecrets) {
      await(name);
    }
    reports.accept(KubernetesObjects.retryOnConflict(this::tryToPublish));
  }

  /**
   * Reads the JWK Set before the keys, and replaces only what was read: else a key would come back
   * that is retired meanwhile.
   */
  private ObjectReport tryToPublish() throws IOException {
    Optional<V1Secret> stored = storedJwks();
    List<VerificationKey> keys = new ArrayList<>();
    for (ObjectName name : keySecrets) {
      keys.addAll(keys(name, entries(name).orElseThrow(() -> notThere(name))));
    }
    StoredJwks all = jwks(keys);
    V1Secret wanted = jwks(all, stored);
    ObjectReport report;
    if (stored.isEmpty()) {
      report = objects.create(wanted);
    } else {
      wanted.getMetadata().setResourceVersion(stored.get().getMetadata().getResourceVersion());
      report = objects.apply(wanted);
    }
    return new ObjectReport(report.status(), report.object(), leftOut(all, stored));
  }

  /**
   * Returns what {@link #run} would make, as YAML with several documents; writes nothing and waits
   * for nothing. It holds the secret of the registry: a new one if none is stored. Where a key is
   * not there yet, a comment says what is left out.
   *
   * @throws IOException if a call fails, or a key is not usable
   */
  public String manifest() throws IOException {
    List<KubernetesObject> all = new ArrayList<>();
    all.add(objects.fitted(ManagedObjects.namespace(namespace)));
    Optional<String> stored =
        objects
            .get(ManagedObjects.secret(httpSecretName()))
            .flatMap(secret -> ManagedObjects.text(secret, HTTP_SECRET_KEY));
    all.add(objects.fitted(httpSecret(stored.orElseGet(RandomSecret::next))));
    List<VerificationKey> keys = new ArrayList<>();
    for (ObjectName name : keySecrets) {
      Optional<KeyEntries> entries = entries(name);
      if (entries.isEmpty()) {
        return Yaml.dumpAll(all.iterator())
            + "# Left out is Secret "
            + jwksName()
            + ", since Secret "
            + name
            + " is not there yet.\n";
      }
      keys.addAll(keys(name, entries.get()));
    }
    StoredJwks jwks = jwks(keys);
    Optional<V1Secret> storedJwks = storedJwks();
    all.add(objects.fitted(jwks(jwks, storedJwks)));
    String leftOut = leftOut(jwks, storedJwks);
    return Yaml.dumpAll(all.iterator())
        + (leftOut.isEmpty() ? "" : "# Secret " + jwksName() + " is " + leftOut + ".\n");
  }

  private ObjectReport createNamespace() throws IOException {
    return objects.createIfAbsent(ManagedObjects.namespace(namespace));
  }

  private ObjectReport createHttpSecret() throws IOException {
    return KubernetesObjects.retryOnConflict(this::tryToCreateHttpSecret);
  }

  private ObjectReport tryToCreateHttpSecret() throws IOException {
    V1Secret wanted = httpSecret(RandomSecret.next());
    ObjectReport report = objects.createIfAbsent(wanted);
    if (report.status() == Status.CREATED) {
      return report;
    }
    Optional<V1Secret> stored = objects.get(wanted);
    if (stored.isEmpty()) {
      throw new ConflictException(ManagedObjects.describe(wanted) + " was deleted meanwhile");
    }
    if (ManagedObjects.entry(stored.get(), HTTP_SECRET_KEY).isPresent()) {
      return report;
    }
    // With nothing that came to be there meanwhile lost.
    objects.mergeData(
        stored.get(), ImmutableMap.of(HTTP_SECRET_KEY, Optional.of(RandomSecret.next())));
    return KubernetesObjects.report(Status.UPDATED, wanted);
  }

  private ObjectName httpSecretName() {
    return new ObjectName(namespace, HTTP_SECRET);
  }

  private V1Secret httpSecret(String value) {
    return ManagedObjects.secret(httpSecretName(), OPAQUE, ImmutableMap.of(HTTP_SECRET_KEY, value));
  }

  private void await(ObjectName name) throws IOException, InterruptedException {
    long start = System.nanoTime();
    Optional<KeyEntries> entries = entries(name);
    if (entries.isEmpty() && !wait.isZero()) {
      reports.accept(
          new ObjectReport(
              Status.WAITING,
              "Secret " + name,
              "for " + wait.toSeconds() + " s at the most; " + whoMakesIt(name)));
    }
    while (entries.isEmpty() && System.nanoTime() - start < wait.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(Math.min(POLL.toMillis(), Math.max(1, wait.toMillis())));
      entries = entries(name);
    }
    if (entries.isEmpty()) {
      throw notThere(name);
    }
  }

  private IOException notThere(ObjectName name) {
    return new IOException(
        "Secret "
            + name
            + " with "
            + CERTIFICATE_KEY
            + (wait.isZero()
                ? " is not there; "
                : " was not there within " + wait.toSeconds() + " s; ")
            + whoMakesIt(name));
  }

  private static String whoMakesIt(ObjectName name) {
    return "cert-manager makes it from a Certificate in the namespace "
        + name.namespace()
        + " with secretName "
        + name.name();
  }

  private Optional<KeyEntries> entries(ObjectName name) throws IOException {
    return objects
        .get(ManagedObjects.secret(name))
        .filter(secret -> ManagedObjects.text(secret, CERTIFICATE_KEY).isPresent())
        .map(KeySecret::entries);
  }

  private List<VerificationKey> keys(ObjectName name, KeyEntries entries) throws IOException {
    try {
      return entries.verificationKeys(keyIdStyle);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "Secret " + name + " has no usable " + CERTIFICATE_KEY + ": " + e.getMessage(), e);
    }
  }

  private ObjectName jwksName() {
    return new ObjectName(namespace, JWKS);
  }

  private Optional<V1Secret> storedJwks() throws IOException {
    return objects.get(ManagedObjects.secret(jwksName()));
  }

  private static StoredJwks jwks(List<VerificationKey> keys) throws IOException {
    JwksBuilder builder = new JwksBuilder();
    try {
      keys.forEach(builder::add);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          e.getMessage() + ": choose a style that gives each its own, such as rfc7638", e);
    }
    return StoredJwks.parse(builder.build()).orElseThrow();
  }

  private V1Secret jwks(StoredJwks all, Optional<V1Secret> stored) {
    return JwksPublisher.secret(jwksName(), all.withoutSame(withdrawn(stored)).toJson());
  }

  /** Says which keys are stored, but were taken out, maybe since they were stolen. */
  private static String leftOut(StoredJwks all, Optional<V1Secret> stored) {
    StoredJwks leftOut = all.withoutSame(all.withoutSame(withdrawn(stored)));
    return leftOut.isEmpty()
        ? ""
        : "without "
            + leftOut.keyIds()
            + ", which was taken out of it before, and is in "
            + JwksPublisher.WITHDRAWN_KEY;
  }

  private static StoredJwks withdrawn(Optional<V1Secret> stored) {
    return stored.map(JwksPublisher::withdrawn).orElse(StoredJwks.EMPTY);
  }

  /** Builds a bootstrap. */
  public static final class Builder {
    private final ApiClient client;
    private NamespaceName namespace = new NamespaceName("registry");
    private ImmutableList<String> keySecrets = ImmutableList.of("registry-auth-keys");
    private KeyIdStyle keyIdStyle = KeyIdStyle.fixed(KeyIdStyle.DEFAULT_KEY_ID);
    private Duration wait = Duration.ofMinutes(5);
    private Consumer<ObjectReport> reports = report -> {};

    private Builder(ApiClient client) {
      this.client = client;
    }

    /** Sets the registry's namespace; {@code registry} by default. */
    public Builder namespace(NamespaceName name) {
      namespace = name;
      return this;
    }

    /**
     * Sets the Secrets of the signing keys, of which all certificates count: of the current, the
     * next and the retired key; {@code registry-auth-keys} by default.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Builder keySecrets(List<String> names) {
      checkArgument(!names.isEmpty(), "At least one Secret with a key is needed");
      keySecrets = ImmutableList.copyOf(names);
      return this;
    }

    /** Sets how keys get their ids, as the server has it; a fixed one by default. */
    public Builder keyIdStyle(KeyIdStyle style) {
      keyIdStyle = style;
      return this;
    }

    /** Sets how long to wait for each key; 5 minutes by default, zero for not at all. */
    public Builder waitFor(Duration limit) {
      checkArgument(!limit.isNegative(), "The time to wait is negative: %s", limit);
      wait = limit;
      return this;
    }

    /** Sets who is told what was done, object by object, as it is done. */
    public Builder reports(Consumer<ObjectReport> consumer) {
      reports = consumer;
      return this;
    }

    /**
     * Builds it.
     *
     * @throws IllegalArgumentException if a name of a Secret is none
     */
    public RegistryBootstrap build() {
      return new RegistryBootstrap(this);
    }
  }
}
