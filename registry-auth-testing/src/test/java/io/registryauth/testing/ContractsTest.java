// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each mistake that the contracts are there for fails the test that is for it. */
class ContractsTest {
  /** What is wrong with the stores and authenticators below. */
  private static StoreMistake storeMistake = StoreMistake.NONE;

  private static AuthenticatorMistake authenticatorMistake = AuthenticatorMistake.NONE;

  @BeforeEach
  void makeNoMistake() {
    storeMistake = StoreMistake.NONE;
    authenticatorMistake = AuthenticatorMistake.NONE;
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, ''",
    "NULL_FOR_NONE, find_unknownNamespace_isEmpty",
    "ONE_FOR_ALL, find_storedNamespace_hasItsCredentials",
    "ONE_FOR_ALL, find_unknownNamespace_isEmpty",
    "PREFIX_MATCHES, find_unknownNamespace_isEmpty",
    "ONE_PASSWORD_FOR_ALL_ACCOUNTS, find_anotherAccountOfTheNamespace_isNotLetInByItsPassword",
    "ANYBODY_STORED, find_nothingStored_isEmpty",
    "SHOWS_A_PASSWORD, find_result_showsNoPassword",
    "FIRST_PASSWORD_ALONE, find_asManyPasswordsAsThereMayBe_acceptsEach",
    "ANSWERS_ONCE, find_again_findsTheSame",
    "COMPARES_ITSELF, find_credentialsThatDoNotSatisfy_areFoundAllTheSame",
    "FOR_ONE_THREAD, find_fromManyThreads_hasEachNamespacesOwn",
    "EMPTY_WHEN_DOWN, find_storeThatCannotTell_throwsCredentialStoreException",
    "OTHER_EXCEPTION_WHEN_DOWN, find_storeThatCannotTell_throwsCredentialStoreException"
  })
  void storeContract_mistake_failsItsTest(StoreMistake mistake, String test) {
    storeMistake = mistake;

    assertFailed(FaultyStore.class, test);
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, ''",
    "EVERYBODY_IN, authenticate_wrongPassword_isRefused",
    "IGNORES_CASE, attack_userNameThatIsNoNamespace_isRefusedAndNotNamed",
    "NOBODY_IN, authenticate_goodCredentials_isTheTenant",
    "ANOTHER_TENANT, authenticate_goodCredentials_isTheTenant",
    "FOR_ONE_THREAD, authenticate_fromManyThreads_isEachTenantsOwn",
    "MESSAGE_HAS_THE_PASSWORD, authenticate_whileItCannotTell_throwsCredentialStoreException",
    "NAMES_THE_UNKNOWN, authenticate_unknownNamespace_isRefusedAndNotNamed",
    "REASON_HAS_THE_PASSWORD, authenticate_passwordOfAnotherNamespace_isRefused",
    "REFUSES_WHEN_DOWN, authenticate_whileItCannotTell_throwsCredentialStoreException"
  })
  void authenticatorContract_mistake_failsItsTest(AuthenticatorMistake mistake, String test) {
    authenticatorMistake = mistake;

    assertFailed(FaultyAuthenticator.class, test);
  }

  private static void assertFailed(Class<?> contract, String test) {
    List<String> failed =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(contract))
            .execute()
            .testEvents()
            .failed()
            .map(event -> event.getTestDescriptor().getDisplayName().replace("()", ""))
            .toList();
    if (test.isEmpty()) {
      assertThat(failed).isEmpty();
    } else {
      assertThat(failed).contains(test);
    }
  }

  enum StoreMistake {
    NONE,
    NULL_FOR_NONE,
    ONE_FOR_ALL,
    PREFIX_MATCHES,
    ONE_PASSWORD_FOR_ALL_ACCOUNTS,
    ANYBODY_STORED,
    SHOWS_A_PASSWORD,
    FIRST_PASSWORD_ALONE,
    ANSWERS_ONCE,
    COMPARES_ITSELF,
    FOR_ONE_THREAD,
    EMPTY_WHEN_DOWN,
    OTHER_EXCEPTION_WHEN_DOWN
  }

  /** Not run by itself: nested classes are none of the build's tests. */
  static final class FaultyStore extends CredentialStoreContract {
    private final Thread maker = Thread.currentThread();
    private volatile boolean asked;

    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) {
      InMemoryCredentialStore stored = new InMemoryCredentialStore();
      passwords.forEach((name, values) -> stored.put(name, values(values)));
      return lookup -> find(stored, lookup);
    }

    private static String[] values(List<String> passwords) {
      return storeMistake == StoreMistake.FIRST_PASSWORD_ALONE
          ? new String[] {passwords.get(0)}
          : passwords.toArray(String[]::new);
    }

    private Optional<StoredCredentials> find(CredentialStore stored, CredentialLookup lookup) {
      Optional<StoredCredentials> found = stored.find(lookup);
      return switch (storeMistake) {
        case NULL_FOR_NONE -> found.isPresent() ? found : null;
        case ONE_FOR_ALL ->
            stored.find(CredentialLookup.of(AccountName.parse("team").orElseThrow()));
        case PREFIX_MATCHES ->
            lookup.account().username().equals("tea")
                ? stored.find(CredentialLookup.of(AccountName.parse("team").orElseThrow()))
                : found;
        case ONE_PASSWORD_FOR_ALL_ACCOUNTS ->
            stored
                .find(CredentialLookup.of(AccountName.of(lookup.account().namespace())))
                .map(of -> new StoredCredentials(lookup.account().username(), of.passwords()));
        case ANYBODY_STORED ->
            Optional.of(
                found.orElse(new StoredCredentials(lookup.account().username(), List.of())));
        case SHOWS_A_PASSWORD ->
            found.map(
                right ->
                    new StoredCredentials(
                        right.username(),
                        right.passwords(),
                        Optional.of("is-first-secret"),
                        right.restriction()));
        case ANSWERS_ONCE -> {
          boolean before = asked;
          asked = true;
          yield before ? Optional.empty() : found;
        }
        case COMPARES_ITSELF -> found.filter(lookup.accepted());
        case FOR_ONE_THREAD -> Thread.currentThread().equals(maker) ? found : Optional.empty();
        default -> found;
      };
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() {
      return switch (storeMistake) {
        case EMPTY_WHEN_DOWN -> Optional.of(lookup -> Optional.empty());
        case OTHER_EXCEPTION_WHEN_DOWN ->
            Optional.of(
                lookup -> {
                  throw new IllegalStateException("The store is down");
                });
        default -> Optional.empty();
      };
    }
  }

  enum AuthenticatorMistake {
    NONE,
    EVERYBODY_IN,
    NOBODY_IN,
    ANOTHER_TENANT,
    FOR_ONE_THREAD,
    MESSAGE_HAS_THE_PASSWORD,
    IGNORES_CASE,
    NAMES_THE_UNKNOWN,
    REASON_HAS_THE_PASSWORD,
    REFUSES_WHEN_DOWN
  }

  /** Not run by itself: nested classes are none of the build's tests. */
  static final class FaultyAuthenticator extends AuthenticatorContract {
    private final Thread maker = Thread.currentThread();

    @Override
    protected Authenticator authenticatorWith(Map<String, String> passwords) {
      InMemoryCredentialStore stored = new InMemoryCredentialStore();
      passwords.forEach(stored::put);
      Authenticator right = new CredentialStoreAuthenticator(stored);
      return request -> authenticate(right, request, passwords);
    }

    private AuthenticationResult authenticate(
        Authenticator right, AuthenticationRequest request, Map<String, String> passwords) {
      AuthenticationResult result = right.authenticate(request);
      Credentials credentials = request.credentials();
      Optional<AccountName> claimed = AccountName.parse(credentials.username());
      return switch (authenticatorMistake) {
        case EVERYBODY_IN ->
            claimed
                .<AuthenticationResult>map(
                    name -> new Authenticated(new Identity.Tenant(name.namespace())))
                .orElse(result);
        case NOBODY_IN -> new Refused("nobody-is-let-in", Optional.empty());
        case ANOTHER_TENANT ->
            result instanceof Authenticated
                ? new Authenticated(new Identity.Tenant(new NamespaceName("team")))
                : result;
        case FOR_ONE_THREAD ->
            Thread.currentThread().equals(maker)
                ? result
                : new Refused("wrong-thread", Optional.empty());
        case IGNORES_CASE ->
            right.authenticate(
                new AuthenticationRequest(
                    new Credentials(
                        credentials
                            .username()
                            .replace('T', 't')
                            .replace('E', 'e')
                            .replace('A', 'a'),
                        credentials.password())));
        case NAMES_THE_UNKNOWN ->
            result instanceof Refused refused ? new Refused(refused.reason(), claimed) : result;
        case REASON_HAS_THE_PASSWORD ->
            result instanceof Refused refused
                ? new Refused("not-" + passwords.get("team-2"), refused.account())
                : result;
        default -> result;
      };
    }

    @Override
    protected Optional<Authenticator> authenticatorThatCannotTell() {
      return switch (authenticatorMistake) {
        case REFUSES_WHEN_DOWN ->
            Optional.of(request -> new Refused("backend-is-down", Optional.empty()));
        case MESSAGE_HAS_THE_PASSWORD ->
            Optional.of(
                request -> {
                  throw new CredentialStoreException("Binding as team with first-secret");
                });
        default -> Optional.empty();
      };
    }
  }
}
