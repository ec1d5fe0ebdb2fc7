// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static io.registryauth.TestRequests.withBasic;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.authorization.NamespaceAuthorizer;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.Identity;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import io.registryauth.credential.Restriction;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the accounts of a namespace may have: {@code team+ci} beside {@code team}. */
class AccountsTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final SigningKey KEY = TestKeys.signingKey();
  private static final Restriction READER =
      Restriction.NONE.toActions("pull").toRepositories("team/app,shared/base/*,other/x");

  private final InMemoryCredentialStore store =
      new InMemoryCredentialStore().put("team", "pw").put("admin", "pw");
  private final TokenService service =
      TokenService.builder(
              TokenIssuer.builder(KEY).build(),
              new CredentialStoreAuthenticator(store, Clock.fixed(NOW, ZoneOffset.UTC)))
          .service("reg")
          .authorizer(
              NamespaceAuthorizer.builder()
                  .publicNamespaces(List.of(new NamespaceName("pub")))
                  .sharedNamespaces(List.of(new NamespaceName("shared")))
                  .adminNamespaces(List.of(new NamespaceName("admin")))
                  .build())
          .refreshTokens(
              RefreshTokens.builder(KEY, store).clock(Clock.fixed(NOW, ZoneOffset.UTC)).build())
          .build();

  private void put(String username, String password, Restriction restriction) {
    put(username, StoredPassword.of(Password.of(password)), restriction);
  }

  private void put(String username, StoredPassword password, Restriction restriction) {
    store.put(
        AccountName.parse(username).orElseThrow(),
        new StoredCredentials(username, List.of(password), Optional.empty(), restriction));
  }

  private TokenResult get(String username, String password, String query) {
    return service.issue(withBasic(username, password, "service=reg&" + query));
  }

  private static List<String> granted(TokenResult result) {
    return result instanceof TokenResult.Issued issued
        ? issued.grant().access().stream().map(Access::toString).toList()
        : List.of(((TokenResult.Rejected) result).code().name());
  }

  private static String reason(TokenResult result) {
    return ((TokenResult.Rejected) result).reason();
  }

  @Test
  void account_withoutRestriction_hasAllThatTheNamespaceHas() {
    put("team+ci", "ci-pw", Restriction.NONE);

    TokenResult result =
        get("team+ci", "ci-pw", "scope=repository:team/app:pull,push,delete registry:catalog:*");

    assertThat(granted(result)).containsExactly("repository:team/app:pull,push,delete");
    assertThat(((TokenResult.Issued) result).grant().subject()).isEqualTo("team+ci");
  }

  @Test
  void account_ofAnAdministrator_isOneToo() {
    put("admin+audit", "pw", Restriction.NONE);
    put("admin+reader", "pw", Restriction.NONE.toActions("pull"));
    String everything = "scope=registry:catalog:* repository:team/app:pull,push";

    assertThat(granted(get("admin+audit", "pw", everything)))
        .containsExactly("registry:catalog:*", "repository:team/app:pull");
    assertThat(granted(get("admin+reader", "pw", everything)))
        .containsExactly("repository:team/app:pull");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "repository:team/app:pull,push | repository:team/app:pull",
        "repository:team/app:* | repository:team/app:pull",
        "repository:team/app:push | DENIED",
        "repository:team/other:pull | DENIED",
        "repository:shared/base/os:pull | repository:shared/base/os:pull",
        "repository:shared/other:pull | DENIED",
        "repository:other/x:pull | DENIED", // in its list, but not its namespace's to have
        "repository:pub/img:pull,push | repository:pub/img:pull" // anybody's
      })
  void restrictedAccount_hasWhatIsLeftOfTheNamespaces(String scope, String expected) {
    put("team+reader", "pw", READER);

    assertThat(granted(get("team+reader", "pw", "scope=" + scope))).containsExactly(expected);
  }

  @Test
  void restrictionOfTheNamespacesOwnAccount_holdsToo() {
    put("team", "pw", Restriction.NONE.toActions("pull"));

    assertThat(granted(get("team", "pw", "scope=repository:team/app:push,pull")))
        .containsExactly("repository:team/app:pull");
  }

  @ParameterizedTest
  @CsvSource({
    "team+ci, pw, wrong-password", // the namespace's own
    "team, ci-pw, wrong-password",
    "team+other, ci-pw, unknown-namespace",
    "other+ci, ci-pw, unknown-namespace",
    "team+team, pw, unknown-namespace",
    "team+ci+ci, ci-pw, unknown-namespace",
    "TEAM+ci, ci-pw, unknown-namespace",
    "team%2Bci, ci-pw, unknown-namespace"
  })
  void attack_passwordOfAnotherAccount_isRefused(
      String username, String password, String expected) {
    put("team+ci", "ci-pw", Restriction.NONE);

    assertThat(reason(get(username, password, "scope=repository:team/app:pull")))
        .isEqualTo(expected);
  }

  /** A Secret of that name may be a copy of another namespace's. */
  @Test
  void attack_credentialsUnderAnotherAccountsName_areRefused() {
    store.put(
        AccountName.parse("team+ci").orElseThrow(),
        new StoredCredentials("ci", List.of(StoredPassword.of(Password.of("ci-pw")))));

    assertThat(reason(get("team+ci", "ci-pw", "scope=repository:team/app:pull")))
        .isEqualTo("stored-username-is-another");
  }

  @Test
  void expiredAccount_isRefusedAndTheLogSaysWhy() {
    put("team+ci", StoredPassword.of(Password.of("ci-pw")).until(NOW), Restriction.NONE);

    TokenResult result = get("team+ci", "ci-pw", "scope=repository:team/app:pull");

    assertThat(reason(result)).isEqualTo("stored-credentials-have-expired");
    assertThat(((TokenResult.Rejected) result).subject()).isEqualTo("team+ci");
  }

  @Test
  void refreshTokenOfAnAccount_isForThatAccountAsItIsNow() {
    put("team+ci", "ci-pw", Restriction.NONE);
    TokenResult.Issued login = (TokenResult.Issued) get("team+ci", "ci-pw", "offline_token=true");
    String refresh =
        "grant_type=refresh_token&service=reg&client_id=test&refresh_token="
            + login.refreshToken().orElseThrow().value()
            + "&scope=repository:team/app:pull,push";

    assertThat(granted(post(refresh))).containsExactly("repository:team/app:pull,push");
    assertThat(((TokenResult.Issued) post(refresh)).grant().subject()).isEqualTo("team+ci");
    assertThat(granted(post(refresh + "&account=team%2Bci"))).hasSize(1);
    assertThat(reason(post(refresh + "&account=team"))).isEqualTo("account-is-not-the-user-name");

    put("team+ci", "ci-pw", Restriction.NONE.toActions("pull"));
    assertThat(granted(post(refresh))).containsExactly("repository:team/app:pull");

    put("team+ci", StoredPassword.of(Password.of("ci-pw")).until(NOW), Restriction.NONE);
    assertThat(reason(post(refresh))).isEqualTo("stored-credentials-have-expired");

    store.remove(AccountName.parse("team+ci").orElseThrow());
    assertThat(reason(post(refresh))).isEqualTo("unknown-namespace");
  }

  /** The namespace's own account, or another, with the same password is another account. */
  @Test
  void attack_refreshTokenOfAnAccount_isNotThatOfAnother() {
    StoredPassword same = StoredPassword.of(Password.of("pw"));
    RefreshTokens tokens =
        RefreshTokens.builder(KEY, store).clock(Clock.fixed(NOW, ZoneOffset.UTC)).build();

    assertThat(fingerprint(tokens, "team", same))
        .isNotEqualTo(fingerprint(tokens, "team+ci", same));
    assertThat(fingerprint(tokens, "team+ci", same))
        .isNotEqualTo(fingerprint(tokens, "team+cd", same))
        .isEqualTo(fingerprint(tokens, "team+ci", same));
  }

  private static String fingerprint(
      RefreshTokens tokens, String username, StoredPassword password) {
    Identity.Tenant tenant =
        new Identity.Tenant(AccountName.parse(username).orElseThrow(), Restriction.NONE);
    return tokens.issue(tenant, password, "reg").orElseThrow().fingerprint();
  }

  private TokenResult post(String form) {
    return service.issue(
        TokenRequest.builder()
            .form("application/x-www-form-urlencoded", form.getBytes(UTF_8))
            .build());
  }
}
