// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/** What holds for whatever a client sends, as a header's value and as what Base64 hides. */
class BasicCredentialsFuzzTest {
  @FuzzTest
  void parse_anything_keepsItsPromises(byte[] input) {
    BasicCredentialsParser.parse(new String(input, ISO_8859_1)).ifPresent(this::assertSound);

    String header = "Basic " + Base64.getEncoder().encodeToString(input);
    Optional<Credentials> credentials = BasicCredentialsParser.parse(header);

    credentials.ifPresent(this::assertSound);
    String text = new String(input, UTF_8);
    boolean wellFormed =
        input.length <= BasicCredentialsParser.MAX_DECODED_BYTES
            && Arrays.equals(text.getBytes(UTF_8), input)
            && text.matches("[^:\\p{Cntrl}\\x{80}-\\x{9f}]*:[^\\p{Cntrl}\\x{80}-\\x{9f}]+");
    assertThat(credentials.isPresent()).isEqualTo(wellFormed);
    if (wellFormed) {
      String username = text.substring(0, text.indexOf(':'));
      Password password = Password.of(text.substring(username.length() + 1));
      assertThat(credentials.get().username()).isEqualTo(username);
      assertThat(credentials.get().password().digest().equals(password.digest())).isTrue();
    }
  }

  private void assertSound(Credentials credentials) {
    assertThat(credentials.username()).doesNotContain(":", "\r", "\n", "\u0000");
    assertThat(credentials.password().utf8()).isNotEmpty();
  }
}
