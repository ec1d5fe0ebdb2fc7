// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.TestKeys;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What a store is told of the credentials that it has a copy of: whether they will do. One that is
 * told no reads anew, so that a wrong no costs a read for each use, and a wrong yes lets a copy
 * that is out of date refuse a good token.
 */
class RefreshTokensStoreTest {
  private static final NamespaceName TEAM = new NamespaceName("team");

  private final InMemoryCredentialStore store = new InMemoryCredentialStore().put("team", "pw");
  private final List<Boolean> told = new ArrayList<>();
  private final RefreshTokens tokens =
      RefreshTokens.builder(
              TestKeys.signingKey(),
              lookup -> {
                store.find(lookup).ifPresent(stored -> told.add(lookup.accepted().test(stored)));
                return store.find(lookup);
              })
          .build();

  private RefreshToken issue() {
    return tokens
        .issue(
            new Identity.Tenant(TEAM),
            store.find(CredentialLookup.of(AccountName.of(TEAM))).orElseThrow().passwords().get(0),
            "reg")
        .orElseThrow();
  }

  @Test
  void authenticate_passwordStillStored_tellsTheStoreThatItWillDo() {
    assertThat(tokens.authenticate(issue())).isInstanceOf(Authenticated.class);
    assertThat(told).containsExactly(true);
  }

  @Test
  void authenticate_anotherPasswordStored_tellsTheStoreToLookAgain() {
    RefreshToken token = issue();
    store.put("team", "another");

    assertThat(tokens.authenticate(token)).isInstanceOf(Refused.class);
    assertThat(told).containsExactly(false);
  }
}
