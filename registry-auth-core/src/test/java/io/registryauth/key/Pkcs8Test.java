// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lengths in DER, whose own length changes at 128 and at 256 bytes of content. */
class Pkcs8Test {
  /** A PrivateKeyInfo with version 0 and the algorithm rsaEncryption, up to the key. */
  private static final String START = "020100300d06092a864886f70d0101010500";

  private static String encoded(int bytes) {
    byte[] key = new byte[bytes];
    Arrays.fill(key, (byte) 0xaa);
    return HexFormat.of().formatHex(Pkcs8.ofPkcs1(key));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 3014, 0400",
    "107, 307f, 046b",
    "108, 308180, 046c",
    "127, 308193, 047f",
    "128, 308195, 048180",
    "234, 3081ff, 0481ea",
    "235, 30820100, 0481eb",
    "255, 30820114, 0481ff",
    "256, 30820116, 04820100",
    "65513, 3082ffff, 0482ffe9",
  })
  void ofPkcs1_keyOfSomeLength_hasTheShortestLengths(int bytes, String sequence, String octets) {
    assertThat(encoded(bytes)).isEqualTo(sequence + START + octets + "aa".repeat(bytes));
  }

  @Test
  void ofPkcs1_moreThanTwoBytesCanSay_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> encoded(65_514));
    assertThatIllegalArgumentException().isThrownBy(() -> encoded(65_536));
  }

  @ParameterizedTest
  @CsvSource({"127, 047f", "128, 048180", "256, 04820100"})
  void ofSec1_lengthOfEachForm_isRead(int bytes, String octets) {
    byte[] curve = {0x05, 0x00};
    byte[] key = sec1(octets + "aa".repeat(bytes));

    assertThat(HexFormat.of().formatHex(Pkcs8.ofSec1(key, curve)))
        .contains("020100300b" + "06072a8648ce3d0201" + "0500")
        .endsWith(HexFormat.of().formatHex(key));
  }

  @ParameterizedTest
  @CsvSource({"04820101", "0483000100", "0480"})
  void ofSec1_lengthBeyondTheEndOrOfAnotherForm_isRefused(String octets) {
    byte[] key = sec1(octets + "aa".repeat(256));

    assertThatIllegalArgumentException().isThrownBy(() -> Pkcs8.ofSec1(key, new byte[0]));
  }

  /** Returns an ECPrivateKey with version 1 and what comes after that. */
  private static byte[] sec1(String fields) {
    String content = "020101" + fields;
    String length = HexFormat.of().toHexDigits((short) (content.length() / 2));
    return HexFormat.of().parseHex("3082" + length + content);
  }
}
