// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/troubleshooting.md has all findings, by their names. */
class TroubleshootingPageTest {
  private static final Path PAGE = Path.of("../docs/troubleshooting.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z0-9-]+)` \\|.*\\| .+ \\|$");

  @Test
  void findings_ofThePageAndOfTheCode_areTheSame() throws Exception {
    List<String> rows =
        ROW.matcher(Files.readString(PAGE)).results().map(row -> row.group(1)).toList();

    assertThat(rows)
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(FindingId.values()).map(FindingId::toString).toList());
  }

  /** Where a symptom leads to findings, they have those names, too. */
  @Test
  void names_ofFindingsInTheText_areThoseOfTheCode() throws Exception {
    List<String> known = Stream.of(FindingId.values()).map(FindingId::toString).toList();
    String symptoms = Files.readString(PAGE).replaceFirst("(?s)\n## Findings.*", "");

    assertThat(
            Pattern.compile("(?m)^\\| \\d \\| .* \\| (.*) \\|$")
                .matcher(symptoms)
                .results()
                .map(row -> row.group(1))
                .flatMap(cell -> Pattern.compile("`([^`]+)`").matcher(cell).results())
                .map(MatchResult::group)
                .map(name -> name.replace("`", "")))
        .hasSizeGreaterThan(8)
        .isSubsetOf(known);
  }
}
