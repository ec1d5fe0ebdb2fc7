// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScopeParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "repository:team/app:pull              | repository         | team/app           | pull",
        "repository:team/app:push,pull         | repository         | team/app           | push,pull",
        "repository:team/app:pull,push,delete  | repository         | team/app           | pull,push,delete",
        "repository:team/app:pull,pull         | repository         | team/app           | pull",
        "repository:team/app:pull,fly          | repository         | team/app           | pull,fly",
        "repository:team/app:*                 | repository         | team/app           | *",
        "repository:team/app:pull,,push,       | repository         | team/app           | pull,push",
        "repository:team/app:                  | repository         | team/app           | ''",
        "repository:team/app:,                 | repository         | team/app           | ''",
        "repository:alpine:pull                | repository         | alpine             | pull",
        "repository:TEAM/app:pull              | repository         | TEAM/app           | pull",
        "repository:host:5000/team/app:pull    | repository         | host:5000/team/app | pull",
        "repository:[::1]:5000/team/app:pull   | repository         | [::1]:5000/team/app| pull",
        "repository:host:5000/team/app:        | repository         | host:5000/team/app | ''",
        "repository(plugin):team/app:pull      | repository(plugin) | team/app           | pull",
        "registry:catalog:*                    | registry           | catalog            | *",
        "unknown:x:pull                        | unknown            | x                  | pull",
      })
  void parse_wellFormed_readsTypeNameAndActions(
      String text, String type, String name, String actions) {
    RequestedScopes asked = ScopeParser.parse(List.of(text));

    assertThat(asked.malformed()).isEmpty();
    assertThat(asked.scopes()).singleElement().extracting(ResourceScope::type).isEqualTo(type);
    assertThat(asked.scopes()).singleElement().extracting(ResourceScope::name).isEqualTo(name);
    assertThat(asked.scopes())
        .singleElement()
        .extracting(scope -> String.join(",", scope.actions()))
        .isEqualTo(actions);
  }

  @ParameterizedTest
  @CsvSource({
    "bogus, a scope is",
    "repository:team/app, a scope is",
    ":, a scope is",
    "::, the type",
    ":team/app:pull, the type",
    "Repository:team/app:pull, the type",
    "repository():team/app:pull, the type",
    "repository::pull, the name",
    "repository:../x:pull, the name",
    "repository:a/../b:pull, the name",
    "repository:team//app:pull, the name",
    "repository:team/app/:pull, the name",
    "repository:/team/app:pull, the name",
    "repository:team/APP:pull, the name",
    "repository:team/app:latest:pull, the name",
    "repository:fe80::1/team/app:pull, the name",
  })
  void parse_malformed_isSetAsideWithTheProblem(String text, String problem) {
    RequestedScopes asked = ScopeParser.parse(List.of(text));

    assertThat(asked.scopes()).isEmpty();
    assertThat(asked.malformed()).singleElement().extracting(MalformedScope::text).isEqualTo(text);
    assertThat(asked.malformed().get(0).problem()).startsWith(problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "repository:team/app\u0000:pull",
        "repository:team/app\r\nX-Injected:pull",
        "repository:team/app\tx:pull",
        "repository:team/\u0430pp:pull"
      })
  void parse_attackWithControlOrForeignCharacters_isSetAside(String text) {
    RequestedScopes asked = ScopeParser.parse(List.of(text));

    assertThat(asked.scopes()).isEmpty();
    assertThat(asked.malformed()).singleElement().extracting(MalformedScope::text).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "    "})
  void parse_emptyParameter_asksForNothing(String parameter) {
    assertThat(ScopeParser.parse(List.of(parameter)))
        .isEqualTo(new RequestedScopes(List.of(), List.of()));
  }

  @Test
  void parse_noParameter_asksForNothing() {
    assertThat(ScopeParser.parse(List.of())).isEqualTo(new RequestedScopes(List.of(), List.of()));
  }

  @Test
  void parse_severalInOneParameter_areSplitAtSpaces() {
    assertThat(texts("  repository:team/app:pull   repository:team/ro:pull "))
        .containsExactly("repository:team/app:pull", "repository:team/ro:pull");
  }

  @Test
  void parse_severalParameters_keepTheirOrder() {
    assertThat(texts("repository:z/z:pull", "repository:a/a:push repository:m/m:pull"))
        .containsExactly("repository:z/z:pull", "repository:a/a:push", "repository:m/m:pull");
  }

  @Test
  void parse_repeatedResource_isUnitedAtItsFirstMention() {
    assertThat(
            texts(
                "repository:team/app:push,pull",
                "repository:team/ro:pull",
                "repository:team/app:delete,pull"))
        .containsExactly("repository:team/app:push,pull,delete", "repository:team/ro:pull");
  }

  @Test
  void parse_sameNameOfOtherType_isAnotherResource() {
    assertThat(texts("repository:team/app:pull", "repository(plugin):team/app:pull")).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PULL", "pull1", "pull*", "pull\u0000"})
  void parse_unknownToTheGrammarAction_isSetAsideAlone(String action) {
    String text = "repository:team/app:push," + action + ",delete";
    RequestedScopes asked = ScopeParser.parse(List.of(text));

    assertThat(asked.scopes().get(0).actions()).containsExactly("push", "delete");
    assertThat(asked.malformed())
        .containsExactly(new MalformedScope(text, "an action is [a-z]+ or *"));
  }

  @Test
  void attack_thousandsOfBadActions_areSetAsideAsOne() {
    RequestedScopes asked = ScopeParser.parse(List.of("repository:team/app:" + "A,".repeat(4000)));

    assertThat(asked.malformed()).hasSize(1);
  }

  @Test
  void parse_onlyMalformedActions_keepsTheResourceWithNone() {
    RequestedScopes asked = ScopeParser.parse(List.of("repository:team/app:PULL"));

    assertThat(asked.scopes()).singleElement().hasToString("repository:team/app:");
    assertThat(asked.malformed()).hasSize(1);
  }

  @Test
  void parse_malformedBesideWellFormed_keepsTheWellFormed() {
    RequestedScopes asked = ScopeParser.parse(List.of("bogus repository:team/app:pull"));

    assertThat(asked.scopes()).singleElement().hasToString("repository:team/app:pull");
    assertThat(asked.malformed())
        .singleElement()
        .extracting(MalformedScope::text)
        .isEqualTo("bogus");
  }

  @Test
  void parse_nameOf255Characters_isRead() {
    String name = "team/" + "a".repeat(250);
    assertThat(texts("repository:" + name + ":pull"))
        .containsExactly("repository:" + name + ":pull");
  }

  @Test
  void parse_attackWithOverlongName_isSetAsideAndCut() {
    RequestedScopes asked =
        ScopeParser.parse(
            List.of("repository:team/" + "a".repeat(251) + ":pull" + "l".repeat(500)));

    assertThat(asked.scopes()).isEmpty();
    assertThat(asked.malformed().get(0).text()).hasSize(301).endsWith("…");
  }

  @Test
  void malformedScope_textOf300Characters_isKeptWhole() {
    assertThat(new MalformedScope("a".repeat(300), "").text()).isEqualTo("a".repeat(300));
    assertThat(new MalformedScope("a".repeat(301), "").text()).isEqualTo("a".repeat(300) + "…");
  }

  @Test
  void parse_sixteenScopes_areRead() {
    assertThat(ScopeParser.parse(numbered(16)).scopes()).hasSize(16);
  }

  @Test
  void parse_attackWithTooManyScopes_readsNone() {
    RequestedScopes asked = ScopeParser.parse(numbered(17));

    assertThat(asked.scopes()).isEmpty();
    assertThat(asked.malformed())
        .containsExactly(
            new MalformedScope(
                "repository:team/app0:pull", "17 scopes in one request; at most 16 are valid"));
  }

  @Test
  void parse_attackWithOneScopeRepeated_countsEachRepeat() {
    List<String> repeats = Collections.nCopies(17, "repository:team/app:pull");

    assertThat(ScopeParser.parse(repeats).scopes()).isEmpty();
    assertThat(ScopeParser.parse(List.of(String.join(" ", repeats))).scopes()).isEmpty();
  }

  private static List<String> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> "repository:team/app" + i + ":pull").toList();
  }

  private static List<String> texts(String... parameters) {
    return ScopeParser.parse(List.of(parameters)).scopes().stream()
        .map(ResourceScope::toString)
        .toList();
  }
}
