// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableSet;
import io.registryauth.scope.ResourceScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestrictionTest {
  private static final ImmutableSet<String> ALL = ImmutableSet.of("pull", "push", "delete");

  private static ResourceScope repository(String name) {
    return new ResourceScope("repository", name, Set.of("pull"));
  }

  @Test
  void narrow_none_leavesAll() {
    assertThat(Restriction.NONE.narrow(repository("team/app"), ALL)).isEqualTo(ALL);
    assertThat(
            Restriction.NONE.narrow(
                new ResourceScope("registry", "catalog", Set.of()), Set.of("*")))
        .containsExactly("*");
  }

  @Test
  void narrow_actions_leavesThoseInTheOrderOfThePolicy() {
    Restriction restriction = Restriction.NONE.toActions("delete,pull");

    assertThat(restriction.narrow(repository("team/app"), ALL)).containsExactly("pull", "delete");
    assertThat(restriction.narrow(repository("shared/app"), Set.of("pull")))
        .containsExactly("pull");
    assertThat(restriction.narrow(repository("other/app"), Set.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "team/app, true",
    "team/app/x, false",
    "team/application, false",
    "team/base, false",
    "team/base/os, true",
    "team/base/os/slim, true",
    "team/basement/os, false",
    "other/app, false",
    "team, false"
  })
  void narrow_repositories_leavesThoseInTheList(String name, boolean left) {
    Restriction restriction = Restriction.NONE.toRepositories("team/app, team/base/*");

    assertThat(restriction.narrow(repository(name), ALL)).isEqualTo(left ? ALL : Set.of());
  }

  /** A plugin is no image, and the catalog no repository of that name. */
  @ParameterizedTest
  @CsvSource({"repository(plugin), team/app", "registry, catalog", "registry, team/app"})
  void attack_anotherTypeByTheNameOfARepository_hasNothing(String type, String name) {
    Restriction restriction = Restriction.NONE.toRepositories("team/app registry/catalog");

    assertThat(restriction.narrow(new ResourceScope(type, name, Set.of()), Set.of("pull", "*")))
        .isEmpty();
  }

  @Test
  void narrow_actionsAndTheCatalog_hasNothing() {
    assertThat(
            Restriction.NONE
                .toActions("pull,push,delete")
                .narrow(new ResourceScope("registry", "catalog", Set.of()), Set.of("*")))
        .isEmpty();
  }

  @Test
  void narrow_both_bothHold() {
    Restriction restriction = Restriction.NONE.toRepositories("team/app").toActions("pull");

    assertThat(restriction.narrow(repository("team/app"), ALL)).containsExactly("pull");
    assertThat(restriction.narrow(repository("team/other"), ALL)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ,\n", "pull,write", "PULL", "*"})
  void toActions_noActions_isRefused(String list) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Restriction.NONE.toActions(list))
        .withMessageStartingWith("The actions are [")
        .withMessageEndingWith("]; valid are one or more of [pull, push, delete]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "*",
        "team/*/x",
        "team/*/x/*",
        "alpine",
        "team/a*",
        "/*",
        "Team/*",
        "team//*"
      })
  void toRepositories_noRepositories_isRefused(String list) {
    assertThatIllegalArgumentException().isThrownBy(() -> Restriction.NONE.toRepositories(list));
  }

  @Test
  void constructor_lists_areCopied() {
    Set<String> actions = new HashSet<>(Set.of("pull"));
    List<String> repositories = new ArrayList<>(List.of("team/app"));
    Restriction restriction = new Restriction(Optional.of(actions), Optional.of(repositories));

    actions.add("push");
    repositories.add("team/other");

    assertThat(restriction)
        .isEqualTo(new Restriction(Optional.of(Set.of("pull")), Optional.of(List.of("team/app"))));
  }
}
