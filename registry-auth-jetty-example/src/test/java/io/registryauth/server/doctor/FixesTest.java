// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.key.KeyEntries;
import io.registryauth.kubernetes.ClusterReader;
import io.registryauth.tenant.NamespaceName;
import io.registryauth.token.TokenProfile;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that findings name. */
class FixesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          /etc/jwks.json          | /etc/jwks.json
          team+ci                 | team+ci
          a b                     | 'a b'
          $(curl evil;sh)         | '$(curl evil;sh)'
          a'; curl evil           | 'a'\\''; curl evil'
          x` then `curl evil      | VALUE
          """)
  void word_ofAnyText_standsForItselfOrIsNotShown(String text, String word) {
    assertThat(Fixes.word(text)).isEqualTo(word);
  }

  @Test
  void word_withALineEnd_isNotShown() {
    assertThat(Fixes.word("a\nb")).isEqualTo("VALUE");
  }

  @Test
  void restart_inACluster_namesItsNamespace() {
    assertThat(Fixes.restart(setup(Optional.of("elsewhere"))))
        .endsWith("`kubectl rollout restart deployment/registry -n elsewhere`");
    assertThat(Fixes.restart(setup(Optional.empty()))).doesNotContain("kubectl");
  }

  private static Setup setup(Optional<String> namespace) {
    return Setup.builder(
            new TokenServer(
                TokenServer.DEFAULT_ISSUER,
                TokenServer.DEFAULT_SERVICE,
                TokenProfile.DISTRIBUTION_3,
                Optional.empty(),
                "none",
                new KeyEntries(Map.of())))
        .cluster(
            namespace.map(
                name -> new Cluster(new ClusterReader(new ApiClient()), new NamespaceName(name))))
        .build();
  }
}
