// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.authorization;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.Identity;
import io.registryauth.scope.ResourceScope;
import io.registryauth.tenant.NamespaceName;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamespaceAuthorizerTest {
  private final NamespaceAuthorizer policy =
      NamespaceAuthorizer.builder()
          .publicNamespaces(namespaces("pub"))
          .sharedNamespaces(namespaces("shared"))
          .adminNamespaces(namespaces("admin"))
          .build();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // who   | type               | name                | may
        "team    | repository         | team/app            | pull,push,delete",
        "team    | repository         | team/x/y            | pull,push,delete",
        "team    | repository         | other/app           | ''",
        "team    | repository         | team                | ''",
        "team    | repository         | TEAM/app            | ''",
        "team    | repository         | host:5000/team/app  | ''",
        "team    | repository         | team-b/app          | ''",
        "team    | repository         | shared/base         | pull",
        "team    | repository         | pub/img             | pull",
        "team    | repository         | shared              | ''",
        "team    | repository         | pub                 | ''",
        "team    | repository(plugin) | team/app            | ''",
        "team    | registry           | catalog             | ''",
        "team    | registry           | team/app            | ''",
        "shared  | repository         | shared/base         | pull,push,delete",
        "pub     | repository         | pub/img             | pull,push,delete",
        "admin   | repository         | admin/app           | pull,push,delete",
        "admin   | repository         | team/app            | pull",
        "admin   | repository         | alpine              | pull",
        "admin   | repository         | host:5000/team/app  | pull",
        "admin   | repository         | shared/base         | pull",
        "admin   | repository         | pub/img             | pull",
        "admin   | repository(plugin) | team/app            | ''",
        "admin   | registry           | catalog             | *",
        "admin   | registry           | other               | ''",
        "admin   | registry           | team/app            | ''",
        "admin   | other              | catalog             | ''",
        "nobody  | repository         | pub/img             | pull",
        "nobody  | repository         | shared/base         | ''",
        "nobody  | repository         | team/app            | ''",
        "nobody  | repository         | alpine              | ''",
        "nobody  | registry           | catalog             | ''",
      })
  void allowedActions_ofEachIdentityOnEachResource_areThoseOfTheTable(
      String who, String type, String name, String may) {
    assertThat(String.join(",", allowed(policy, who, type, name))).isEqualTo(may);
  }

  @ParameterizedTest
  @CsvSource({
    "team, team/app, 'pull,push,delete'",
    "team, shared/base, ''",
    "team, pub/img, ''",
    "admin, team/app, ''",
    "nobody, pub/img, ''",
  })
  void allowedActions_withoutSettings_areOnOwnRepositoriesOnly(
      String who, String name, String may) {
    NamespaceAuthorizer defaults = NamespaceAuthorizer.builder().build();

    assertThat(String.join(",", allowed(defaults, who, "repository", name))).isEqualTo(may);
  }

  @Test
  void allowedActions_catalogWithoutAdministrators_areNone() {
    NamespaceAuthorizer defaults = NamespaceAuthorizer.builder().build();

    assertThat(allowed(defaults, "admin", "registry", "catalog")).isEmpty();
  }

  private static Set<String> allowed(
      NamespaceAuthorizer policy, String who, String type, String name) {
    Identity identity =
        who.equals("nobody")
            ? new Identity.Anonymous()
            : new Identity.Tenant(new NamespaceName(who));
    ResourceScope scope = new ResourceScope(type, name, Set.of());
    return policy.allowedActions(new AuthorizationRequest(identity, scope));
  }

  private static List<NamespaceName> namespaces(String name) {
    return List.of(new NamespaceName(name));
  }
}
