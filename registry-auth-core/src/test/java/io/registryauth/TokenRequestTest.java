// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenRequestTest {
  @Test
  void build_everything_isKept() {
    TokenRequest request =
        TokenRequest.builder()
            .query("service=reg&scope=a%3Ab%3Ac&scope=d:e:f")
            .authorization("Basic one")
            .authorization("Basic two")
            .clientAddress("192.0.2.1")
            .requestId("id-1")
            .build();

    assertThat(request.parameter("scope")).containsExactly("a:b:c", "d:e:f");
    assertThat(request.parameter("account")).isEmpty();
    assertThat(request.authorizations()).containsExactly("Basic one", "Basic two");
    assertThat(request.service()).isEqualTo("reg");
    assertThat(request.clientAddress()).isEqualTo("192.0.2.1");
    assertThat(request.requestId()).isEqualTo("id-1");
    assertThat(request.unreadable()).isEmpty();
  }

  @Test
  void build_nothing_isAnEmptyRequest() {
    TokenRequest request = TokenRequest.builder().query(null).build();

    assertThat(request.service()).isEmpty();
    assertThat(request.parameter("scope")).isEmpty();
    assertThat(request.authorizations()).isEmpty();
    assertThat(request.clientAddress()).isEmpty();
    assertThat(request.unreadable()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"a=b, ''", "service=, ''", "service=reg, reg", "'service=a&service=b', 'a,b'"})
  void service_anyNumber_isJoined(String query, String service) {
    assertThat(TokenRequest.builder().query(query).build().service()).isEqualTo(service);
  }

  @Test
  void query_atMost8192Characters_isRead() {
    String longest = "service=" + "x".repeat(8184);

    assertThat(TokenRequest.builder().query(longest).build().service()).hasSize(8184);
    assertThat(TokenRequest.builder().query(longest).build().unreadable()).isEmpty();
    assertThat(unreadable(TokenRequest.builder().query(longest + "x")))
        .contains(
            new TokenResult.Rejected(
                414,
                ErrorCode.UNSUPPORTED,
                "The query has 8193 characters; at most 8192 are valid",
                "query-too-long"));
    assertThat(TokenRequest.builder().query(longest + "x").build().service()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "service=%zz, \"%zz\" is no percent-encoding",
    "service=%C0%AF, the percent-encoding of \"%C0%AF\" is not UTF-8",
  })
  void query_brokenEncoding_isUnreadable(String query, String problem) {
    assertThat(unreadable(TokenRequest.builder().query(query)))
        .contains(
            new TokenResult.Rejected(
                400,
                ErrorCode.UNSUPPORTED_VALUE,
                "The query cannot be decoded: " + problem,
                "query-encoding"));
  }

  @Test
  void authorization_null_isNone() {
    assertThat(TokenRequest.builder().authorization(null).build().authorizations()).isEmpty();
  }

  @Test
  void authorization_atMost2048Characters_isRead() {
    assertThat(unreadable(TokenRequest.builder().authorization("x".repeat(2048)))).isEmpty();
    assertThat(unreadable(TokenRequest.builder().authorization("x".repeat(2049))))
        .contains(
            new TokenResult.Rejected(
                431,
                ErrorCode.UNSUPPORTED,
                "The Authorization header has 2049 characters; at most 2048 are valid",
                "authorization-too-long"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "azAZ09._-",
        "34e4b99f-7d48-436d-943b-198f1565d458",
        "0123456789012345678901234567890123456789012345678901234567890123"
      })
  void requestId_safeText_isTaken(String id) {
    assertThat(TokenRequest.builder().requestId(id).build().requestId()).isEqualTo(id);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "a b",
        "a\r\nX-Injected: 1",
        "a\"b",
        "a/b",
        "a:b",
        "a@b",
        "a[b",
        "a`b",
        "a{b",
        "é",
        "01234567890123456789012345678901234567890123456789012345678901234"
      })
  void requestId_attackWithAnythingElse_isReplacedByARandomOne(String id) {
    String requestId = TokenRequest.builder().requestId(id).build().requestId();

    assertThat(UUID.fromString(requestId)).hasToString(requestId);
  }

  @Test
  void requestId_byDefault_isAnotherEachTime() {
    assertThat(TokenRequest.builder().build().requestId())
        .isNotEqualTo(TokenRequest.builder().build().requestId());
  }

  @Test
  void toString_isTheRequestIdAlone() {
    TokenRequest request =
        TokenRequest.builder()
            .query("service=reg&password=secret")
            .authorization("Basic secret")
            .requestId("id-1")
            .build();

    assertThat(request).hasToString("TokenRequest[id-1]");
  }

  private static Optional<TokenResult.Rejected> unreadable(TokenRequest.Builder builder) {
    return builder.build().unreadable();
  }
}
