// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What every {@link CredentialStore} must keep. Extend it in a test of your store: JUnit then runs
 * what is here, each test with a store of its own.
 *
 * <p>It cannot see everything. Yours to test are a bound on each wait, which the backend of a test
 * does not reach, and how soon a change is seen.
 */
public abstract class CredentialStoreContract {
  private static final AccountName TEAM = account("team");
  private static final AccountName OTHER = account("team-2");

  /** For those who extend it. */
  protected CredentialStoreContract() {}

  /**
   * Makes a store that has just these credentials.
   *
   * @param passwords the passwords of each user name, a namespace, in the clear
   * @throws Exception if it cannot be made, which fails the test
   */
  protected abstract CredentialStore storeWith(Map<String, List<String>> passwords)
      throws Exception;

  /**
   * Makes a store that cannot tell: its backend is down, say, or answers what makes no sense.
   *
   * @return the store, or empty if there is no backend that could fail
   * @throws Exception if it cannot be made, which fails the test
   */
  protected abstract Optional<CredentialStore> storeThatCannotTell() throws Exception;

  /** Returns how many passwords a namespace may have at a time, 1 or 2; 2 unless overridden. */
  protected int maxPasswords() {
    return 2;
  }

  @Test
  void find_storedNamespace_hasItsCredentials() throws Exception {
    CredentialStore store = twoTeams();

    StoredCredentials found = find(store, TEAM).orElseThrow();
    assertEquals("team", found.username(), "the user name is the namespace");
    assertTrue(accepts(found, TEAM, "first-secret"), "the stored password is accepted");
    assertFalse(accepts(found, TEAM, "wrong"), "another password is refused");
    assertFalse(accepts(found, TEAM, "second-secret"), "another namespace's password is refused");
    assertTrue(
        accepts(find(store, OTHER).orElseThrow(), OTHER, "second-secret"),
        "each namespace has its own password");
  }

  @Test
  void find_unknownNamespace_isEmpty() throws Exception {
    CredentialStore store = twoTeams();

    // Those that look like one that is stored show where names are matched by a pattern.
    for (String unknown : List.of("nobody", "tea", "eam", "t--m", "team-22", "team-1")) {
      assertTrue(find(store, account(unknown)).isEmpty(), unknown + " is unknown");
    }
  }

  /** A store that knows of no accounts but the namespaces' own must not give those to others. */
  @Test
  void find_anotherAccountOfTheNamespace_isNotLetInByItsPassword() throws Exception {
    Optional<StoredCredentials> found = find(twoTeams(), account("team+ci"));

    assertFalse(
        found.filter(stored -> accepts(stored, account("team+ci"), "first-secret")).isPresent(),
        "the password of team is not that of team+ci");
  }

  @Test
  void find_nothingStored_isEmpty() throws Exception {
    assertTrue(find(storeWith(Map.of()), TEAM).isEmpty(), "nothing is stored for anybody");
  }

  @Test
  void find_asManyPasswordsAsThereMayBe_acceptsEach() throws Exception {
    List<String> passwords = List.of("new-secret", "old-secret").subList(0, maxPasswords());

    StoredCredentials found = find(storeWith(Map.of("team", passwords)), TEAM).orElseThrow();
    for (String password : passwords) {
      assertTrue(accepts(found, TEAM, password), "each password is accepted");
    }
    assertFalse(accepts(found, TEAM, "wrong"), "another password is refused");
  }

  /** Or a wrong password could be told from an unknown namespace, and a cache could not be. */
  @Test
  void find_credentialsThatDoNotSatisfy_areFoundAllTheSame() throws Exception {
    Optional<StoredCredentials> found =
        twoTeams().find(new CredentialLookup(TEAM, stored -> false));

    assertNotNull(found, "find never returns null");
    assertTrue(found.isPresent(), "a store finds; whether it satisfies is for others to say");
  }

  @Test
  void find_again_findsTheSame() throws Exception {
    CredentialStore store = twoTeams();
    for (int i = 0; i < 3; i++) {
      assertTrue(accepts(find(store, TEAM).orElseThrow(), TEAM, "first-secret"), "found again");
      assertTrue(find(store, account("nobody")).isEmpty(), "still unknown");
    }
  }

  @Test
  void find_fromManyThreads_hasEachNamespacesOwn() throws Exception {
    CredentialStore store = twoTeams();

    ManyThreads.run(
        () -> {
          StoredCredentials team = find(store, TEAM).orElseThrow();
          StoredCredentials other = find(store, OTHER).orElseThrow();
          assertEquals("team", team.username());
          assertEquals("team-2", other.username());
          assertTrue(accepts(team, TEAM, "first-secret"), "its own password");
          assertTrue(accepts(other, OTHER, "second-secret"), "its own password");
          assertTrue(find(store, account("nobody")).isEmpty(), "unknown");
        });
  }

  @Test
  void find_result_showsNoPassword() throws Exception {
    String text = find(twoTeams(), TEAM).orElseThrow().toString();

    assertFalse(text.contains("first-secret"), "credentials never show a password");
  }

  /** The client gets 503 and comes again; by any other answer it would be told a lie. */
  @Test
  void find_storeThatCannotTell_throwsCredentialStoreException() throws Exception {
    Optional<CredentialStore> store = storeThatCannotTell();
    if (store.isEmpty()) {
      return; // It can always tell. That is no gap in the tests, so the test is not skipped.
    }
    CredentialStoreException failure =
        assertThrows(CredentialStoreException.class, () -> find(store.get(), TEAM));
    String message = failure.getMessage();
    assertFalse(message == null || message.isBlank(), "the message says what was attempted");
  }

  private CredentialStore twoTeams() throws Exception {
    return storeWith(Map.of("team", List.of("first-secret"), "team-2", List.of("second-secret")));
  }

  private static AccountName account(String username) {
    return AccountName.parse(username).orElseThrow();
  }

  private static Optional<StoredCredentials> find(CredentialStore store, AccountName account) {
    Optional<StoredCredentials> found = store.find(CredentialLookup.of(account));
    assertNotNull(found, "find never returns null");
    return found;
  }

  private static boolean accepts(StoredCredentials stored, AccountName account, String password) {
    return stored.accept(new Credentials(account.username(), Password.of(password)), Instant.EPOCH);
  }
}
