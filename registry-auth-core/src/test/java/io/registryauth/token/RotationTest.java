// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Tokens while the keys change. */
class RotationTest {
  private static final NamespaceName TEAM = new NamespaceName("team");
  private static final Grant GRANT = new Grant("team", "reg", List.of());
  private static final SigningKey OLD = TestKeys.signingKey();
  private static final SigningKey NEW =
      SigningKey.fromPem(pem("ec-256.sec1.key"), pem("ec-256.crt"), KeyIdStyle.fixed("new"));
  private static final KeySet STAGED = new KeySet(OLD, Optional.of(NEW), List.of());
  private static final KeySet PROMOTED = new KeySet(NEW, Optional.empty(), List.of(OLD));

  private final AtomicReference<KeySet> keys = new AtomicReference<>(KeySet.of(OLD));
  private final InMemoryCredentialStore store = new InMemoryCredentialStore().put("team", "pw");
  private final RefreshTokens refreshTokens = RefreshTokens.builder(keys::get, store).build();

  private RefreshToken issue() {
    StoredPassword password =
        store.find(CredentialLookup.of(AccountName.of(TEAM))).orElseThrow().passwords().get(0);
    return refreshTokens.issue(new Identity.Tenant(TEAM), password, "reg").orElseThrow();
  }

  private boolean isTaken(RefreshToken token) {
    return refreshTokens
        .parse(token.value(), "reg")
        .map(refreshTokens::authenticate)
        .filter(AuthenticationResult.Authenticated.class::isInstance)
        .isPresent();
  }

  @Test
  void accessToken_isSignedByTheKeyThatIsCurrent() {
    TokenIssuer issuer = TokenIssuer.builder(keys::get).build();
    assertThat(issuer.issue(GRANT).keyId()).isEqualTo(OLD.keyId());
    keys.set(STAGED);
    assertThat(issuer.issue(GRANT).keyId()).isEqualTo(OLD.keyId());
    keys.set(PROMOTED);
    assertThat(issuer.issue(GRANT).keyId()).isEqualTo("new");
  }

  @Test
  void refreshToken_isTakenUntilItsKeyLeavesTheSet() {
    RefreshToken old = issue();
    keys.set(STAGED);
    assertThat(isTaken(old)).isTrue();
    keys.set(PROMOTED);
    assertThat(isTaken(old)).isTrue();
    assertThat(isTaken(issue())).isTrue();
    keys.set(KeySet.of(NEW));
    assertThat(isTaken(old)).isFalse();
  }

  /** A replica may have the promoted key before this one. */
  @Test
  void refreshToken_ofTheStagedKey_isTaken() {
    keys.set(PROMOTED);
    RefreshToken early = issue();
    keys.set(STAGED);
    assertThat(isTaken(early)).isTrue();
  }

  @Test
  void refreshToken_whoseKeyLeavesBetweenReadingAndChecking_isRefused() {
    RefreshToken old = refreshTokens.parse(issue().value(), "reg").orElseThrow();
    keys.set(KeySet.of(NEW));
    assertThat(refreshTokens.authenticate(old)).isInstanceOf(AuthenticationResult.Refused.class);
  }

  @Test
  void refreshToken_afterAnotherPassword_isRefusedUnderARetiredKeyToo() {
    RefreshToken old = issue();
    keys.set(PROMOTED);
    store.put("team", "another");
    assertThat(isTaken(old)).isFalse();
  }

  /** The fingerprint is bound to the key that signs: another key's says nothing of the password. */
  @Test
  void refreshToken_ofEachKey_hasAFingerprintOfItsOwn() {
    RefreshToken old = issue();
    keys.set(PROMOTED);
    assertThat(issue().fingerprint()).isNotEqualTo(old.fingerprint());
  }

  @Test
  void keySet_twoKeysWithOneId_areRefused() {
    SigningKey same =
        SigningKey.fromPem(
            pem("ec-256.sec1.key"), pem("ec-256.crt"), KeyIdStyle.fixed(OLD.keyId()));
    assertThatThrownBy(() -> new KeySet(OLD, Optional.of(same), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Two keys have the key id " + OLD.keyId());
  }

  @Test
  void keySet_oneKeyUnderTwoIds_isRefused() {
    SigningKey same =
        SigningKey.fromPem(pem("ec-256.pkcs8.key"), pem("ec-256.crt"), KeyIdStyle.fixed("another"));
    assertThatThrownBy(() -> new KeySet(NEW, Optional.empty(), List.of(same)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(NEW.keyId(), "another", "are the same key");
  }
}
