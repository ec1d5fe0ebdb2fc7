// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.primitives.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublicPartTest {
  private static final BigInteger ORDER = curve().getParams().getOrder();

  /** RFC 6979, appendix A.2.5. */
  @Test
  void of_p256ExampleOfItsRfc_isItsPublicKey() throws GeneralSecurityException {
    BigInteger number =
        new BigInteger("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", 16);

    ECPublicKey key = (ECPublicKey) PublicPart.of(p256(number));

    assertThat(key.getW().getAffineX().toString(16))
        .isEqualToIgnoringCase("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6");
    assertThat(key.getW().getAffineY().toString(16))
        .isEqualToIgnoringCase("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
  }

  /** RFC 8032, section 7.1, tests 1 to 3. */
  @ParameterizedTest
  @CsvSource({
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
        + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
        + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
        + "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
  })
  void of_ed25519ExampleOfItsRfc_isItsPublicKey(String seed, String publicKey)
      throws GeneralSecurityException {
    byte[] start = HexFormat.of().parseHex("302e020100300506032b657004220420");
    PrivateKey key =
        KeyFactory.getInstance("Ed25519")
            .generatePrivate(
                new PKCS8EncodedKeySpec(Bytes.concat(start, HexFormat.of().parseHex(seed))));

    byte[] der = PublicPart.of(key).getEncoded();

    assertThat(HexFormat.of().formatHex(der)).endsWith(publicKey).hasSize(24 + 64);
  }

  /** Half of them have the other sign. */
  @ParameterizedTest
  @ValueSource(strings = {"EC", "Ed25519", "RSA"})
  void of_generatedKeys_isTheirPublicKey(String kind) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    if (kind.equals("EC")) {
      generator.initialize(new ECGenParameterSpec("secp256r1"));
    }
    for (int i = 0; i < (kind.equals("RSA") ? 1 : 32); i++) {
      KeyPair pair = generator.generateKeyPair();

      assertThat(PublicPart.of(pair.getPrivate())).isEqualTo(pair.getPublic());
    }
  }

  @Test
  void of_leastAndGreatestNumber_isTheBasePointAndItsNegative() throws GeneralSecurityException {
    ECPublicKey one = (ECPublicKey) PublicPart.of(p256(BigInteger.ONE));
    ECPublicKey last = (ECPublicKey) PublicPart.of(p256(ORDER.subtract(BigInteger.ONE)));

    assertThat(one.getW()).isEqualTo(one.getParams().getGenerator());
    assertThat(last.getW().getAffineX()).isEqualTo(one.getW().getAffineX());
    assertThat(last.getW()).isNotEqualTo(one.getW());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void of_numberOutOfRange_isRefused(int beyond) throws GeneralSecurityException {
    BigInteger number = beyond == 0 ? BigInteger.ZERO : ORDER;

    assertThatIllegalArgumentException()
        .isThrownBy(() -> PublicPart.of(p256(number)))
        .withMessage(PemFile.DAMAGED);
  }

  private static PrivateKey p256(BigInteger number) throws GeneralSecurityException {
    return KeyFactory.getInstance("EC")
        .generatePrivate(new ECPrivateKeySpec(number, curve().getParams()));
  }

  private static ECPublicKey curve() {
    return (ECPublicKey) PemFile.parse(TestKeys.pem("ec-256.crt")).publicKey();
  }
}
