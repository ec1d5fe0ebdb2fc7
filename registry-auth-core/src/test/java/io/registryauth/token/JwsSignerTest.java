// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JwsSignerTest {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private final AtomicInteger signing = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  @Test
  void inTurn_manyThreads_noMoreSignThanThereAreProcessors() throws Exception {
    CountDownLatch allAtWork = new CountDownLatch(PROCESSORS);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 10 * PROCESSORS; i++) {
      threads.add(
          new Thread(
              () -> {
                boolean unused = JwsSigner.inTurn(() -> sign(allAtWork));
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(most).hasValue(PROCESSORS);
  }

  private boolean sign(CountDownLatch allAtWork) {
    int now = signing.incrementAndGet();
    int unused = most.accumulateAndGet(now, Math::max);
    try {
      allAtWork.countDown();
      assertThat(allAtWork.await(30, TimeUnit.SECONDS)).isTrue();
      TimeUnit.MILLISECONDS.sleep(5); // for one more to come, if it may
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      signing.decrementAndGet();
    }
    return true;
  }

  @Test
  void inTurn_signatureThatFails_givesItsTurnBack() {
    for (int i = 0; i <= PROCESSORS; i++) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  JwsSigner.inTurn(
                      () -> {
                        throw new IllegalStateException();
                      }));
    }

    assertThat(JwsSigner.inTurn(() -> "done")).isEqualTo("done");
  }
}
