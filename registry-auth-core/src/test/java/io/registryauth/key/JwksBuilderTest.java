// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwksBuilderTest {
  /** A modulus of 4096 bits, published as an example. */
  private static final String MODULUS =
      "tEsKG4N8f8DaRvOT3Y68bcylDvshm_ODLXvFf07YdWCUPLW73oh3H8oUaRf7e4o_SbMVtoh-1N-V0bloa4kctdNOSDTL"
          + "CcHa1T5uq65lO1BWn6lrsHXWN2AqRmm-1QBulcQtwkXRxKnw6m7fZQAgNn03ubDknzDl8okZ4eW3i1nh2bi2aa"
          + "arfPCH5wJNYzJu9LpAIjWhu6FnzG6ItJCQyNo0IW_lifskgvBUYCL-CLhuNUx3vz4bZ-gyDpwe3TqpGgks8tWi"
          + "cL87HCaOTlFHMOcDq8zKnvfW3FrT73ezGT-qOPDOMsj5IswFZ2kZK2kJsoCOcmNafSKCfp3YA0SiR3YOlpTkz7"
          + "-gKnqRrR3pf70pfpDSayXmyHtn0lJSBHAjyqqNlbUfHjJtzDjrNvXCU_Z7GOjT3H5_zE52J1Qm-XkTHu15TnWc"
          + "YKLfRuvmNJ64NZMSDD4-LWFyR0dFgcW8dFy3b_7hC-oNH5tAzH0kat3uGCQs-x8uA_f8R8RMQ7-yHbmI-YrrMN"
          + "rxLv1sKBM5lfVF7odRUy94JgTOlPMYsYgX9Oe1UtqRqlUNwgaztTB7UCUJmtmJEqkSx5IU2EeMWGHnhhRugdrI"
          + "-Ku4B-P3SCqXZSbOfJUD1GZaksma5oe8MPIzx6teP9pmhv5ALDmvqzbS8aZkzeYpMZb3zFhUPa8";

  @Test
  void build_oneKey_hasFieldsAndIndentationOfTheExample() throws GeneralSecurityException {
    BigInteger modulus = new BigInteger(1, Base64.getUrlDecoder().decode(MODULUS));
    RSAPublicKeySpec spec = new RSAPublicKeySpec(modulus, BigInteger.valueOf(65537));
    RSAPublicKey key = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);

    assertThat(new JwksBuilder().add(new VerificationKey("registry-auth-jwt-signer", key)).build())
        .isEqualTo(
            """
            {
              "keys": [
                {
                  "kty": "RSA",
                  "kid": "registry-auth-jwt-signer",
                  "use": "sig",
                  "alg": "RS256",
                  "n": "%s",
                  "e": "AQAB"
                }
              ]
            }
            """
                .formatted(MODULUS));
  }

  @Test
  void build_keyOnACurve_hasItsCoordinates() {
    byte[] der = key("ec-256.crt", "ec").publicKey().getEncoded();
    byte[] edwards = key("ed25519.crt", "ed").publicKey().getEncoded();
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();

    assertThat(new JwksBuilder().add(key("ec-256.crt", "ec")).add(key("ed25519.crt", "ed")).build())
        .isEqualTo(
            """
            {
              "keys": [
                {
                  "kty": "EC",
                  "kid": "ec",
                  "use": "sig",
                  "alg": "ES256",
                  "crv": "P-256",
                  "x": "%s",
                  "y": "%s"
                },
                {
                  "kty": "OKP",
                  "kid": "ed",
                  "use": "sig",
                  "alg": "EdDSA",
                  "crv": "Ed25519",
                  "x": "%s"
                }
              ]
            }
            """
                .formatted(
                    base64.encodeToString(
                        Arrays.copyOfRange(der, der.length - 64, der.length - 32)),
                    base64.encodeToString(Arrays.copyOfRange(der, der.length - 32, der.length)),
                    base64.encodeToString(
                        Arrays.copyOfRange(edwards, edwards.length - 32, edwards.length))));
  }

  /** About one key in 128 is such a one; that none of 10,000 is, has a chance of e^-78. */
  @Test
  void build_coordinateWithLeadingZero_isAsWideAsAnyOther() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000 && seen.size() < 2; i++) {
      ECPublicKey key = (ECPublicKey) generator.generateKeyPair().getPublic();
      boolean shortX = key.getW().getAffineX().bitLength() <= 248;
      boolean shortY = key.getW().getAffineY().bitLength() <= 248;
      if (shortX || shortY) {
        String text = new JwksBuilder().add(new VerificationKey("signer", key)).build();
        JsonWebKey read = new JsonWebKeySet(text).getJsonWebKeys().get(0);
        assertThat(read.getKey()).isEqualTo(key);
        assertThat(text)
            .containsPattern("\"x\": \"[\\w-]{43}\"")
            .containsPattern("\"y\": \"[\\w-]{43}\"");
        seen.add(shortX ? "x" : "y");
      }
    }
    assertThat(seen).containsExactlyInAnyOrder("x", "y");
  }

  @ParameterizedTest
  @CsvSource({
    "rsa-exponent-3.crt, Aw",
    "rsa-exponent-17.crt, EQ",
    "rsa-2048.crt, AQAB",
    "rsa-4096.crt, AQAB",
  })
  void build_exponent_hasAsFewOctetsAsCanBe(String file, String exponent) {
    assertThat(new JwksBuilder().add(key(file, "signer")).build())
        .contains("\"e\": \"" + exponent + "\"\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rsa-2048.crt", "rsa-4096.crt", "rsa-exponent-3.crt", "rsa-exponent-17.crt"})
  void build_anyKey_readsBackAsTheSameKey(String file) throws JoseException {
    VerificationKey key = key(file, "signer");

    JsonWebKeySet set = new JsonWebKeySet(new JwksBuilder().add(key).build());

    JsonWebKey read = set.getJsonWebKeys().get(0);
    assertThat(read.getKey()).isEqualTo(key.publicKey());
    assertThat(read.getKeyId()).isEqualTo("signer");
    byte[] modulus =
        Base64.getUrlDecoder()
            .decode((String) read.toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY).get("n"));
    assertThat(modulus).hasSize(((RSAPublicKey) key.publicKey()).getModulus().bitLength() / 8);
    assertThat(modulus[0]).isNotZero();
  }

  @Test
  void build_severalKeys_keepTheirOrder() throws JoseException {
    String text =
        new JwksBuilder()
            .add(key("rsa-2048-other.crt", "old"))
            .add(key("rsa-2048.crt", "new"))
            .build();

    assertThat(text).contains("    },\n    {\n");
    assertThat(new JsonWebKeySet(text).getJsonWebKeys())
        .extracting(JsonWebKey::getKeyId)
        .containsExactly("old", "new");
  }

  @Test
  void build_noKey_isAnEmptySet() throws JoseException {
    assertThat(new JsonWebKeySet(new JwksBuilder().build()).getJsonWebKeys()).isEmpty();
  }

  @Test
  void add_otherKeyWithTheSameId_isRefused() {
    JwksBuilder builder = new JwksBuilder().add(key("rsa-2048.crt", "signer"));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.add(key("rsa-2048-other.crt", "signer")))
        .withMessage("Two keys have the key id signer");
  }

  @Test
  void add_sameKeyTwice_isThereOnce() throws JoseException {
    VerificationKey key = key("rsa-2048.crt", "signer");

    String text = new JwksBuilder().add(key).add(key("rsa-2048.pkcs1.key", "signer")).build();

    assertThat(new JsonWebKeySet(text).getJsonWebKeys()).hasSize(1);
    assertThat(text).isEqualTo(new JwksBuilder().add(key).build());
  }

  @Test
  void add_keyWithPercentInItsId_isWrittenAsItIs() {
    assertThat(new JwksBuilder().add(key("rsa-2048.crt", "%s%n")).build())
        .contains("\"kid\": \"%s%n\",\n");
  }

  private static VerificationKey key(String file, String keyId) {
    return VerificationKey.fromPem(pem(file), KeyIdStyle.fixed(keyId));
  }
}
