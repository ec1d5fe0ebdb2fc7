// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Compares the hand-written grammar with {@link ReferenceGrammar} on every short text, and on
 * longer ones without much sense; {@link ScopeDifferentialTest} has those that make sense.
 */
class ScopeGrammarReferenceTest {
  private static final Predicate<String> NAME = ReferenceGrammar.NAME.asMatchPredicate();
  private static final Predicate<String> TYPE = ReferenceGrammar.RESOURCE_TYPE.asMatchPredicate();

  /** Of {@code [a-z*]*}: not empty, and a star on its own, which alone has a meaning. */
  private static final Predicate<String> ACTION =
      ReferenceGrammar.ACTION
          .asMatchPredicate()
          .and(action -> !action.isEmpty())
          .and(action -> action.equals("*") || action.indexOf('*') < 0);

  private static final List<String> NAME_ALPHABET =
      List.of("a", "A", "0", ".", "_", "-", "/", ":", "[", "]");
  private static final List<String> NAME_PIECES =
      List.of(
          "a", "b0", "lib", "Host", "5000", "::1", "f", "G", ".", "_", "__", "-", "--", "/", "/",
          ":", "[", "]", " ");

  @Test
  void isName_everyShortText_isAsInReferenceGrammar() {
    assertSame(allTexts(NAME_ALPHABET, 5), NAME, ScopeGrammar::isName, 500);
  }

  @Test
  void isName_longerTexts_isAsInReferenceGrammar() {
    assertSame(randomTexts(NAME_PIECES, 12, 200_000), NAME, ScopeGrammar::isName, 5_000);
  }

  @Test
  void isType_everyShortText_isAsInSpecification() {
    List<String> alphabet = List.of("a", "z", "0", "9", "(", ")", "A", "-", "{", "/");
    assertSame(allTexts(alphabet, 5), TYPE, ScopeGrammar::isType, 1_000);
  }

  @Test
  void isAction_everyShortText_isAsInSpecification() {
    List<String> alphabet = List.of("a", "z", "m", "*", "A", "0", "`", "{");
    assertSame(allTexts(alphabet, 5), ACTION, ScopeGrammar::isAction, 300);
  }

  /** Asserts that both agree on all, and that the well-formed among them are at least so many. */
  private static void assertSame(
      Stream<String> texts, Predicate<String> reference, Predicate<String> ours, int wellFormed) {
    long accepted =
        texts
            .peek(
                text ->
                    assertThat(ours.test(text)).as("\"%s\"", text).isEqualTo(reference.test(text)))
            .filter(reference)
            .count();
    assertThat(accepted).isGreaterThan(wellFormed);
  }

  private static Stream<String> allTexts(List<String> alphabet, int maxLength) {
    if (maxLength == 0) {
      return Stream.of("");
    }
    return Stream.concat(
        Stream.of(""),
        allTexts(alphabet, maxLength - 1)
            .flatMap(text -> alphabet.stream().map(letter -> letter + text)));
  }

  private static Stream<String> randomTexts(List<String> pieces, int maxPieces, int count) {
    Random random = new Random(20260101);
    return IntStream.range(0, count)
        .mapToObj(
            unused -> {
              StringBuilder text = new StringBuilder();
              int length = 1 + random.nextInt(maxPieces);
              for (int i = 0; i < length; i++) {
                text.append(pieces.get(random.nextInt(pieces.size())));
              }
              return text.toString();
            });
  }
}
