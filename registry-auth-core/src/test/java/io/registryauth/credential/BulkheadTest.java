// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

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
  void call_onAThreadThatIsReplacedMeanwhile_saysSo() throws Exception {
    List<String> done = Collections.synchronizedList(new ArrayList<>());
    Replaced thread = new Replaced(() -> done.add(within("a", () -> "slow")), done);
    thread.start();
    thread.join();

    assertThat(done).containsExactly("replaced", "slow");
  }

  private static final class Replaced extends Thread implements CompensatingThread {
    private final List<String> done;

    Replaced(Runnable work, List<String> done) {
      super(work);
      this.done = done;
    }

    @Override
    public <T> T compensate(Supplier<T> waiting) {
      done.add("replaced");
      return waiting.get();
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
