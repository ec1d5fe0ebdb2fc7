// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static io.registryauth.TestRequests.withBasic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.TestKeys;
import io.registryauth.token.TokenIssuer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenListenerTest {
  private final List<String> heard = new ArrayList<>();

  private TokenListener listener(String name) {
    return new TokenListener() {
      @Override
      public void onDecision(TokenDecision decision) {
        heard.add(name + " " + decision.request().requestId());
      }

      @Override
      public void onSigned(Duration time) {
        assertThat(time).isPositive().isLessThan(Duration.ofMinutes(1));
        heard.add(name + " signed");
      }
    };
  }

  private void ask(TokenListener listener, String password) {
    TokenResult unused =
        TokenService.builder(
                TokenIssuer.builder(TestKeys.signingKey()).build(),
                new CredentialStoreAuthenticator(
                    new InMemoryCredentialStore().put("team-a", "pw-a")))
            .service("reg")
            .listener(listener)
            .build()
            .issue(withBasic("team-a", password, "service=reg"));
  }

  @Test
  void onSigned_ofATokenThatIsIssued_comesBeforeTheDecision() {
    ask(listener("one"), "pw-a");

    assertThat(heard).hasSize(2).first().isEqualTo("one signed");
  }

  @Test
  void onSigned_ofARefusal_isNotCalled() {
    ask(listener("one"), "wrong");

    assertThat(heard).hasSize(1).noneMatch(text -> text.endsWith("signed"));
  }

  @Test
  void andThen_tellsBothInOrder() {
    ask(listener("one").andThen(listener("two")), "pw-a");

    assertThat(heard.stream().map(text -> text.split(" ", 2)[0]))
        .containsExactly("one", "two", "one", "two");
  }

  @Test
  void andThen_firstFails_doesNotTellTheOther() {
    TokenListener failing =
        decision -> {
          throw new IllegalStateException("no room for the audit");
        };

    assertThatIllegalStateException()
        .isThrownBy(() -> ask(failing.andThen(listener("two")), "wrong"));
    assertThat(heard).isEmpty();
  }
}
