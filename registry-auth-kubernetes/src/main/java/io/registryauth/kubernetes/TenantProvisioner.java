// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.util.Yaml;
import io.registryauth.kubernetes.ObjectReport.Status;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Makes, renews, inspects and deletes what a tenant needs to use the registry, in the tenant's own
 * namespace:
 *
 * <table>
 * <caption>Objects of the tenant {@code test-build}</caption>
 * <tr><th>object</th><th>what for</th></tr>
 * <tr><td>Namespace {@code test-build}</td><td>an existing one is used as it is</td></tr>
 * <tr><td>Secret {@code test-build-registry-credentials}</td><td>user name and password, which the
 * server reads</td></tr>
 * <tr><td>Secret {@code registry-docker-config}</td><td>the same for container clients, as a file
 * {@code config.json}</td></tr>
 * <tr><td>Secret {@code registry-image-pull-secret}</td><td>the same for {@code
 * imagePullSecrets}</td></tr>
 * <tr><td>Secret {@code registry-ca-cert}</td><td>the certificate authority that clients must trust
 * to reach the registry</td></tr>
 * <tr><td>Role and RoleBinding {@code registry-auth-secret-reader}</td><td>let the server read the
 * credentials, and nothing else</td></tr>
 * </table>
 *
 * <p>Every method may be called again, also after it failed half way or while another process does
 * the same: it does what is left to do. Objects of somebody else are completed where they must be,
 * but never get the labels of this project, and are never deleted. Each call of the API takes as
 * long as the client lets it, see {@link KubernetesClients}. Thread-safe.
 */
public final class TenantProvisioner {
  /** The registry's Service, as the documented set-up has it. */
  public static final String DEFAULT_REGISTRY_HOST = "registry.registry.svc.cluster.local";

  private static final String REGISTRY_TLS = "registry-tls";

  private final KubernetesObjects objects;
  private final NamespaceName registryNamespace;
  private final Optional<String> registryHost;
  private final TenantDockerConfigs clients;
  private final ObjectName serviceAccount;
  private final Optional<String> caCertificate;
  private final Consumer<ObjectReport> reports;
  private final Clock clock;

  private TenantProvisioner(Builder builder) {
    objects = new KubernetesObjects(builder.client);
    registryNamespace = builder.registryNamespace;
    registryHost = builder.registryHost;
    clients = new TenantDockerConfigs(objects, registryHost);
    serviceAccount = builder.serviceAccount;
    caCertificate = builder.caCertificate;
    reports = builder.reports;
    clock = builder.clock;
  }

  /** Starts to build one that writes with a client's rights. */
  public static Builder builder(ApiClient client) {
    return new Builder(client);
  }

  /**
   * Makes what is missing. Credentials that are there are kept, and the rest is made to fit them;
   * if they have a hash alone, the two files for clients are left to whoever knows the password.
   *
   * @throws IOException if a call fails, the certificate authority is not there, or the credentials
   *     that are there cannot be used
   */
  public void create(NamespaceName tenant) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    V1Secret ca = wanted.ca(caCertificate()); // at first: without it nothing is made
    reports.accept(objects.createIfAbsent(wanted.namespace()));
    reports.accept(objects.createIfAbsent(wanted.credentials(RandomSecret.next())));
    reports.accept(objects.apply(wanted.role()));
    reports.accept(objects.apply(wanted.roleBinding(serviceAccount)));
    reports.accept(objects.apply(ca));
    clients.refresh(wanted, ImmutableSet.of()).forEach(reports);
  }

  /**
   * Returns what {@link #create} would make, as YAML with several documents, and writes nothing. It
   * holds the password: a new one if none is stored.
   *
   * @throws IOException as for {@link #create}
   */
  public String manifest(NamespaceName tenant) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    V1Secret ca = wanted.ca(caCertificate());
    Optional<V1Secret> stored = objects.get(wanted.credentials());
    boolean hashed = stored.isPresent() && TenantDockerConfigs.isHashed(wanted, stored.get());
    List<KubernetesObject> all = new ArrayList<>();
    all.add(objects.fitted(wanted.namespace()));
    all.add(objects.fitted(wanted.role()));
    all.add(objects.fitted(wanted.roleBinding(serviceAccount)));
    all.add(objects.fitted(ca));
    if (hashed) {
      return Yaml.dumpAll(all.iterator())
          + "# Left out are the credentials, which have a hash of the password alone, and what"
          + " clients get.\n";
    }
    V1Secret credentials =
        stored.isPresent()
            ? wanted.credentials(TenantCredentials.usable(tenant, stored.get()).texts())
            : wanted.credentials(RandomSecret.next());
    all.add(1, objects.fitted(credentials));
    for (V1Secret file : clients.files(wanted, stored.orElse(credentials), ImmutableSet.of())) {
      all.add(objects.fitted(file));
    }
    return Yaml.dumpAll(all.iterator());
  }

  /**
   * Gives a tenant a new password. The old one stays valid for a time, so that clients that have
   * not noticed yet are not refused; one that was kept by an earlier rotation ends now. The server
   * goes by what its cache has, for 30 s by default.
   *
   * <p>If an earlier rotation broke off before the clients got its password, and the one that they
   * have is still accepted, that rotation is finished instead: another would end their password.
   *
   * @param overlap how long; zero to end it at once
   * @throws IOException if a call fails, there are no credentials that can be changed, or somebody
   *     else changed them at the same time. The password is then as it was, unless the message says
   *     that the new one is stored, and how to give it to the clients
   */
  public void rotate(NamespaceName tenant, Duration overlap) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    V1Secret stored = toRotate(wanted);
    TenantCredentials before = TenantCredentials.usable(tenant, stored);
    if (isUnfinished(wanted, before)) {
      reports.accept(
          new ObjectReport(
              Status.KEPT,
              ManagedObjects.describe(stored),
              "the rotation before is finished instead, since clients have not got its password"
                  + " yet"));
      refresh(wanted, before);
      return;
    }
    Map<String, Optional<String>> changes = rotation(before, overlap);
    // Before the clients': the server then accepts what they have and what they get.
    objects.mergeData(stored, changes);
    reports.accept(
        new ObjectReport(
            Status.UPDATED,
            ManagedObjects.describe(stored),
            changes
                    .getOrDefault(TenantCredentials.EXPIRES, Optional.empty())
                    .map(expires -> "the password before is accepted until " + expires)
                    .orElse("the password before is not accepted any more")
                + (before.previous().isPresent() ? "; the one before that is not any more" : "")));
    refresh(wanted, before);
  }

  /**
   * Returns what {@link #rotate} would make of the credentials and of what clients get, as YAML
   * with several documents, and writes nothing. It holds the passwords, the new one and the one
   * before.
   *
   * @param overlap how long the password before stays valid, from now on
   * @throws IOException as for {@link #rotate}
   */
  public String rotationManifest(NamespaceName tenant, Duration overlap) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    V1Secret stored = toRotate(wanted);
    TenantCredentials before = TenantCredentials.usable(tenant, stored);
    Map<String, String> texts = new TreeMap<>(before.texts());
    if (!isUnfinished(wanted, before)) {
      rotation(before, overlap)
          .forEach(
              (key, text) -> {
                String unused = text.isPresent() ? texts.put(key, text.get()) : texts.remove(key);
              });
    }
    V1Secret credentials = wanted.credentials(texts);
    List<KubernetesObject> all = new ArrayList<>();
    all.add(objects.fitted(credentials));
    for (V1Secret file : clients.files(wanted, credentials, before.passwords())) {
      all.add(objects.fitted(file));
    }
    return Yaml.dumpAll(all.iterator());
  }

  private V1Secret toRotate(TenantObjects wanted) throws IOException {
    return objects
        .get(wanted.credentials())
        .orElseThrow(
            () ->
                new IOException(
                    ManagedObjects.describe(wanted.credentials())
                        + " is not there: there is no password to rotate"));
  }

  private boolean isUnfinished(TenantObjects wanted, TenantCredentials stored) throws IOException {
    return stored.previousIsValid(clock.instant()) && clients.have(wanted, stored.previous());
  }

  /** Returns the entries that a rotation sets, or removes. */
  private Map<String, Optional<String>> rotation(TenantCredentials before, Duration overlap) {
    checkArgument(!overlap.isNegative(), "The overlap is negative: %s", overlap);
    Instant expires = clock.instant().plus(overlap).truncatedTo(ChronoUnit.SECONDS);
    return ImmutableMap.of(
        TenantCredentials.PASSWORD,
        Optional.of(RandomSecret.next()),
        TenantCredentials.PREVIOUS,
        before.password().filter(password -> !overlap.isZero()),
        TenantCredentials.EXPIRES,
        Optional.of(expires.toString()).filter(text -> !overlap.isZero()));
  }

  /** Gives clients the password that is stored, and says how to do so if it fails. */
  private void refresh(TenantObjects wanted, TenantCredentials before) throws IOException {
    try {
      clients.refresh(wanted, before.passwords()).forEach(reports);
    } catch (IOException e) {
      throw new IOException(
          e.getMessage()
              + "; the new password is stored, but clients may not have it: finish with: tenant"
              + " create "
              + wanted.tenant(),
          e);
    }
  }

  /**
   * Says what of a tenant is there, and what is missing or does not fit the rest. Shows no
   * password.
   *
   * @throws IOException if a call fails
   */
  public List<ObjectReport> inspect(NamespaceName tenant) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    return new TenantInspection(wanted, registryHost, serviceAccount, clock.instant())
        .inspect(
            new TenantInspection.Found(
                objects.get(wanted.namespace()),
                objects.get(wanted.credentials()),
                objects.get(wanted.dockerConfig()),
                objects.get(wanted.imagePullSecret()),
                objects.get(wanted.ca()),
                objects.get(wanted.role()),
                objects.get(wanted.roleBinding(serviceAccount)),
                caCertificate.isPresent() ? caCertificate : storedCaCertificate()));
  }

  /**
   * Returns a tenant's password, which is a secret; empty if none is stored.
   *
   * @throws IOException if a call fails
   */
  public Optional<String> password(NamespaceName tenant) throws IOException {
    return objects
        .get(new TenantObjects(tenant).credentials())
        .flatMap(secret -> TenantCredentials.of(secret).password());
  }

  /**
   * Deletes what {@link #create} made. What somebody else made is kept, and reported; so is a
   * docker config with logins for other registries, which loses the tenant's.
   *
   * @param withNamespace whether to delete the namespace and all in it, too
   * @return whether all of it is gone; a namespace may take its time
   * @throws IOException if a call fails
   */
  @CanIgnoreReturnValue
  public boolean delete(NamespaceName tenant, boolean withNamespace) throws IOException {
    TenantObjects wanted = new TenantObjects(tenant);
    ImmutableList.Builder<KubernetesObject> all = ImmutableList.builder();
    // The credentials last of the Secrets: they say which logins are the tenant's.
    all.add(wanted.dockerConfig(), wanted.imagePullSecret(), wanted.ca(), wanted.credentials());
    all.add(wanted.roleBinding(serviceAccount), wanted.role());
    if (withNamespace) {
      all.add(wanted.namespace());
    }
    boolean gone = true;
    for (KubernetesObject object : all.build()) {
      ObjectReport report = KubernetesObjects.retryOnConflict(() -> delete(wanted, object));
      reports.accept(report);
      gone &= report.status() != Status.KEPT;
    }
    return gone;
  }

  private ObjectReport delete(TenantObjects wanted, KubernetesObject named) throws IOException {
    Optional<KubernetesObject> stored = objects.get(named);
    if (stored.isEmpty()) {
      return KubernetesObjects.report(Status.ABSENT, named);
    }
    Optional<String> missing = ManagedObjects.missingLabel(named, stored.get());
    if (missing.isPresent()) {
      return new ObjectReport(
          Status.KEPT,
          ManagedObjects.describe(named),
          "it does not have the label " + missing.get());
    }
    if (stored.get().getMetadata().getDeletionTimestamp() != null) {
      return new ObjectReport(
          Status.ABSENT, ManagedObjects.describe(named), "it is being deleted already");
    }
    if (stored.get() instanceof V1Secret secret
        && (named.equals(wanted.dockerConfig()) || named.equals(wanted.imagePullSecret()))) {
      Optional<V1Secret> left = clients.withoutTenant(wanted, secret);
      if (left.isPresent()) {
        ObjectReport unused = objects.apply(left.get());
        return new ObjectReport(
            Status.KEPT,
            ManagedObjects.describe(named),
            "it has more than this project put there; the tenant's login is taken out");
      }
    }
    objects.delete(stored.get());
    return KubernetesObjects.report(Status.DELETED, named);
  }

  private String caCertificate() throws IOException {
    if (caCertificate.isPresent()) {
      return caCertificate.get();
    }
    String pem =
        storedCaCertificate()
            .orElseThrow(
                () ->
                    new IOException(
                        "The certificate authority of the registry is not known: there is no Secret "
                            + registryTls()
                            + " with ca.crt, which cert-manager makes from a Certificate; give its"
                            + " certificates (--ca-file) instead"));
    try {
      CaCertificates.check(pem);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "Secret " + registryTls() + " has no usable ca.crt: " + e.getMessage(), e);
    }
    return pem;
  }

  private Optional<String> storedCaCertificate() throws IOException {
    return objects
        .get(ManagedObjects.secret(registryTls()))
        .flatMap(secret -> ManagedObjects.text(secret, TenantObjects.CA_KEY));
  }

  private ObjectName registryTls() {
    return new ObjectName(registryNamespace, REGISTRY_TLS);
  }

  /** Builds a provisioner. */
  public static final class Builder {
    private final ApiClient client;
    private NamespaceName registryNamespace = new NamespaceName("registry");
    private Optional<String> registryHost = Optional.empty();
    private ObjectName serviceAccount = ObjectName.parse("registry/registry-auth");
    private Optional<String> caCertificate = Optional.empty();
    private Consumer<ObjectReport> reports = report -> {};
    private Clock clock = Clock.systemUTC();

    private Builder(ApiClient client) {
      this.client = client;
    }

    /**
     * Sets where the registry is, whose Secret {@code registry-tls} has the certificate authority;
     * {@code registry} by default.
     */
    public Builder registryNamespace(NamespaceName namespace) {
      registryNamespace = namespace;
      return this;
    }

    /**
     * Sets the host by which clients name the registry. By default the hosts for which the tenant
     * has a docker config already, or else {@link #DEFAULT_REGISTRY_HOST}.
     *
     * @param host a DNS name
     * @throws IllegalArgumentException if it is anything else; with a port, clients that name none
     *     would not find the credentials
     */
    public Builder registryHost(String host) {
      DockerConfig.checkHost(host);
      registryHost = Optional.of(host);
      return this;
    }

    /** Sets whom the server runs as; {@code registry/registry-auth} by default. */
    public Builder serviceAccount(ObjectName account) {
      serviceAccount = account;
      return this;
    }

    /**
     * Sets the certificate authority, in place of that of {@code registry-tls}.
     *
     * @param pem one or more certificates
     * @throws IllegalArgumentException if there is none, or a private key with it
     */
    public Builder caCertificate(String pem) {
      CaCertificates.check(pem);
      caCertificate = Optional.of(pem);
      return this;
    }

    /** Sets who is told what was done, object by object, as it is done. */
    public Builder reports(Consumer<ObjectReport> consumer) {
      reports = consumer;
      return this;
    }

    /** Sets the clock by which a password ends. */
    public Builder clock(Clock value) {
      clock = value;
      return this;
    }

    /** Builds it. */
    public TenantProvisioner build() {
      return new TenantProvisioner(this);
    }
  }
}
