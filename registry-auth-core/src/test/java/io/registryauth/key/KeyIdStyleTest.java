// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyIdStyleTest {
  /** The modulus of the example in RFC 7638, section 3.1. */
  private static final String RFC_MODULUS =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJEC"
          + "PebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FD"
          + "W2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
          + "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

  private final RSAPublicKey key = PemFile.parse(pem("rsa-2048.crt")).publicKey();

  @Test
  void rfc7638_exampleOfTheRfc_hasItsThumbprint() throws GeneralSecurityException {
    BigInteger modulus = new BigInteger(1, Base64.getUrlDecoder().decode(RFC_MODULUS));
    RSAPublicKeySpec spec = new RSAPublicKeySpec(modulus, BigInteger.valueOf(65537));
    RSAPublicKey example = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);

    assertThat(KeyIdStyle.rfc7638().keyIdOf(example))
        .isEqualTo("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  }

  /** Base32 by its definition: each five bits of the hash are a letter. */
  @Test
  void libtrust_key_isItsHashInTwelveGroups() throws GeneralSecurityException {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
    String bits = "0".repeat(256) + new BigInteger(1, hash).toString(2);
    bits = bits.substring(bits.length() - 256);
    StringBuilder expected = new StringBuilder();
    for (int letter = 0; letter < 48; letter++) {
      int value = Integer.parseInt(bits.substring(letter * 5, letter * 5 + 5), 2);
      expected.append(letter > 0 && letter % 4 == 0 ? ":" : "");
      expected.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(value));
    }

    assertThat(KeyIdStyle.libtrust().keyIdOf(key))
        .isEqualTo(expected.toString())
        .matches("([A-Z2-7]{4}:){11}[A-Z2-7]{4}");
  }

  @Test
  void computedStyles_differentKeys_haveDifferentIds() {
    RSAPublicKey other = PemFile.parse(pem("rsa-2048-other.crt")).publicKey();

    assertThat(KeyIdStyle.rfc7638().keyIdOf(key)).isNotEqualTo(KeyIdStyle.rfc7638().keyIdOf(other));
    assertThat(KeyIdStyle.libtrust().keyIdOf(key))
        .isNotEqualTo(KeyIdStyle.libtrust().keyIdOf(other));
  }

  @Test
  void parse_nameOfAStyle_isThatStyle() {
    assertThat(KeyIdStyle.parse("rfc7638").keyIdOf(key))
        .isEqualTo(KeyIdStyle.rfc7638().keyIdOf(key));
    assertThat(KeyIdStyle.parse("libtrust").keyIdOf(key))
        .isEqualTo(KeyIdStyle.libtrust().keyIdOf(key));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "registry-auth-jwt-signer",
        "a",
        "RFC7638",
        "ABCD:EFGH:2345",
        "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"
      })
  void parse_anyOtherText_isAFixedKeyId(String text) {
    assertThat(KeyIdStyle.parse(text).keyIdOf(key)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\"b", "a\\b", "a\nb", "\u0000", "\u007f", "ké"})
  void fixed_invalidKeyId_isRefused(String keyId) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyIdStyle.fixed(keyId))
        .withMessage(
            "The key id is \""
                + keyId
                + "\"; valid are 1 to 255 printable ASCII characters without space, quote and"
                + " backslash");
  }

  @Test
  void fixed_keyId_hasAtMost255Characters() {
    assertThat(KeyIdStyle.fixed("k".repeat(255)).keyIdOf(key)).hasSize(255);
    assertThatIllegalArgumentException().isThrownBy(() -> KeyIdStyle.fixed("k".repeat(256)));
  }
}
