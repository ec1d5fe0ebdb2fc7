// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CA_DIFFERS;
import static io.registryauth.server.doctor.FindingId.CERTIFICATE_EXPIRED;
import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_PASSWORD;
import static io.registryauth.server.doctor.FindingId.SECRET_FORBIDDEN;
import static io.registryauth.server.doctor.FindingId.SECRET_KEYS;
import static io.registryauth.server.doctor.FindingId.SECRET_MISSING;
import static io.registryauth.server.doctor.FindingId.USERNAME_DIFFERS;

import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.kubernetes.ClusterReader.Answer;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.kubernetes.ObjectName;
import io.registryauth.tenant.NamespaceName;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One tenant's objects: does the token server read its credentials, and do its clients have them?
 */
final class TenantCheck {
  /** Where tenant create writes down for which hosts it made the file. */
  private static final String HOSTS = "registryauth.io/hosts";

  private static final String EXPIRED = "credentials-have-expired";

  private final Setup setup;
  private final Cluster cluster;
  private final NamespaceName tenant;
  private final Instant now;
  private final Notes notes;

  TenantCheck(Setup setup, Cluster cluster, Instant now, Notes notes) {
    this.setup = setup;
    this.cluster = cluster;
    tenant = setup.tenant().orElseThrow();
    this.now = now;
    this.notes = notes;
  }

  /** Returns the set-up as this tenant's clients have it. */
  static Setup of(Setup setup, Cluster cluster, NamespaceName tenant) {
    ObjectName login = new ObjectName(tenant, "registry-docker-config");
    String host =
        cluster
            .reader()
            .secret(login)
            .json()
            .map(KubeObject::parse)
            .flatMap(secret -> secret.at("metadata", "annotations").text(HOSTS))
            .orElse(cluster.registryHost())
            .replaceFirst(",.*", "");
    return setup.asClient(
        Optional.of(tenant),
        "https://" + host,
        cluster.secretEntry(new ObjectName(tenant, "registry-ca-cert"), "ca.crt"),
        cluster.secretEntry(login, ".dockerconfigjson"));
  }

  void check() {
    ObjectName secret = credentials(tenant);
    Answer answer = cluster.reader().secret(secret);
    rights(secret);
    if (answer.unknown().isPresent()) {
      notes.notChecked("Secret " + secret, answer.unknown().get());
    } else if (answer.isAbsent()) {
      notes.finding(
          SECRET_MISSING,
          "the tenant has no credentials: the token server refuses each password",
          "Secret " + secret,
          create());
    } else {
      Map<String, byte[]> entries =
          answer.json().map(KubeObject::parse).map(KubeObject::secretBytes).orElse(Map.of());
      credentials(secret, entries);
    }
    authority();
  }

  static ObjectName credentials(NamespaceName tenant) {
    return new ObjectName(tenant, tenant + "-registry-credentials");
  }

  private String create() {
    return Fixes.tenantCreate(setup);
  }

  private void credentials(ObjectName secret, Map<String, byte[]> entries) {
    String where = "Secret " + secret;
    notes.checked(where);
    Optional<StoredCredentials> stored =
        CredentialEntries.read(name -> Optional.ofNullable(entries.get(name)));
    if (stored.isEmpty()) {
      notes.finding(
          SECRET_KEYS, "it has neither username nor password", where, fix("", secret, entries));
      return;
    }
    stored
        .get()
        .problem(now)
        .ifPresent(
            problem ->
                notes.finding(
                    SECRET_KEYS,
                    "the token server cannot use it, or a part of it: stored-" + problem,
                    where + ": " + entryOf(problem),
                    fix(problem, secret, entries)));
    if (stored.get().passwords().stream().noneMatch(password -> password.isValid(now))) {
      return;
    }
    if (!stored.get().username().equals(tenant.value())) {
      notes.finding(
          USERNAME_DIFFERS,
          "its username is \"%s\"; valid is the namespace, \"%s\", or the token server refuses it"
              .formatted(stored.get().username(), tenant),
          where + ": username",
          "`kubectl patch secret %s -n %s -p '{\"stringData\":{\"username\":\"%s\"}}'`"
              .formatted(secret.name(), tenant, tenant));
      return;
    }
    DockerConfigCheck.login(setup)
        .filter(login -> login.username().equals(tenant.value()))
        .ifPresent(login -> password(login, stored.get(), secret));
  }

  /** Returns the entry of which the token server says so; the names of some begin as others do. */
  private static String entryOf(String problem) {
    return problem.equals(EXPIRED)
        ? "expires"
        : CredentialEntries.NAMES.stream()
            .filter(name -> problem.startsWith(name + "-"))
            .max(Comparator.comparingInt(String::length))
            .orElse("password");
  }

  /** Has no one delete what could be lost: a password, or what narrows the account's rights. */
  private String fix(String problem, ObjectName secret, Map<String, byte[]> entries) {
    if (Set.of("username").containsAll(entries.keySet())) {
      return "`kubectl delete secret %s -n %s`, and then %s"
          .formatted(secret.name(), tenant, create());
    }
    String edit = "kubectl edit secret %s -n %s".formatted(secret.name(), tenant);
    if (problem.isEmpty()) {
      return "write the entries username and password (or password-hash) there: " + edit;
    }
    return problem.equals(EXPIRED)
        ? "write a later time there, in Base64, if the account is to go on: " + edit
        : "correct the entry %s, in Base64 (docs/kubernetes.md has what is valid): %s"
            .formatted(entryOf(problem), edit);
  }

  private void password(Login login, StoredCredentials stored, ObjectName secret) {
    try {
      if (!stored.accept(new Credentials(login.username(), Password.of(login.password())), now)) {
        notes.finding(
            DOCKER_CONFIG_PASSWORD,
            "clients have another password than Secret " + secret,
            setup.dockerConfig().orElseThrow().where(),
            create() + ", which writes the password of the Secret there");
      }
    } catch (CredentialStoreException e) {
      notes.notChecked("whether clients have the password of Secret " + secret, e.toString());
    }
  }

  private void rights(ObjectName secret) {
    ObjectName account = cluster.tokenServerAccount();
    Optional<Boolean> may = cluster.reader().mayGet(account, secret);
    if (may.isEmpty()) {
      notes.notChecked(
          "whether the token server may read Secret " + secret,
          "to ask that needs the right to create subjectaccessreviews; kubectl auth can-i get secret/%s"
                  .formatted(secret.name())
              + " -n %s --as system:serviceaccount:%s:%s"
                  .formatted(tenant, account.namespace(), account.name()));
    } else if (!may.get()) {
      notes.finding(
          SECRET_FORBIDDEN,
          "the token server's service account %s may not get it".formatted(account),
          "Secret " + secret,
          create()
              + ", which makes a Role for it; or for all tenants: kubectl apply -k"
              + " deploy/registry-auth/cluster-secret-reader");
    }
  }

  /** Compares what clients trust with what has signed the registry's certificate. */
  private void authority() {
    Source ca = setup.ca().orElseThrow();
    Source own = cluster.secretEntry(cluster.named("registry-tls"), "tls.crt");
    if (ca.text().isEmpty()) {
      return; // which CaCheck says
    }
    if (own.text().isEmpty()) {
      notes.notChecked(
          "whether the registry's certificate is signed by what " + tenant + " trusts",
          own + " is " + own.unread().orElse("not there"));
      return;
    }
    try {
      List<X509Certificate> trusted = Certificates.parse(ca.text().get());
      List<X509Certificate> chain = Certificates.parse(own.text().get());
      Certificates.invalidity(chain, now)
          .ifPresent(
              problem ->
                  notes.finding(
                      CERTIFICATE_EXPIRED,
                      problem + ", and clients refuse the registry for it",
                      own.where(),
                      "renew it; if cert-manager is to: kubectl describe certificate -n %s says why it"
                              .formatted(cluster.namespace())
                          + " has not"));
      if (!trusted.isEmpty() && !chain.isEmpty() && !Certificates.leadsTo(trusted, chain, now)) {
        notes.finding(
            CA_DIFFERS,
            "clients trust another authority than the one that signed the registry's certificate (x509:"
                + " certificate signed by unknown authority)",
            ca.where(),
            create()
                + ", which copies ca.crt of the registry's Secret registry-tls; then restart the"
                + " build pods");
      }
    } catch (IllegalArgumentException e) {
      notes.notChecked(
          "whether the registry's certificate is signed by " + ca, "" + e.getMessage());
    }
  }
}
