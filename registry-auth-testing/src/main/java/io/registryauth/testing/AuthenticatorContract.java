// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.AuthenticationResult.Authenticated;
import io.registryauth.credential.AuthenticationResult.Refused;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Identity;
import io.registryauth.credential.Password;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Authenticator} must keep. Extend it in a test of yours: JUnit then runs what is
 * here, each test with an authenticator of its own.
 */
public abstract class AuthenticatorContract {
  /** For those who extend it. */
  protected AuthenticatorContract() {}

  /**
   * Makes an authenticator that knows just these credentials.
   *
   * @param passwords the password of each namespace, in the clear; the user name is the namespace
   * @throws Exception if it cannot be made, which fails the test
   */
  protected abstract Authenticator authenticatorWith(Map<String, String> passwords)
      throws Exception;

  /**
   * Makes an authenticator that cannot tell: its backend is down, say.
   *
   * @return the authenticator, or empty if there is no backend that could fail
   * @throws Exception if it cannot be made, which fails the test
   */
  protected abstract Optional<Authenticator> authenticatorThatCannotTell() throws Exception;

  @Test
  void authenticate_goodCredentials_isTheTenant() throws Exception {
    Authenticator authenticator = twoTeams();

    assertTenant(authenticator, "team", "first-secret");
    assertTenant(authenticator, "team-2", "second-secret");
  }

  @Test
  void authenticate_wrongPassword_isRefused() throws Exception {
    Authenticator authenticator = twoTeams();

    for (String wrong :
        List.of("third-secret", "first-secre", "first-secret ", "FIRST-SECRET", "*")) {
      assertRefused(authenticator, "team", wrong);
    }
  }

  @Test
  void authenticate_passwordOfAnotherNamespace_isRefused() throws Exception {
    assertRefused(twoTeams(), "team", "second-secret");
  }

  @Test
  void authenticate_unknownNamespace_isRefusedAndNotNamed() throws Exception {
    assertEquals(
        Optional.empty(),
        assertRefused(twoTeams(), "nobody", "first-secret").account(),
        "a user name that is no namespace may be a mistyped password, which no log may have");
  }

  /** Backends have patterns, paths and cases of their own. */
  @Test
  void attack_userNameThatIsNoNamespace_isRefusedAndNotNamed() throws Exception {
    Authenticator authenticator = twoTeams();

    for (String hostile :
        List.of(
            "",
            " ",
            "Team",
            "TEAM",
            "team ",
            " team",
            "team.",
            "team/",
            "team/../team-2",
            "..",
            "*",
            "tea*",
            "te%m",
            "team)(cn=*",
            "' or '1'='1",
            "t\u00e9am",
            "te\nam",
            "te\u0000am",
            "team".repeat(250))) {
      assertEquals(
          Optional.empty(),
          assertRefused(authenticator, hostile, "first-secret").account(),
          "a user name that is no namespace is not named");
    }
  }

  @Test
  void authenticate_fromManyThreads_isEachTenantsOwn() throws Exception {
    Authenticator authenticator = twoTeams();

    ManyThreads.run(
        () -> {
          assertTenant(authenticator, "team", "first-secret");
          assertTenant(authenticator, "team-2", "second-secret");
          assertRefused(authenticator, "team", "second-secret");
        });
  }

  /** The client gets 503 and comes again; it must not be told that its credentials are wrong. */
  @Test
  void authenticate_whileItCannotTell_throwsCredentialStoreException() throws Exception {
    Optional<Authenticator> authenticator = authenticatorThatCannotTell();
    if (authenticator.isEmpty()) {
      return; // It can always tell. That is no gap in the tests, so the test is not skipped.
    }
    CredentialStoreException failure =
        assertThrows(
            CredentialStoreException.class,
            () -> authenticate(authenticator.get(), "team", "first-secret"));
    String message = failure.getMessage();
    assertFalse(message == null || message.isBlank(), "the message says what was attempted");
    assertFalse(
        message != null && message.contains("first-secret"), "a message never has a password");
  }

  private Authenticator twoTeams() throws Exception {
    return authenticatorWith(Map.of("team", "first-secret", "team-2", "second-secret"));
  }

  private static void assertTenant(Authenticator authenticator, String namespace, String password) {
    Authenticated authenticated =
        assertInstanceOf(Authenticated.class, authenticate(authenticator, namespace, password));
    assertEquals(new Identity.Tenant(new NamespaceName(namespace)), authenticated.tenant());
  }

  private static AuthenticationResult authenticate(
      Authenticator authenticator, String username, String password) {
    return authenticator.authenticate(
        new AuthenticationRequest(new Credentials(username, Password.of(password))));
  }

  @CanIgnoreReturnValue
  private static Refused assertRefused(
      Authenticator authenticator, String username, String password) {
    Refused refused =
        assertInstanceOf(Refused.class, authenticate(authenticator, username, password));
    assertTrue(
        refused.reason().matches("[a-z0-9]+(-[a-z0-9]+)*"),
        "the reason is a few lower-case words with hyphens between them");
    assertFalse(refused.reason().contains(password), "the reason never has the password");
    return refused;
  }
}
