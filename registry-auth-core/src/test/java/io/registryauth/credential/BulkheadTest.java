// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BulkheadTest {
  private final Bulkhead<String> bulkhead = new Bulkhead<>(2, 3);

  @Test
  void call_placeLeft_isDone() {
    assertThat(within("a", () -> within("a", () -> "done"))).isEqualTo("done");
  }

  @Test
  void call_noPlaceForThatKey_isToldAtOnceAndOthersGoOn() {
    assertThat(within("a", () -> within("a", this::fullForAOnly))).isEqualTo("done");
  }

  private String fullForAOnly() {
    assertFull("a", "Too many requests wait for the same credentials");
    return within("b", () -> "done");
  }

  @Test
  void call_noPlaceAtAll_isToldAtOnce() {
    assertThat(within("a", () -> within("b", () -> within("c", this::full)))).isEqualTo("done");
  }

  private String full() {
    assertFull("d", "Too many requests wait for credentials");
    return "done";
  }

  @Test
  void call_afterFailuresAndRefusals_hasAllPlacesAgain() {
    for (int i = 0; i < 10; i++) {
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(
              () ->
                  within(
                      "a",
                      () -> {
                        throw new IllegalStateException();
                      }));
      call_noPlaceForThatKey_isToldAtOnceAndOthersGoOn();
      call_noPlaceAtAll_isToldAtOnce();
    }
  }

  @Test
  @Timeout(60)
  void call_onTheOnlyThreadOfAPool_letsThePoolHaveAnother() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(1);
    try {
      CountDownLatch otherHasRun = new CountDownLatch(1);
      Future<String> waiting = pool.submit(() -> within("a", () -> await(otherHasRun)));
      pool.execute(otherHasRun::countDown);
      assertThat(waiting.get()).isEqualTo("done");
    } finally {
      pool.shutdownNow();
    }
  }

  private static String await(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS) ? "done" : "nobody else could run";
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String within(String key, Supplier<String> work) {
    return bulkhead.call(key, work);
  }

  private void assertFull(String key, String message) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> bulkhead.call(key, () -> "not done"))
        .withMessage(message);
  }
}
