// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page on security promises nothing that no test proves. */
class SecurityPageTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern ATTACKS = Pattern.compile("(?s)\n## Attacks.*?\n## ");
  private static final Pattern TEST = Pattern.compile("`(\\w+)#(\\w+)`");
  private static final int COLUMNS = 4;

  private static String page() throws IOException {
    return Files.readString(ROOT.resolve("docs/security.md"));
  }

  /** Returns the rows of all tables of attacks, without their heads. */
  static List<String> rows() throws IOException {
    Matcher attacks = ATTACKS.matcher(page());
    assertThat(attacks.find()).isTrue();
    return attacks
        .group()
        .lines()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| attack |"))
        .toList();
  }

  private static List<String> cells(String row) {
    return List.of(row.substring(1, row.length() - 1).split("\\|", -1));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void attack_ofEachRow_hasATest(String row) {
    assertThat(cells(row)).hasSize(COLUMNS).noneMatch(String::isBlank);
    assertThat(cells(row).get(COLUMNS - 1)).containsPattern(TEST);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void identifier_ofEachRow_isWellFormed(String row) {
    Matcher identifier = Pattern.compile("\\b(?:CVE|CWE|GHSA)-[\\w-]+").matcher(row);
    while (identifier.find()) {
      assertThat(identifier.group())
          .matches("CVE-\\d{4}-\\d{4,5}|CWE-\\d{2,4}|GHSA(-[23456789cfghjmpqrvwx]{4}){3}");
    }
  }

  static List<String> tests() throws IOException {
    return TEST.matcher(page())
        .results()
        .map(test -> test.group(1) + "#" + test.group(2))
        .distinct()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("tests")
  void test_thatIsNamed_exists(String test) throws IOException {
    String[] names = test.split("#", -1);
    assertThat(sources(names[0]))
        .as(names[0])
        .isNotEmpty()
        .anyMatch(text -> hasTest(text, names[1]));
  }

  @Test
  void page_ofTheTestsThatAreNamed_hasMany() throws IOException {
    assertThat(rows()).hasSizeGreaterThan(40);
    assertThat(tests()).hasSizeGreaterThan(80);
  }

  /** Returns the text of each test class of a name; two modules may have one. */
  private static List<String> sources(String className) throws IOException {
    try (Stream<Path> modules = Files.list(ROOT)) {
      List<Path> directories =
          modules
              .map(module -> module.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .toList();
      List<String> sources = new ArrayList<>();
      for (Path directory : directories) {
        try (Stream<Path> files = Files.walk(directory)) {
          for (Path file : files.filter(path -> path.endsWith(className + ".java")).toList()) {
            sources.add(Files.readString(file));
          }
        }
      }
      return sources;
    }
  }

  /** Whether a class has such a method, with the mark of a test on it. */
  private static boolean hasTest(String source, String method) {
    Matcher declaration =
        Pattern.compile("(?:void|Stream<DynamicTest>) " + method + "\\(").matcher(source);
    if (!declaration.find()) {
      return false;
    }
    String before = source.substring(0, declaration.start());
    String own =
        before.substring(Math.max(before.lastIndexOf("\n  }\n"), before.lastIndexOf(";\n\n")) + 1);
    return Pattern.compile("@(?:Test|ParameterizedTest|TestFactory)\\b").matcher(own).find();
  }
}
