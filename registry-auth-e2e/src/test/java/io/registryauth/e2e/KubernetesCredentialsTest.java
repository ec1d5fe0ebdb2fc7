// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Credentials in Secrets of a real API server: what a change of them brings about, and how soon.
 */
class KubernetesCredentialsTest {
  private static final String SCOPE = "repository:%s/app:pull";
  private static final Duration SHORT_TTL = Duration.ofSeconds(2);
  private static final AtomicInteger tenants = new AtomicInteger();

  @TempDir private static Path directory;
  private static KubernetesApi api;
  private static Path reader;
  private static Keys keys;

  private final Tenant tenant = new Tenant("tenant-" + tenants.incrementAndGet(), "first-password");
  private final Tenant rotated = new Tenant(tenant.name(), "second-password");

  @BeforeAll
  static void start() throws Exception {
    api = KubernetesApi.start(directory);
    reader = api.createReader("get, list, watch");
    keys = Keys.generate(directory);
  }

  @AfterAll
  static void stop() {
    if (api != null) {
      api.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void newPassword_worksAtOnce(boolean watch) throws Exception {
    api.createTenant(tenant);
    try (TokenServer server = start(watch)) {
      assertStatus(server, tenant, 200);

      api.store(rotated);

      assertStatus(server, rotated, 200);
    }
  }

  /** The default time, which is what the documentation promises. */
  @Test
  void oldPassword_isRefusedAfter30Seconds() throws Exception {
    api.createTenant(tenant);
    try (TokenServer server = TokenServer.startOnKubernetes(directory, keys, reader)) {
      assertStatus(server, tenant, 200);
      long began = System.nanoTime();

      api.store(rotated);
      assertStatus(server, tenant, 200); // from the copy, which no other request has replaced

      assertThat(awaitRefusal(server, tenant, began)).isBetween(seconds(29), seconds(32));
    }
  }

  @Test
  void deletedSecret_isRefusedAfterTheTimeOfTheCache() throws Exception {
    api.createTenant(tenant);
    try (TokenServer server = start(false, "--cache-ttl=2s")) {
      assertStatus(server, tenant, 200);
      long began = System.nanoTime();

      api.deleteCredentials(tenant.name());

      assertThat(awaitRefusal(server, tenant, began)).isLessThan(SHORT_TTL.plus(seconds(2)));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void watchedChange_countsWithinASecond(boolean delete) throws Exception {
    api.createTenant(tenant);
    try (TokenServer server = start(true)) {
      server.process().awaitOutput(Pattern.compile("Watching the credentials"));
      assertStatus(server, tenant, 200);

      if (delete) {
        api.deleteCredentials(tenant.name());
      } else {
        api.store(rotated);
      }
      long changed = System.nanoTime();

      assertThat(awaitRefusal(server, tenant, changed)).isLessThan(seconds(1));
    }
  }

  @Test
  void watchWithoutTheRight_isLoggedAndServesByLookups() throws Exception {
    api.createTenant(tenant);
    api.kubectl("create", "serviceaccount", "get-only", "-n", tenant.name());
    api.apply(role(tenant.name(), "get-only", "get"));
    Path getOnly = api.serviceAccountKubeconfig(tenant.name(), "get-only");
    try (TokenServer server = TokenServer.startOnKubernetes(directory, keys, getOnly, "--watch")) {
      assertStatus(server, tenant, 200);
      server
          .process()
          .awaitOutput(
              Pattern.compile("answers 403: the right to list and watch all Secrets is missing"));
    }
  }

  @Test
  void previousPassword_isAcceptedUntilItsTime() throws Exception {
    api.createTenant(tenant);
    api.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: %1$s-registry-credentials, namespace: %1$s}
        stringData:
          username: %1$s
          password: second-password
          password-previous: first-password
          password-previous-expires: "%2$s"
        """
            .formatted(tenant.name(), Instant.now().plusSeconds(4)));
    try (TokenServer server = start(false)) {
      assertStatus(server, rotated, 200);
      assertStatus(server, tenant, 200);
      long began = System.nanoTime();

      assertThat(awaitRefusal(server, tenant, began)).as("by the clock").isLessThan(seconds(6));
      assertStatus(server, rotated, 200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void passwordHash_isForThePasswordAndNotForItself(boolean watch) throws Exception {
    String hash = "$2y$10$abcdefghijklmnopqrstuultyN9RJZtKNJVC0cC3Pcd65d3LGn7e6";
    api.kubectl("create", "namespace", tenant.name());
    api.kubectl(
        "create",
        "secret",
        "generic",
        tenant.name() + "-registry-credentials",
        "-n",
        tenant.name(),
        "--from-literal=username=" + tenant.name(),
        "--from-literal=password-hash=" + hash);
    try (TokenServer server = start(watch)) {
      assertStatus(server, new Tenant(tenant.name(), "test-password-123"), 200);
      assertStatus(server, new Tenant(tenant.name(), hash), 401);
      assertStatus(server, tenant, 401);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "username=someone-else, stored-username-is-another",
    "username=%1$s, stored-password-is-missing",
    "password=first-password, stored-username-is-another",
    "password-hash=nonsense, stored-username-is-another",
  })
  void incompleteSecret_isRefusedAndTheLogSaysWhy(String entry, String reason) throws Exception {
    api.kubectl("create", "namespace", tenant.name());
    api.kubectl(
        "create",
        "secret",
        "generic",
        tenant.name() + "-registry-credentials",
        "-n",
        tenant.name(),
        "--from-literal=" + entry.formatted(tenant.name()));
    try (TokenServer server = start(false)) {
      assertStatus(server, tenant, 401);
      assertThat(server.log()).contains("reason=\"" + reason + "\"");
    }
  }

  @Test
  void forbiddenSecret_isRefusedAndTheLogNamesTheRole() throws Exception {
    api.createTenant(tenant);
    api.kubectl("create", "serviceaccount", "get-only", "-n", tenant.name());
    api.apply(role(tenant.name(), "get-only", "get"));
    Path getOnly = api.serviceAccountKubeconfig(tenant.name(), "get-only");
    try (TokenServer server =
        TokenServer.startOnKubernetes(directory, keys, getOnly, "--cache-ttl=2s")) {
      assertStatus(server, tenant, 200);
      long began = System.nanoTime();

      api.kubectl("delete", "rolebinding", "registry-auth-secret-reader", "-n", tenant.name());

      assertThat(awaitRefusal(server, tenant, began)).isLessThan(SHORT_TTL.plus(seconds(3)));
      assertThat(server.log())
          .contains(
              "Kubernetes forbids reading the Secret %1$s/%1$s-registry-credentials: the Role"
                      .formatted(tenant.name())
                  + " registry-auth-secret-reader, or its RoleBinding");
    }
  }

  @Test
  void attack_wrongPasswordsForOneTenant_readItsSecretFiveTimesAndHoldUpNoOther() throws Exception {
    api.createTenant(tenant);
    Tenant other = new Tenant(tenant.name() + "-other", "other-password");
    api.createTenant(other);
    try (TokenServer server = start(false, "--failed-attempts=0")) {
      assertStatus(server, tenant, 200);
      assertStatus(server, other, 200);
      long readsBefore = api.secretReads();
      ExecutorService clients = Executors.newFixedThreadPool(50);
      try {
        List<Future<Integer>> attempts = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          Tenant wrong = new Tenant(tenant.name(), "wrong-password-" + i);
          attempts.add(clients.submit(() -> status(server, wrong)));
          assertStatus(server, other, 200);
          assertStatus(server, tenant, 200);
        }
        for (Future<Integer> attempt : attempts) {
          assertThat(attempt.get()).isEqualTo(401);
        }
      } finally {
        clients.shutdownNow();
      }
      assertThat(api.secretReads() - readsBefore).isBetween(1L, 5L);
    }
  }

  private static TokenServer start(boolean watch, String... options)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(options));
    if (watch) {
      all.add("--watch");
    }
    return TokenServer.startOnKubernetes(directory, keys, reader, all.toArray(String[]::new));
  }

  private static String role(String namespace, String account, String verb) {
    return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: registry-auth-secret-reader, namespace: %1$s}
        rules:
        - apiGroups: [""]
          resources: [secrets]
          resourceNames: [%1$s-registry-credentials]
          verbs: [%3$s]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: registry-auth-secret-reader, namespace: %1$s}
        subjects: [{kind: ServiceAccount, name: %2$s, namespace: %1$s}]
        roleRef:
          {apiGroup: rbac.authorization.k8s.io, kind: Role, name: registry-auth-secret-reader}
        """
        .formatted(namespace, account, verb);
  }

  private static void assertStatus(TokenServer server, Tenant tenant, int status) throws Exception {
    HttpResponse<String> response = server.ask(tenant, SCOPE.formatted(tenant.name()));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
  }

  private static int status(TokenServer server, Tenant tenant) throws Exception {
    return server.ask(tenant, SCOPE.formatted(tenant.name())).statusCode();
  }

  /** Asks until the credentials are refused, and returns the time since {@code began}. */
  private static Duration awaitRefusal(TokenServer server, Tenant tenant, long began)
      throws Exception {
    Callable<Duration> elapsed = () -> Duration.ofNanos(System.nanoTime() - began);
    while (status(server, tenant) == 200) {
      assertThat(elapsed.call()).isLessThan(seconds(60));
      Thread.sleep(20);
    }
    assertStatus(server, tenant, 401);
    return elapsed.call();
  }

  private static Duration seconds(int seconds) {
    return Duration.ofSeconds(seconds);
  }
}
