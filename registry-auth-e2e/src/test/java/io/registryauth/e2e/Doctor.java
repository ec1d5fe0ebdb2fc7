// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code doctor --output json} has said. */
record Doctor(Completed run) {
  private static final Path PAGE = Path.of("../docs/troubleshooting.md");
  private static final Pattern COMMAND = Pattern.compile("`([^`]+)`");

  /** Why something does not work, and what to do about it. */
  record Finding(String id, String problem, String where, String fix) {
    /**
     * Returns the commands of the fix, or of the first one if there is a choice, in their order.
     */
    List<String> commands() {
      return Stream.of(fix.split("; or ", -1))
          .map(way -> COMMAND.matcher(way).results().map(match -> match.group(1)).toList())
          .filter(commands -> !commands.isEmpty())
          .findFirst()
          .orElse(List.of());
    }
  }

  /** Runs it with these options, and nothing else that it could know of. */
  static Doctor examine(Path directory, Stream<String> options)
      throws IOException, InterruptedException {
    String[] arguments =
        Stream.concat(Stream.of("doctor", "--output=json"), options).toArray(String[]::new);
    return new Doctor(ServerJar.run(directory, Map.of(), arguments));
  }

  List<Finding> findings() {
    assertThat(run.stderr()).as("%s", run).isEmpty();
    return Json.objects(Json.object(run.stdout()).get("findings")).stream()
        .map(
            finding ->
                new Finding(
                    (String) finding.get("id"),
                    (String) finding.get("problem"),
                    (String) finding.get("where"),
                    (String) finding.get("fix")))
        .toList();
  }

  /** Asserts that there is this finding and no other, and returns it. */
  Finding only(String id) {
    assertThat(findings()).as("%s", run).extracting(Finding::id).containsExactly(id);
    assertThat(run.status()).as("%s", run).isEqualTo(1);
    return findings().get(0);
  }

  /**
   * Returns a text, in which … stands for any other, as a pattern; docs/troubleshooting.md must
   * have it in the row of the finding.
   */
  static Pattern symptom(String finding, String text) throws IOException {
    assertThat(Files.readAllLines(PAGE))
        .filteredOn(line -> line.startsWith("| `" + finding + "` |"))
        .singleElement()
        .asString()
        .contains("`" + text + "`");
    return Pattern.compile(
        Stream.of(text.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  /** Asserts that this is what it finds first, and that all else can come of it. */
  Finding first(String id, String... consequences) {
    List<Finding> findings = findings();
    assertThat(findings).as("%s", run).isNotEmpty();
    assertThat(findings.get(0).id()).as("%s", run).isEqualTo(id);
    assertThat(findings.stream().skip(1).map(Finding::id)).as("%s", run).isSubsetOf(consequences);
    assertThat(run.status()).as("%s", run).isEqualTo(1);
    return findings.get(0);
  }

  /** Returns what it could not look at, and why. */
  String notChecked() {
    return String.valueOf(Json.object(run.stdout()).get("not_checked"));
  }

  /** Asserts that it has looked at these, each of which is a part of what it says. */
  void assertChecked(String... parts) {
    assertThat(String.valueOf(Json.object(run.stdout()).get("checked")))
        .as("%s", run)
        .contains(parts);
  }

  void assertNothing() {
    assertThat(findings()).as("%s", run).isEmpty();
    assertThat(run.status()).as("%s", run).isZero();
  }
}
