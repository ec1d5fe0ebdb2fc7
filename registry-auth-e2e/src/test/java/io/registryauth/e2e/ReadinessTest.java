// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code /readyz}: not before the API server has answered, and whatever becomes of it later. */
class ReadinessTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private static int status(TokenServer server) throws Exception {
    return Http.send("GET", server.uri().resolve("/readyz")).statusCode();
  }

  private static void awaitReady(TokenServer server) throws Exception {
    Instant start = Instant.now();
    while (status(server) != 200) {
      assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  @Test
  void readyz_apiServerDownAtTheStart_andAgainLater() throws Exception {
    Keys keys = Keys.generate(directory);
    try (KubernetesApi api = KubernetesApi.start(directory)) {
      // With no right at all: "forbidden" is an answer.
      api.apply("{apiVersion: v1, kind: Namespace, metadata: {name: registry}}");
      api.apply(
          "{apiVersion: v1, kind: ServiceAccount, metadata: {name: nobody, namespace: registry}}");
      Path kubeconfig = api.serviceAccountKubeconfig("registry", "nobody");
      api.kill();
      try (TokenServer server = TokenServer.startOnKubernetes(directory, keys, kubeconfig)) {
        server.process().awaitOutput(Pattern.compile("Not ready, until the credentials' store"));
        assertThat(status(server)).isEqualTo(503);
        URI healthz = server.uri().resolve("/healthz");
        assertThat(Http.send("GET", healthz).statusCode()).isEqualTo(200);

        api.start();
        awaitReady(server);
        assertThat(server.log()).doesNotContain("Kubernetes forbids reading");
        api.kill();
        for (int i = 0; i < 20; i++) {
          assertThat(status(server)).isEqualTo(200);
          TimeUnit.MILLISECONDS.sleep(100);
        }
      } finally {
        api.start();
      }
    }
  }
}
