// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static io.registryauth.TestRequests.anonymous;
import static io.registryauth.TestRequests.withBasic;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.authorization.AuthorizationRequest;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.TestKeys;
import io.registryauth.scope.Access;
import io.registryauth.token.TokenIssuer;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests that real clients send, and what registries and their token services have stumbled over,
 * against a policy in which alice may do all on {@code team/app} and pull {@code team/ro}, root may
 * list the catalog, and anybody may pull {@code pub/img}.
 */
class TokenServiceVectorsTest {
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          "alice repository team/app", actions("pull", "push", "delete"),
          "alice repository team/ro", actions("pull"),
          "alice repository pub/img", actions("pull"),
          "root registry catalog", actions("*"),
          " repository pub/img", actions("pull"));

  @ParameterizedTest(name = "{0}: {1} {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        // client | query                                          | empty-token | unauthorized if
        // other
        "1  | alice | x=y                                           | ''          | ",
        "2  | alice | scope=                                        | ''          | ",
        "3  | alice | scope=repository:team/app:pull                | team/app:pull | ",
        "4  | alice | scope=repository:team/app:push,pull           | team/app:push,pull | ",
        "5  | alice | scope=repository:team/ro:pull,push            | team/ro:pull | ",
        "6  | alice | scope=repository:nope/x:pull                  | '' | 401 DENIED",
        "7  | alice | scope=repository:team/app:pull&scope=repository:team/ro:pull "
            + "| team/app:pull team/ro:pull | ",
        "8a | alice | scope=repository:team/app:pull%20repository:team/ro:pull "
            + "| team/app:pull team/ro:pull | ",
        "8b | alice | scope=repository:team/app:pull+repository:team/ro:pull "
            + "| team/app:pull team/ro:pull | ",
        "9  | alice | scope=repository:team/app:push,pull&scope=repository:team/app:delete "
            + "| team/app:push,pull,delete | ",
        "10 | alice | scope=repository:team/app:pull,pull           | team/app:pull | ",
        "11 | alice | scope=repository:team/app:*                   | team/app:delete,pull,push | ",
        "12 | alice | scope=repository:team/ro:*                    | team/ro:pull | ",
        "13a| alice | scope=registry:catalog:*                      | '' | 401 DENIED",
        "13b| root  | scope=registry:catalog:*                      | catalog:* | ",
        "15 | alice | scope=repository:host:5000/team/app:pull      | '' | 401 DENIED",
        "17 | alice | scope=repository:team/app:                    | '' | 401 DENIED",
        "19 | alice | scope=repository:team/app:PULL                | '' | 401 DENIED",
        "20 | alice | scope=repository:team/app:pull,fly            | team/app:pull | ",
        "25 | alice | scope=repository:TEAM/app:pull                | '' | 401 DENIED",
        "28 | alice | scope=unknown:x:pull                          | '' | 401 DENIED",
        "31 |       | scope=repository:pub/img:pull,push            | pub/img:pull | ",
        "32 |       | scope=repository:team/app:pull                | 401 UNAUTHORIZED | ",
        "37a| alice | account=bob                                   | 401 UNAUTHORIZED | ",
        "37b|       | account=alice&scope=repository:team/app:pull  | 401 UNAUTHORIZED | ",
        "38a| alice | service=reg                                   | 400 UNSUPPORTED_VALUE | ",
        "38b| alice | service=other                                 | 400 UNSUPPORTED_VALUE | ",
        "39a| alice | offline_token=true                            | '' | ",
        "39b| alice | offline_token=maybe                           | 400 BAD_TOKEN_OPTION | ",
        "46 | alice | scope=repository%3Ateam%2Fapp%3Apull%2Cpush   | team/app:pull,push | ",
        "46 | alice | scope=repository:team/app:pull,push           | team/app:pull,push | ",
        "-  | alice | scope=repository(plugin):team/app:pull        | '' | 401 DENIED",
        "-  | alice | scope=repository:alpine:pull+repository:team/app:pull | team/app:pull | ",
        "-  | alice | scope=repository:[::1]:5000/team/app:pull     | '' | 401 DENIED",
      })
  void issue_vector_isAnsweredAsExpected(
      String id, String client, String query, String withEmptyTokens, String otherwise) {
    assertThat(answer(DeniedResponse.EMPTY_TOKEN, client, query)).isEqualTo(withEmptyTokens);
    assertThat(answer(DeniedResponse.UNAUTHORIZED, client, query))
        .isEqualTo(otherwise == null ? withEmptyTokens : otherwise);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "21, repository:team/app",
    "24, Repository:team/app:pull",
    "26a, repository:../x:pull",
    "26b, repository:team//app:pull",
    "26c, repository:team/app/:pull",
    "26d, repository:team/app%00:pull",
    "26e, repository:team/app%0D%0AX-Injected:pull",
    "30, repository:team/0123456789012345678901234567890123456789012345678901234567890123456789"
        + "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        + "89012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
        + "0:pull",
  })
  void issue_malformedScope_isIgnoredUnlessAlone(String id, String scope) {
    for (DeniedResponse mode : DeniedResponse.values()) {
      assertThat(answer(mode, "alice", "scope=" + scope)).isEqualTo("400 UNSUPPORTED_VALUE");
      assertThat(answer(mode, "alice", "scope=" + scope + "&scope=repository:team/ro:pull"))
          .isEqualTo("team/ro:pull");
    }
  }

  @Test
  void issue_attackWithTooManyScopesOrTooLongQuery_isBounded() {
    String scopes =
        IntStream.range(0, 500).mapToObj(i -> "scope=a:b:c").collect(Collectors.joining("&"));

    assertThat(answer(DeniedResponse.UNAUTHORIZED, "alice", scopes))
        .isEqualTo("400 UNSUPPORTED_VALUE");
    assertThat(answer(DeniedResponse.UNAUTHORIZED, "alice", "x=" + "y".repeat(16 * 1024)))
        .isEqualTo("414 UNSUPPORTED");
  }

  private static String answer(DeniedResponse mode, String client, String query) {
    TokenService service =
        TokenService.builder(
                TokenIssuer.builder(TestKeys.signingKey()).build(),
                new CredentialStoreAuthenticator(
                    new InMemoryCredentialStore().put("alice", "a").put("root", "r")))
            .service("reg")
            .authorizer(TokenServiceVectorsTest::allowed)
            .deniedResponse(mode)
            .build();
    String whole = "service=reg&" + query;
    TokenRequest request =
        client == null ? anonymous(whole) : withBasic(client, client.substring(0, 1), whole);
    TokenResult result = service.issue(request);
    if (result instanceof TokenResult.Rejected rejected) {
      return rejected.status() + " " + rejected.code();
    }
    return ((TokenResult.Issued) result)
        .grant().access().stream()
            .map(Access::toString)
            .map(access -> access.substring(access.indexOf(':') + 1))
            .collect(Collectors.joining(" "));
  }

  private static Set<String> allowed(AuthorizationRequest request) {
    String who = request.identity().subject();
    String key = who + " " + request.scope().type() + " " + request.scope().name();
    return ALLOWED.getOrDefault(key, Set.of());
  }

  private static Set<String> actions(String... actions) {
    return new TreeSet<>(Set.of(actions));
  }
}
