// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes names and scopes up: good ones, and good ones with a few small faults. What it makes
 * follows from its seed alone. Not thread-safe.
 */
final class ScopeGenerator {
  private static final int LONGEST = 255;

  private static final List<String> WORDS =
      List.of(
          "a", "z9", "0", "team", "myapp", "localhost", "library", "test-build", "x".repeat(63));
  private static final List<String> SEPARATORS = List.of(".", "_", "__", "-", "--", "-----");
  private static final List<String> LABELS =
      List.of("a", "Z", "0", "docker", "Registry", "EXAMPLE", "host-1", "A--b", "io", "127");
  private static final List<String> IPV6_HOSTS =
      List.of("[::1]", "[2001:DB8::fF]", "[::]", "[:]", "[09afAF]", "[1:2:3:4:5:6:7:8]");
  private static final List<String> PORTS = List.of("5000", "443", "0", "09", "999999");
  private static final List<String> TYPES =
      List.of("repository", "repository", "repository", "registry", "r", "0", "unknown9");
  private static final List<String> CLASSES = List.of("(plugin)", "(image)", "(0)");
  private static final List<String> ACTIONS =
      List.of("pull", "push", "delete", "pull", "push", "*", "a", "z", "fly", "");

  /** What faults are made of: the marks of both grammars, and look-alikes of good characters. */
  private static final List<String> FAULTS =
      List.of(
          ".",
          "..",
          "_",
          "___",
          "-",
          ".-",
          "/",
          "//",
          "/./",
          "/../",
          ":",
          "::",
          ":5000",
          ",",
          ",,",
          "*",
          "**",
          "(",
          ")",
          "()",
          "(plugin)",
          "[",
          "]",
          "[]",
          "[::g]",
          "%eth0",
          "@",
          "A",
          "Z",
          "PULL",
          "aB",
          "a",
          "9",
          "\\",
          "?",
          "#",
          "%2f",
          "+",
          "`",
          "{",
          "\t",
          "\n",
          "\r\n",
          "\u0000",
          "\u00e9",
          "\u0130",
          "\u0430",
          "\u0661",
          "\u212a",
          "\uff41",
          "\u200b",
          "\ud83d",
          "\ud83d\udc33");

  private final SplittableRandom random;

  ScopeGenerator(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Returns a name that is good with a probability of about a half. */
  String name() {
    return maybeWithFaults(goodName(), 60);
  }

  /** Returns the value of a {@code scope} parameter, which is good with about the same. */
  String parameter() {
    int scopes = oneIn(200) ? 14 + random.nextInt(6) : oneIn(3) ? 1 + random.nextInt(4) : 1;
    String parameter = joined(scopes, " ", this::scope);
    return oneIn(20) ? maybeWithSpaces(parameter) : parameter;
  }

  private String scope() {
    String type = oneOf(TYPES) + (oneIn(10) ? oneOf(CLASSES) : "");
    String actions = joined(1 + random.nextInt(4), ",", () -> oneOf(ACTIONS));
    return maybeWithFaults(type + ":" + goodName() + ":" + actions, 40);
  }

  private String goodName() {
    // Some names only, so that one request asks twice for the same.
    if (oneIn(4)) {
      return oneOf(List.of("team/app", "catalog", "team/ro"));
    }
    String host = oneIn(4) ? host() + (oneIn(2) ? ":" + oneOf(PORTS) : "") + "/" : "";
    String name = host + joined(1 + random.nextInt(4), "/", this::component);
    return oneIn(15) ? lengthened(name, LONGEST - 3 + random.nextInt(7)) : name;
  }

  private String component() {
    return random.nextInt(3) > 0 ? oneOf(WORDS) : oneOf(WORDS) + oneOf(SEPARATORS) + oneOf(WORDS);
  }

  private String host() {
    return oneIn(4) ? oneOf(IPV6_HOSTS) : joined(1 + random.nextInt(3), ".", () -> oneOf(LABELS));
  }

  private static String lengthened(String name, int length) {
    return name + "a".repeat(Math.max(0, length - name.length()));
  }

  private String maybeWithFaults(String text, int percent) {
    String faulty = text;
    if (random.nextInt(100) < percent) {
      for (int faults = 1 + random.nextInt(2); faults > 0; faults--) {
        faulty = withFault(faulty);
      }
    }
    return faulty;
  }

  private String withFault(String text) {
    int at = random.nextInt(text.length() + 1);
    int next = Math.min(at + 1, text.length());
    String before = text.substring(0, at);
    String character = text.substring(at, next);
    String after = text.substring(next);
    return switch (random.nextInt(5)) {
      case 0 -> before + after;
      case 1 -> before + character + character + after;
      case 2 -> before + oneOf(FAULTS) + after;
      case 3 -> before + upperCase(character) + after;
      default -> before + oneOf(FAULTS) + character + after;
    };
  }

  private static String upperCase(String character) {
    return character.isEmpty() ? "" : String.valueOf(Character.toUpperCase(character.charAt(0)));
  }

  private String maybeWithSpaces(String text) {
    int at = random.nextInt(text.length() + 1);
    return text.substring(0, at) + " ".repeat(random.nextInt(4)) + text.substring(at);
  }

  private boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  private String oneOf(List<String> texts) {
    return texts.get(random.nextInt(texts.size()));
  }

  private static String joined(int count, String between, Supplier<String> part) {
    return IntStream.range(0, count)
        .mapToObj(unused -> part.get())
        .collect(Collectors.joining(between));
  }
}
