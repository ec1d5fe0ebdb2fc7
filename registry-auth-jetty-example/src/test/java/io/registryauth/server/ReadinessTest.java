// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.security.KeyPair;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReadinessTest {
  private static KeySet keys() throws Exception {
    KeyPair pair = TestCertificate.ec("secp256r1");
    return KeySet.of(
        SigningKey.of(pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed("signer")));
  }

  @Test
  void readiness_comesWithTheFirstAnswerOfTheStore_andIsNotAskedForAgain() throws Exception {
    KeySet keys = keys();
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch failed = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    Runnable check =
        () -> {
          asked.incrementAndGet();
          failed.countDown();
          if (answer.getCount() > 0) {
            throw new IllegalStateException("down");
          }
        };
    TokenIssuer issuer = TokenIssuer.builder(() -> keys).build();
    try (Readiness readiness = Readiness.verified(issuer, () -> keys, check).start()) {
      assertThat(failed.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(readiness.get().orElseThrow()).contains("store");
      answer.countDown();
      while (readiness.get().isPresent()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      int before = asked.get();
      TimeUnit.MILLISECONDS.sleep(1500);
      assertThat(asked).hasValue(before);
      assertThat(readiness.get()).isEmpty();
    }
  }

  @Test
  void verified_tokenThatTheOwnJwkSetDoesNotVerify_fails() throws Exception {
    KeySet keys = keys();
    KeySet others = keys();
    TokenIssuer issuer = TokenIssuer.builder(() -> others).build();
    assertThatThrownBy(() -> Readiness.verified(issuer, () -> keys, () -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("signer does not verify");
  }
}
