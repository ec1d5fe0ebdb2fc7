// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the poms say of publishing. What comes of it, {@code tools/release-check} looks at. */
class PublicationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String BOM = "registry-auth-bom";

  private static String pom(String module) throws Exception {
    return Files.readString(ROOT.resolve(module).resolve("pom.xml"));
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  private static List<String> modules() throws Exception {
    return found("<module>([^<]+)</module>", pom("."));
  }

  private static boolean isPublished(String module) throws Exception {
    return !pom(module).contains("<maven.deploy.skip>true</maven.deploy.skip>");
  }

  private static List<String> published() throws Exception {
    List<String> published = new ArrayList<>();
    for (String module : modules()) {
      if (isPublished(module) && !module.equals(BOM)) {
        published.add(module);
      }
    }
    return published;
  }

  @Test
  void bom_hasThePublishedModules_inTheVersionOfAll() throws Exception {
    String bom = pom(BOM);

    assertThat(found("<artifactId>(registry-auth-[^<]+)</artifactId>", bom))
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(Stream.of(BOM), published().stream()).toList());
    assertThat(found("\n  <version>([^<]+)</version>", bom))
        .isEqualTo(found("\n  <version>([^<]+)</version>", pom(".")))
        .hasSize(1);
    assertThat(bom)
        .as("the versions of our own build are not for others")
        .doesNotContain("<parent>");
    assertThat(found("spotless-maven-plugin</artifactId>\\s*<version>([^<]+)<", bom))
        .isEqualTo(found("spotless-maven-plugin</artifactId>\\s*<version>([^<]+)<", pom(".")));
  }

  @Test
  void publishedModule_hasSourcesAndJavadoc() throws Exception {
    assertThat(published()).isNotEmpty();
    for (String module : published()) {
      assertThat(pom(module))
          .as(module)
          .contains("<artifactId>maven-javadoc-plugin</artifactId>")
          .contains("<artifactId>maven-source-plugin</artifactId>");
    }
  }

  @Test
  void moduleThatIsNotPublished_hasNoBaseline() throws Exception {
    for (String module : modules()) {
      if (!isPublished(module)) {
        assertThat(pom(module)).as(module).contains("<japicmp.skip>true</japicmp.skip>");
      }
    }
  }
}
