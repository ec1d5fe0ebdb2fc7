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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JwksPublisherTest {
  private static final ObjectName NAME = ObjectName.parse("registry/registry-auth-keys-jwks");
  private static final String PATH = "/api/v1/namespaces/registry/secrets/registry-auth-keys-jwks";
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Pace FAST =
      new Pace(
          Duration.ofMillis(20),
          Duration.ofMillis(20),
          Duration.ofMillis(5),
          Duration.ofMillis(20));
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Pace ONCE = new Pace(HOUR, HOUR, HOUR, HOUR);

  private final AtomicReference<String> jwks = new AtomicReference<>(set(key("own", 1)));
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

  private static String key(String id, int value) {
    return "    {\n      \"kid\": \"%s\",\n      \"n\": \"%d\"\n    }".formatted(id, value);
  }

  private static String set(String... keys) {
    return "{\n  \"keys\": [\n" + String.join(",\n", keys) + "\n  ]\n}\n";
  }

  private void store(String text) {
    api.put(
        PATH,
        """
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "registry",
         "name": "registry-auth-keys-jwks"}, "data": {"jwks.json": "%s", "other": "YQ=="}}
        """
            .formatted(Base64.getEncoder().encodeToString(text.getBytes(UTF_8))));
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
    jwks.set(set(key("own", 2)));
    await(() -> published().equals(jwks.get()));
    store("");
    await(() -> published().equals(jwks.get()));
    assertThat(api.object(PATH).orElseThrow().getAsJsonObject("data").keySet()).contains("other");
  }

  @Test
  void change_ofTheOwnKeys_isSeenBeforeTheSecretIsLookedAt() throws InterruptedException {
    publish(new Pace(HOUR, Duration.ofMillis(20), HOUR, HOUR));
    await(() -> published().equals(jwks.get()));
    jwks.set(set(key("own", 2)));
    await(() -> published().equals(jwks.get()));
  }

  @Test
  void ownKey_thatIsNoLongerThere_isTakenOut_andThoseOfOthersStay() throws InterruptedException {
    store(set(key("other", 1), key("retired", 1)));
    jwks.set(set(key("own", 1), key("next", 1)));
    publish(FAST);
    await(() -> published().contains("next"));
    jwks.set(set(key("next", 1)));
    await(() -> !published().contains("own"));
    assertThat(published()).isEqualTo(set(key("other", 1), key("retired", 1), key("next", 1)));
  }

  @Test
  void keysOfOthers_thatAreThere_stay() throws InterruptedException {
    store(set(key("next", 1), key("own", 7), key("own", 8), key("last", 1)));
    publish(ONCE);

    await(() -> published().equals(set(key("next", 1), key("own", 1), key("last", 1))));
  }

  @Test
  void keyOfAnother_thatComesMeanwhile_stays() throws InterruptedException {
    store(set(key("next", 1)));
    api.before("PATCH", PATH, () -> store(set(key("next", 1), key("second", 1))));
    publish(ONCE);

    await(() -> published().equals(set(key("next", 1), key("second", 1), key("own", 1))));
  }

  /** Else two servers with two keys of one name would take turns. */
  @Test
  void ownKey_inWhosePlaceAnotherHasPutOne_isNotPutBack() throws InterruptedException {
    publish(FAST);
    await(() -> published().equals(jwks.get()) && api.reads() > 3);
    store(set(key("own", 9)));
    int reads = api.reads();
    await(() -> api.reads() > reads + 4);
    assertThat(published()).isEqualTo(set(key("own", 9)));

    store(set());
    await(() -> published().equals(jwks.get()));
    jwks.set(set(key("own", 2)));
    await(() -> published().equals(jwks.get()));
  }

  /** It is not what this one published that has the id by now. */
  @Test
  void ownKey_thatIsNoLongerThere_isLeftIfAnotherHasItsId() throws InterruptedException {
    jwks.set(set(key("own", 1), key("next", 1)));
    publish(FAST);
    await(() -> published().equals(jwks.get()) && api.reads() > 3);
    store(set(key("own", 9), key("next", 1)));
    jwks.set(set(key("next", 1), key("last", 1)));
    await(() -> published().contains("last"));
    assertThat(published()).isEqualTo(set(key("own", 9), key("next", 1), key("last", 1)));
  }

  private void store(String text, String withdrawn) {
    store(text);
    api.object(PATH)
        .orElseThrow()
        .getAsJsonObject("data")
        .addProperty(
            "withdrawn.json", Base64.getEncoder().encodeToString(withdrawn.getBytes(UTF_8)));
  }

  /** By a server that does not know yet, or that runs with an old copy. */
  @Test
  void ownKey_thatWasTakenOutByHand_isNotPutBack() throws InterruptedException {
    store(set(key("next", 1)), set(key("gone", 1), key("own", 2)));
    jwks.set(set(key("own", 1), key("gone", 1)));
    publish(FAST);

    await(() -> published().contains("own"));
    assertThat(published()).isEqualTo(set(key("next", 1), key("own", 1)));
    jwks.set(set(key("own", 2), key("gone", 1), key("last", 1)));
    await(() -> published().contains("last"));
    assertThat(published()).isEqualTo(set(key("next", 1), key("last", 1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no JSON",
        "[]",
        "{}",
        "{\"keys\": 1}",
        "{\"keys\": [1]}",
        "{\"keys\": []} {",
        "null"
      })
  void whatIsNoJwkSet_isReplaced(String text) throws InterruptedException {
    store(text);
    publish(ONCE);

    await(() -> published().equals(jwks.get()));
  }

  @Test
  void twoPublishers_ofDifferentKeys_areBothContent() throws InterruptedException {
    publish(FAST);
    String others = set(key("other", 1));
    try (JwksPublisher other = JwksPublisher.start(api.client(), NAME, () -> others, FAST)) {
      assertThat(other).isNotNull();
      await(() -> published().contains("own") && published().contains("other"));
      int writes = api.writes();
      int reads = api.reads();
      await(() -> api.reads() > reads + 8);

      assertThat(api.writes()).isEqualTo(writes);
    }
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
