// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import org.junit.jupiter.api.Test;

/**
 * The ends of the field that coordinates of an EC key are of. P-256 has a point whose x is 0, and
 * none whose y is.
 */
class CurvePointTest {
  private static final BigInteger PRIME = KeyKind.prime();
  private static final BigInteger Y_OF_ZERO =
      KeyKind.ySquared(BigInteger.ZERO).modPow(PRIME.add(BigInteger.ONE).shiftRight(2), PRIME);

  /** A key that any provider may have made, which need not have checked the point. */
  private record Foreign(ECPoint getW, ECParameterSpec getParams) implements ECPublicKey {
    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public String getFormat() {
      return "X.509";
    }

    @Override
    public byte[] getEncoded() {
      return new byte[0];
    }
  }

  private static ECPublicKey key(BigInteger x, BigInteger y) {
    ECPublicKey good = (ECPublicKey) PemFile.parse(TestKeys.pem("ec-256.crt")).publicKey();
    return new Foreign(new ECPoint(x, y), good.getParams());
  }

  private static void assertRefused(BigInteger x, BigInteger y) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeyKind.of(key(x, y)))
        .withMessageContaining("no point of its curve");
  }

  @Test
  void of_xIsZero_isAPoint() {
    assertThat(KeyKind.of(key(BigInteger.ZERO, Y_OF_ZERO))).isEqualTo(KeyKind.EC);
    assertThat(KeyKind.of(key(BigInteger.ZERO, PRIME.subtract(Y_OF_ZERO)))).isEqualTo(KeyKind.EC);
  }

  @Test
  void of_coordinateOutsideTheField_isNoPoint() {
    assertRefused(PRIME, Y_OF_ZERO);
    assertRefused(PRIME.negate(), Y_OF_ZERO);
    assertRefused(BigInteger.ZERO, Y_OF_ZERO.add(PRIME));
    assertRefused(BigInteger.ZERO, Y_OF_ZERO.subtract(PRIME));
  }

  @Test
  void of_yIsZero_isNoPoint() {
    assertRefused(BigInteger.ZERO, BigInteger.ZERO);
    assertRefused(BigInteger.ZERO, PRIME);
  }
}
