// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.primitives.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
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

  private final PublicKey key = PemFile.parse(pem("rsa-2048.crt")).publicKey();

  @Test
  void rfc7638_exampleOfTheRfc_hasItsThumbprint() throws GeneralSecurityException {
    BigInteger modulus = new BigInteger(1, Base64.getUrlDecoder().decode(RFC_MODULUS));
    RSAPublicKeySpec spec = new RSAPublicKeySpec(modulus, BigInteger.valueOf(65537));
    RSAPublicKey example = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);

    assertThat(KeyIdStyle.rfc7638().keyIdOf(example))
        .isEqualTo("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  }

  /** RFC 8037, appendix A.3. */
  @Test
  void rfc7638_ed25519ExampleOfItsRfc_hasItsThumbprint() throws GeneralSecurityException {
    byte[] start = HexFormat.of().parseHex("302a300506032b6570032100");
    byte[] x = Base64.getUrlDecoder().decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    PublicKey example =
        KeyFactory.getInstance("Ed25519")
            .generatePublic(new X509EncodedKeySpec(Bytes.concat(start, x)));

    assertThat(KeyIdStyle.rfc7638().keyIdOf(example))
        .isEqualTo("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  }

  /** The coordinates are the last 64 bytes of the key's DER form; RFC 7638, section 3.2. */
  @Test
  void rfc7638_ellipticCurve_isTheHashOfItsRequiredMembers() throws GeneralSecurityException {
    PublicKey ec = PemFile.parse(pem("ec-256.crt")).publicKey();
    byte[] der = ec.getEncoded();
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String members =
        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}"
            .formatted(
                base64.encodeToString(Arrays.copyOfRange(der, der.length - 64, der.length - 32)),
                base64.encodeToString(Arrays.copyOfRange(der, der.length - 32, der.length)));

    assertThat(KeyIdStyle.rfc7638().keyIdOf(ec))
        .isEqualTo(
            base64.encodeToString(
                MessageDigest.getInstance("SHA-256").digest(members.getBytes(US_ASCII))));
  }

  /** Base32 by its definition: each five bits of the hash are a letter. */
  @ParameterizedTest
  @ValueSource(strings = {"rsa-2048.crt", "ec-256.crt", "ed25519.crt"})
  void libtrust_key_isItsHashInTwelveGroups(String file) throws GeneralSecurityException {
    PublicKey any = PemFile.parse(pem(file)).publicKey();
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(any.getEncoded());
    String bits = "0".repeat(256) + new BigInteger(1, hash).toString(2);
    bits = bits.substring(bits.length() - 256);
    StringBuilder expected = new StringBuilder();
    for (int letter = 0; letter < 48; letter++) {
      int value = Integer.parseInt(bits.substring(letter * 5, letter * 5 + 5), 2);
      expected.append(letter > 0 && letter % 4 == 0 ? ":" : "");
      expected.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(value));
    }

    assertThat(KeyIdStyle.libtrust().keyIdOf(any))
        .isEqualTo(expected.toString())
        .matches("([A-Z2-7]{4}:){11}[A-Z2-7]{4}");
  }

  @Test
  void computedStyles_differentKeys_haveDifferentIds() {
    PublicKey other = PemFile.parse(pem("rsa-2048-other.crt")).publicKey();

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
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyIdStyle.fixed("k".repeat(256)))
        .withMessageStartingWith("The key id has 256 characters; valid are 1 to 255 printable");
  }
}
