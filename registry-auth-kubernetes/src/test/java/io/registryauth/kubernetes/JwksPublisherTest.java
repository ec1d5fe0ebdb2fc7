// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.kubernetes.JwksPublisher.Pace;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JwksPublisherTest {
  private static final ObjectName NAME = ObjectName.parse("registry/registry-auth-keys-jwks");
  private static final String PATH = "/api/v1/namespaces/registry/secrets/registry-auth-keys-jwks";
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Pace FAST =
      new Pace(Duration.ofMillis(20), Duration.ofMillis(5), Duration.ofMillis(20));
  private static final Pace ONCE =
      new Pace(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));

  private final AtomicReference<String> jwks = new AtomicReference<>("{\"keys\": []}\n");
  private FakeObjects api;
  private JwksPublisher publisher;

  @BeforeEach
  void start() throws IOException {
    api = new FakeObjects();
  }

  @AfterEach
  void stop() {
    publisher.close();
    api.close();
  }

  private void publish(Pace pace) {
    publish(pace, jwks::get);
  }

  private void publish(Pace pace, Supplier<String> source) {
    publisher = JwksPublisher.start(api.client(), NAME, source, pace);
  }

  private String published() {
    return api.object(PATH)
        .map(secret -> secret.getAsJsonObject("data").get("jwks.json").getAsString())
        .map(text -> new String(Base64.getDecoder().decode(text), UTF_8))
        .orElse("");
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - start).isLessThan(LIMIT.toNanos());
      Thread.sleep(5);
    }
  }

  @Test
  void start_writesTheJwksAtOnce() throws InterruptedException {
    publish(ONCE);

    await(() -> published().equals(jwks.get()));
  }

  @Test
  void change_ofEither_isMended() throws InterruptedException {
    publish(FAST);
    await(() -> published().equals(jwks.get()));
    jwks.set("{\"keys\": [{}]}\n");
    await(() -> published().equals(jwks.get()));
    api.put(
        PATH,
        """
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "registry",
         "name": "registry-auth-keys-jwks"}, "data": {"jwks.json": "", "other": "YQ=="}}
        """);
    await(() -> published().equals(jwks.get()));
    assertThat(api.object(PATH).orElseThrow().getAsJsonObject("data").keySet()).contains("other");
  }

  @Test
  void noChange_isNotWritten() throws InterruptedException {
    publish(FAST);
    await(() -> published().equals(jwks.get()));
    int reads = api.reads();
    await(() -> api.reads() > reads + 2);

    assertThat(api.writes()).isEqualTo(1);
  }

  @Test
  void failure_isTriedAgain() throws InterruptedException {
    api.answer("GET", PATH, 500, "{\"message\": \"down\"}");
    api.answer("GET", PATH, 403, "{\"message\": \"x cannot get\"}");
    api.answer("PATCH", PATH, 409, "{\"message\": \"changed\"}");
    publish(FAST);

    await(() -> published().equals(jwks.get()));
  }

  @Test
  void supplierThatThrows_doesNotEndTheThread() throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    publish(
        FAST,
        () -> {
          if (calls.getAndIncrement() == 0) {
            throw new IllegalStateException("no key yet");
          }
          return jwks.get();
        });

    await(() -> published().equals(jwks.get()));
  }

  @Test
  void close_endsTheThreadSoon() throws InterruptedException {
    publish(ONCE);
    await(() -> published().equals(jwks.get()));
    assertThat(threads()).contains("jwks-publisher");
    long start = System.nanoTime();
    publisher.close();

    assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(5).toNanos());
    assertThat(threads()).doesNotContain("jwks-publisher");
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }
}
