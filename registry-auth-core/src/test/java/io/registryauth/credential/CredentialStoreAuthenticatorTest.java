// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.tenant.AccountName;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialStoreAuthenticatorTest {
  private static final Optional<AccountName> CLAIMED =
      Optional.of(AccountName.parse("team").orElseThrow());

  private static final AccountName TEAM = AccountName.parse("team").orElseThrow();

  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  private final FakeCredentialStore store = new FakeCredentialStore();
  private final Authenticator authenticator = new CredentialStoreAuthenticator(store);

  @Test
  void authenticate_goodCredentials_isTheTenant() {
    store.store("team", "secret");

    assertThat(authenticate("team", "secret"))
        .isInstanceOfSatisfying(
            Authenticated.class,
            result -> {
              assertThat(result.tenant()).isEqualTo(new Identity.Tenant(TEAM.namespace()));
              assertThat(result.password().orElseThrow().matches(Password.of("secret"), NOW))
                  .isTrue();
            });
    assertThat(store.reads()).containsExactly(TEAM);
  }

  @Test
  void authenticate_eachPasswordOfARotation_isTheTenant() {
    store.store("team", "new", "previous");

    assertThat(authenticate("team", "new")).isInstanceOf(Authenticated.class);
    assertThat(authenticate("team", "previous")).isInstanceOf(Authenticated.class);
  }

  @Test
  void authenticate_wrongPassword_isRefusedAfterOneLookup() {
    store.store("team", "secret");

    assertThat(authenticate("team", "wrong")).isEqualTo(new Refused("wrong-password", CLAIMED));
    assertThat(store.reads()).containsExactly(TEAM);
  }

  @Test
  void authenticate_unknownNamespace_isRefusedAfterOneLookupToo() {
    assertThat(authenticate("team", "wrong"))
        .isEqualTo(new Refused("unknown-namespace", Optional.empty()));
    assertThat(store.reads()).containsExactly(TEAM);
  }

  @Test
  void authenticate_passwordOfAnotherNamespace_isRefused() {
    store.store("team", "secret");
    store.store("other", "other-secret");

    assertThat(authenticate("team", "other-secret"))
        .isEqualTo(new Refused("wrong-password", CLAIMED));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../team", "team/..", "Team", "team ", "te\u0000am", "t_m"})
  void authenticate_attackWithNoDnsLabel_neverReachesTheStore(String username) {
    store.store("team", "secret");

    assertThat(authenticate(username, "secret"))
        .isEqualTo(new Refused("unknown-namespace", Optional.empty()));
    assertThat(store.reads()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"team", "other"})
  void authenticate_storedUsernameNotTheNamespace_isRefusedWithTheReason(String username) {
    Authenticator overMixedUpStore =
        new CredentialStoreAuthenticator(
            lookup ->
                lookup.account().equals(TEAM)
                    ? Optional.of(
                        new StoredCredentials(
                            "other", List.of(StoredPassword.of(Password.of("secret")))))
                    : Optional.empty());

    assertThat(
            overMixedUpStore.authenticate(
                new AuthenticationRequest(new Credentials(username, Password.of("secret")))))
        .isEqualTo(
            username.equals("team")
                ? new Refused("stored-username-is-another", CLAIMED)
                : new Refused("unknown-namespace", Optional.empty()));
  }

  @Test
  void authenticate_noPasswordStored_isRefused() {
    store.store("team");

    assertThat(authenticate("team", "secret")).isEqualTo(new Refused("wrong-password", CLAIMED));
  }

  @Test
  void authenticate_unusableEntry_isRefusedWithTheReason() {
    Authenticator overIncompleteStore =
        new CredentialStoreAuthenticator(
            lookup -> Optional.of(StoredCredentials.unusable("team", "password-is-missing")));

    assertThat(
            overIncompleteStore.authenticate(
                new AuthenticationRequest(new Credentials("team", Password.of("secret")))))
        .isEqualTo(new Refused("stored-password-is-missing", CLAIMED));
  }

  @Test
  void authenticate_passwordWhoseTimeIsOver_isRefusedByTheClock() {
    Instant end = Instant.parse("2026-11-25T12:00:00Z");
    StoredCredentials stored =
        new StoredCredentials("team", List.of(StoredPassword.of(Password.of("secret")).until(end)));
    Credentials presented = new Credentials("team", Password.of("secret"));

    assertThat(at(end.minusSeconds(1), stored).authenticate(new AuthenticationRequest(presented)))
        .isInstanceOf(Authenticated.class);
    assertThat(at(end, stored).authenticate(new AuthenticationRequest(presented)))
        .isInstanceOf(Refused.class);
  }

  private static Authenticator at(Instant now, StoredCredentials stored) {
    return new CredentialStoreAuthenticator(
        lookup -> Optional.of(stored), Clock.fixed(now, ZoneOffset.UTC));
  }

  @Test
  void authenticate_storeFails_saysThatItCannotTell() {
    store.fail();

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> authenticate("team", "secret"))
        .withMessage("The store is down");
  }

  @Test
  void authenticate_lookup_isAcceptedByWhatWouldAuthenticate() {
    Authenticator overCache =
        new CredentialStoreAuthenticator(
            lookup -> {
              assertThat(lookup.accepted()).accepts(stored("secret")).rejects(stored("wrong"));
              return Optional.of(stored("secret"));
            });

    assertThat(
            overCache.authenticate(
                new AuthenticationRequest(new Credentials("team", Password.of("secret")))))
        .isInstanceOf(Authenticated.class);
  }

  private static StoredCredentials stored(String password) {
    return new StoredCredentials("team", List.of(StoredPassword.of(Password.of(password))));
  }

  private AuthenticationResult authenticate(String username, String password) {
    return authenticator.authenticate(
        new AuthenticationRequest(new Credentials(username, Password.of(password))));
  }

  /** What stands in for what is not there lets nobody in, even if somebody knew it. */
  @Test
  void attack_standInThatIsKnown_isRefused() {
    CredentialStore careless =
        new CredentialStore() {
          @Override
          public Optional<StoredCredentials> find(CredentialLookup lookup) {
            return Optional.empty();
          }

          @Override
          public StoredPassword standIn() {
            return StoredPassword.of(Password.of("known"));
          }
        };

    for (String username : List.of("team", "", "no user name")) {
      assertThat(
              new CredentialStoreAuthenticator(careless)
                  .authenticate(
                      new AuthenticationRequest(new Credentials(username, Password.of("known")))))
          .isEqualTo(new Refused("unknown-namespace", Optional.empty()));
    }
  }
}
