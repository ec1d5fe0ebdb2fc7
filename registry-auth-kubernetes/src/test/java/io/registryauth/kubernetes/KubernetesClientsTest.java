// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.google.common.base.Throwables;
import io.kubernetes.client.openapi.ApiClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesClientsTest {
  @TempDir private Path directory;

  private Path kubeconfig(String text) throws IOException {
    return Files.writeString(directory.resolve("config"), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "users: [{name: u, user: {token: s3cr3t}",
        "users:\n- name: u\n  user: {token: \"s3cr3t}\n",
        "token: s3cr3t: s3cr3t",
        "token: s3cr3t\n\u0007",
        "s3cr3t",
        "[s3cr3t]",
        "users: !!javax.script.ScriptEngineManager [s3cr3t]",
        "current-context: c\ncontexts: s3cr3t\n",
        "current-context: c\ncontexts:\n- name: c\n  context: s3cr3t\n",
        """
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u}}]
        clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: u, user: {client-certificate-data: "!s3cr3t!", client-key-data: s3cr3t}}]
        """
      })
  void fromKubeconfig_fileThatMakesNoSense_quotesNothingOfIt(String text) throws IOException {
    Path file = kubeconfig(text);

    assertThatIOException()
        .isThrownBy(() -> KubernetesClients.fromKubeconfig(file))
        .withMessageContaining(file.toString())
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1))
        .satisfies(e -> assertThat(Throwables.getStackTraceAsString(e)).doesNotContain("s3cr3t"));
  }

  /** As nobody, it would take Kubernetes' refusals for answers, and refuse every tenant. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{token: \" \"}",
        "{tokenFile: /missing}",
        "{client-certificate-data: YQ==}",
        "{username: u}"
      })
  void fromKubeconfig_userWithoutCredentials_isRefused(String user) throws IOException {
    Path file =
        kubeconfig(
            """
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]
            users: [{name: u, user: %s}]
            """
                .formatted(user));

    assertThatIOException()
        .isThrownBy(() -> KubernetesClients.fromKubeconfig(file))
        .withMessage(
            file + " has no credentials in its current context, or their file cannot be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://x", "https://not a url", "https://"})
  void fromKubeconfig_serverThatIsNoUrl_isRefused(String server) throws IOException {
    Path file = kubeconfig(withServerAndToken(server, "token"));

    assertThatIOException()
        .isThrownBy(() -> KubernetesClients.fromKubeconfig(file))
        .withMessage(file + " has the server \"" + server + "\", which is no http or https URL");
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3\\ncr3t", "s3cr3t \u00e4"})
  void fromKubeconfig_tokenThatNoHeaderTakes_isRefusedAndNotShown(String token) throws IOException {
    Path file = kubeconfig(withServerAndToken("https://127.0.0.1:1", token));

    assertThatIOException()
        .isThrownBy(() -> KubernetesClients.fromKubeconfig(file))
        .withMessage(file + " has a token that is no line of printable ASCII");
  }

  private static String withServerAndToken(String server, String token) {
    return """
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u}}]
        clusters: [{name: k, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: "%s"}}]
        """
        .formatted(server, token);
  }

  @Test
  void fromKubeconfig_noYaml_saysWhere() throws IOException {
    Path file = kubeconfig("kind: Config\nusers: [{name: u, user: {token: s3cr3t]\n");

    assertThatIOException()
        .isThrownBy(() -> KubernetesClients.fromKubeconfig(file))
        .withMessage(file + " is no valid kubeconfig: ParserException in line 2, column 39");
  }

  /** Not by the clock, which may be set back: the token would be sent until it is refused. */
  @Test
  void refreshed_token_isReadAgainAfterAMinuteOfElapsedTime() throws Exception {
    AtomicLong nanoseconds = new AtomicLong(Long.MAX_VALUE - 1);
    AtomicInteger reads = new AtomicInteger();
    try (FakeApiServer server = new FakeApiServer()) {
      server.answer("/readyz", 200, "ok");
      ApiClient client = server.client();
      KubernetesClients.refreshed(() -> "token-" + reads.incrementAndGet(), nanoseconds::get)
          .provide(client);

      assertThat(tokenSent(client)).isEqualTo("Bearer token-2");
      nanoseconds.addAndGet(Duration.ofMinutes(1).toNanos());
      assertThat(tokenSent(client)).isEqualTo("Bearer token-2");
      nanoseconds.incrementAndGet();
      assertThat(tokenSent(client)).isEqualTo("Bearer token-3");
      assertThat(reads).hasValue(3);
    }
  }

  private static String tokenSent(ApiClient client) throws IOException {
    Request request = new Request.Builder().url(client.getBasePath() + "/readyz").build();
    try (Response response = client.getHttpClient().newCall(request).execute()) {
      return response.request().header("Authorization");
    }
  }
}
