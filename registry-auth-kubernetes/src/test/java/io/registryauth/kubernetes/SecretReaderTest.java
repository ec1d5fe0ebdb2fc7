// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.kubernetes.SecretReader.Event;
import io.registryauth.kubernetes.SecretReader.Item;
import io.registryauth.kubernetes.SecretReader.Page;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretReaderTest {
  // team / secret
  private static final String SECRET =
      """
      {"metadata":{"name":"team-registry-credentials","namespace":"team","uid":"1",
        "resourceVersion":"7","labels":{"name":"x"},"managedFields":[{"fieldsV1":{"f:data":{}}}]},
       "data":{"username":"dGVhbQ==","password":"c2VjcmV0","release":"H4sI"},"type":"Opaque"}""";

  private final List<Item> items = new ArrayList<>();

  @Test
  void page_ofSecrets_hasThoseOfTenants() throws IOException {
    Page page =
        page(
            """
            {"kind":"SecretList","apiVersion":"v1",
             "metadata":{"resourceVersion":"42","continue":"next","remainingItemCount":9},
             "items":[%s,{"metadata":{"name":"other","namespace":"team"},"data":{"release":"H4sI"}}]}"""
                .formatted(SECRET));

    assertThat(page).isEqualTo(new Page("42", "next"));
    assertThat(items).hasSize(2);
    assertThat(items.get(0).account()).contains(AccountName.parse("team").orElseThrow());
    assertThat(items.get(0).resourceVersion()).isEqualTo("7");
    assertThat(accepts(items.get(0), "secret")).isTrue();
    assertThat(accepts(items.get(0), "wrong")).isFalse();
    assertThat(items.get(1).account()).isEmpty();
    assertThat(items.get(1).found()).isEmpty();
  }

  @Test
  void page_last_hasNothingToGoOnWith() throws IOException {
    assertThat(page("{\"metadata\":{\"resourceVersion\":\"42\"},\"items\":[]}"))
        .isEqualTo(new Page("42", ""));
    assertThat(page("{\"items\":[],\"metadata\":{\"resourceVersion\":\"43\",\"continue\":\"\"}}"))
        .isEqualTo(new Page("43", ""));
  }

  @Test
  void page_secretOfAnAccount_isThatAccounts() throws IOException {
    Page unused =
        page(
            """
            {"items":[{"metadata":{"name":"ci-registry-credentials","namespace":"team"}},
              {"metadata":{"name":"ci-registry-credentials","namespace":"ci"}}]}""");

    assertThat(items)
        .extracting(item -> item.account().orElseThrow().username())
        .containsExactly("team+ci", "ci");
  }

  /** Nothing of an object is taken for another's, whatever order the API server writes it in. */
  @Test
  void page_membersInAnotherOrder_areTheSame() throws IOException {
    Page page =
        page(
            """
            {"items":[{"type":"Opaque","data":{"password":"c2VjcmV0","username":"dGVhbQ=="},
              "metadata":{"namespace":"team","name":"team-registry-credentials"}},
              {"data":null,"metadata":{"namespace":"b","name":"b-registry-credentials"}}]}""");

    assertThat(page).isEqualTo(new Page("", ""));
    assertThat(accepts(items.get(0), "secret")).isTrue();
    assertThat(items.get(1).account()).contains(AccountName.parse("b").orElseThrow());
    assertThat(items.get(1).found()).isEmpty();
  }

  /** As if it were not there, the account would have all. */
  @ParameterizedTest
  @ValueSource(strings = {"null", "7", "[]", "{\"a\":\"cHVsbA==\"}"})
  void attack_restrictionThatIsNoText_refusesTheAccount(String value) throws IOException {
    Page unused =
        page(
            "{\"items\":[%s]}"
                .formatted(SECRET.replace("\"H4sI\"", "\"H4sI\",\"actions\":" + value)));

    assertThat(accepts(items.get(0), "secret")).isFalse();
    assertThat(items.get(0).found().orElseThrow().problem())
        .contains("actions-is-no-list-of-pull-push-and-delete");
  }

  @ParameterizedTest
  @CsvSource({
    "team-registry-credentials, Other",
    "registry-credentials, registry",
    "-registry-credentials, ''",
    "team-registry-credentials-2, team",
    "a.b-registry-credentials, team",
    "..-registry-credentials, ..",
  })
  void page_secretOfAnotherName_isNobodys(String name, String namespace) throws IOException {
    Page unused =
        page(
            "{\"items\":[{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"}}]}"
                .formatted(name, namespace));

    assertThat(items.get(0).account()).isEmpty();
  }

  @Test
  void event_stream_isReadOneByOneToItsEnd() throws IOException {
    SecretReader reader =
        reader(
            """
            {"type":"ADDED","object":%s}
            {"type":"BOOKMARK","object":{"kind":"Secret","metadata":{"resourceVersion":"9"}}}
            {"type":"ERROR","object":{"kind":"Status","metadata":{},"code":410}}
            """
                .formatted(SECRET));

    Event added = reader.event().orElseThrow();
    assertThat(added.type()).isEqualTo("ADDED");
    assertThat(accepts(added.item(), "secret")).isTrue();
    Event bookmark = reader.event().orElseThrow();
    assertThat(bookmark.type()).isEqualTo("BOOKMARK");
    assertThat(bookmark.item())
        .isEqualTo(new Item("Secret", "9", Optional.empty(), Optional.empty()));
    assertThat(reader.event().orElseThrow().type()).isEqualTo("ERROR");
    assertThat(reader.event()).isEmpty();
  }

  @Test
  void event_streamWithoutAny_isAtItsEnd() throws IOException {
    assertThat(reader("").event()).isEmpty();
  }

  /** One Secret of an unexpected shape must not end the watch for all others. */
  @Test
  void event_entryThatIsNoText_isSkipped() throws IOException {
    SecretReader reader =
        reader(
            """
            {"type":"ADDED","object":{"metadata":{"name":"b-registry-credentials","namespace":"b"},
             "data":{"username":"Yg==","password":null}}}""");

    assertThat(reader.event().orElseThrow().item().found().orElseThrow().passwords()).isEmpty();
  }

  @Test
  void secret_otherKind_isAFailure() {
    assertThatIOException().isThrownBy(() -> reader("{}").secret());
    assertThatIOException().isThrownBy(() -> reader("{\"kind\":\"Pod\"}").secret());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"type\":\"ADDED\",\"obj", "{\"type\":\"ADDED\"", "{\"type\":\"ADDED\"}"})
  void event_cutOff_isAFailure(String text) {
    assertThatIOException().isThrownBy(() -> reader(text).event());
  }

  @Test
  void event_largeSecretOfAnother_isSkipped() throws IOException {
    SecretReader reader =
        reader(
            "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"sh.helm\"},\"data\":{\"release\":\""
                + "QUJD".repeat(250_000)
                + "\"}}}");

    assertThat(reader.event().orElseThrow().item().account()).isEmpty();
  }

  private Page page(String json) throws IOException {
    return reader(json).page(items::add);
  }

  private static SecretReader reader(String json) {
    return new SecretReader(new StringReader(json));
  }

  private static boolean accepts(Item item, String password) {
    return item.found()
        .orElseThrow()
        .accept(new Credentials("team", Password.of(password)), Instant.EPOCH);
  }
}
