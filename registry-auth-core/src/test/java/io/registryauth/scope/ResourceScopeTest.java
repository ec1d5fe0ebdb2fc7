// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceScopeTest {
  @Test
  void constructor_brokenType_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResourceScope("Repository", "a/b", Set.of("pull")))
        .withMessage(
            "The type of a resource scope is \"Repository\"; valid is [a-z0-9]+ with or without a"
                + " (class)");
  }

  @Test
  void constructor_pathTraversal_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResourceScope("repository", "a/../b", Set.of("pull")))
        .withMessageContaining("The name of a resource scope is \"a/../b\"");
  }

  @Test
  void constructor_emptyComponent_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResourceScope("repository", "a//b", Set.of("pull")));
  }

  @Test
  void constructor_oneBrokenAction_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResourceScope("repository", "a/b", Set.of("pull", "PUSH")))
        .withMessage("The action of a resource scope is \"PUSH\"; valid is [a-z]+ or *");
  }

  @Test
  void constructor_emptyAction_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResourceScope("repository", "a/b", Set.of("")));
  }

  @Test
  void actions_afterChangeOfTheArgument_areUnchanged() {
    Set<String> actions = new LinkedHashSet<>(Set.of("pull"));
    ResourceScope scope = new ResourceScope("repository", "a/b", actions);
    actions.add("push");

    assertThat(scope.actions()).containsExactly("pull");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pull             | pull,push,delete | pull",
        "push,pull        | pull,push,delete | push,pull",
        "delete,push,pull | pull,push,delete | delete,push,pull",
        "pull,push        | pull             | pull",
        "push,pull        | pull             | pull",
        "pull,fly         | pull,push,delete | pull",
        "*                | pull,push,delete | pull,push,delete",
        "*                | pull             | pull",
        "*                | *                | *",
        "delete,*         | pull,push,delete | delete,pull,push",
        "*,delete         | pull,push,delete | pull,push,delete",
        "pull,*           | push             | push",
      })
  void narrowTo_somethingInBoth_grantsItInTheOrderAsked(
      String asked, String allowed, String granted) {
    Optional<Access> access = scope(asked).narrowTo(actions(allowed));

    assertThat(access).map(Access::toString).contains("repository:team/app:" + granted);
    assertThat(access).map(Access::type).contains("repository");
    assertThat(access).map(Access::name).contains("team/app");
  }

  @ParameterizedTest
  @CsvSource({
    "'',   'pull,push'",
    "pull, ''",
    "*,    ''",
    "push, pull",
    "fly,  'pull,push,delete'",
    "pull, *",
    "'',   *",
  })
  void narrowTo_nothingInBoth_isEmpty(String asked, String allowed) {
    assertThat(scope(asked).narrowTo(actions(allowed))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pull\"],\"x\":[\"", "", "Pull", "pull,push", "**", "a\nb"})
  void attack_actionOutsideTheGrammarThatPolicyAllows_isNotGranted(String action) {
    Set<String> allowed = ImmutableSet.of("pull", action);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> scope("push,*").narrowTo(allowed))
        .withMessage(
            "The authorizer allows the action \"%s\" on repository:team/app; valid is [a-z]+ or *",
            action);
    assertThat(scope("pull").narrowTo(allowed)).map(Access::actions).contains(Set.of("pull"));
  }

  @Test
  void narrowTo_anyAskedAndAllowed_exceedsNeither() {
    Set<String> all = ImmutableSet.of("pull", "push", "delete", "fly", "*");
    for (Set<String> asked : Sets.powerSet(all)) {
      for (Set<String> allowed : Sets.powerSet(all)) {
        Set<String> granted =
            new ResourceScope("repository", "team/app", asked)
                .narrowTo(allowed)
                .map(Access::actions)
                .orElse(Set.of());

        assertThat(allowed).containsAll(granted);
        if (!asked.contains("*")) {
          assertThat(asked).containsAll(granted);
        }
        assertThat(granted).containsAll(Sets.intersection(asked, allowed));
      }
    }
  }

  @Test
  void access_equalsWhatHasTheSameParts() {
    Access access = access("repository", "team/app", "pull", "push");

    assertThat(access)
        .isEqualTo(access("repository", "team/app", "push", "pull"))
        .hasSameHashCodeAs(access("repository", "team/app", "push", "pull"))
        .isNotEqualTo(access("registry", "team/app", "pull", "push"))
        .isNotEqualTo(access("repository", "team/ro", "pull", "push"))
        .isNotEqualTo(access("repository", "team/app", "pull"))
        .isNotEqualTo("repository:team/app:pull,push");
    assertThat(access.hashCode()).isNotEqualTo(access("repository", "team/ro", "pull").hashCode());
  }

  @Test
  void toString_isWhatAClientWrites() {
    assertThat(scope("push,pull")).hasToString("repository:team/app:push,pull");
    assertThat(scope("")).hasToString("repository:team/app:");
  }

  private static ResourceScope scope(String asked) {
    return new ResourceScope("repository", "team/app", actions(asked));
  }

  private static Set<String> actions(String list) {
    return list.isEmpty() ? Set.of() : ImmutableSet.copyOf(list.split(",", -1));
  }

  private static Access access(String type, String name, String... actions) {
    return new Access(type, name, ImmutableSet.copyOf(actions));
  }
}
