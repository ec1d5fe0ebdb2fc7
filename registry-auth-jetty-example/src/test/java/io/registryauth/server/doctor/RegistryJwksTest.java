// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stops a registry 3 is measured by the end-to-end tests; this is what we say of it. */
class RegistryJwksTest {
  private static PublicKey key(String kind) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    if (kind.equals("EC")) {
      generator.initialize(new ECGenParameterSpec("secp256r1"));
    } else if (kind.equals("RSA")) {
      generator.initialize(2048);
    }
    return generator.generateKeyPair().getPublic();
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void parse_ofWhatWeWrite_hasTheKey(String kind) throws Exception {
    PublicKey key = key(kind);
    String jwks =
        new JwksBuilder().add(VerificationKey.of(key, KeyIdStyle.fixed("signer"))).build();
    RegistryJwks read = RegistryJwks.parse(jwks);

    assertThat(read.problems()).isEmpty();
    assertThat(read.entries()).singleElement().extracting(JwkEntry::keyId).isEqualTo("signer");
    assertThat(read.entries().get(0).key()).contains(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [                                              | it is no whole JSON
          {"keys":[]} x                                  | it is no JSON
          {"keys":[]}{}                                  | it is no JSON
          []                                             | no JSON object with a list of keys
          {"keys":{}}                                    | its keys are no list
          {"keys":[]}                                    | it has no key
          {}                                             | it has no key
          {"keys":[null]}                                | key 1: it is no JSON object
          {"keys":[{"kty":"XYZ","kid":"a"}]}             | key 1 ("a"): its kty is "XYZ"
          {"keys":[{"kid":"a"}]}                         | its kty is ""
          {"keys":[{"kty":"RSA","kid":"a","n":"AQ"}]}    | it has no e
          {"keys":[{"kty":"RSA","kid":1,"n":"AQ","e":"AQ"}]} | its kid is no text
          {"keys":[{"kty":"RSA","n":"AQ==","e":"AQAB"}]} | its n is not Base64url without padding
          {"keys":[{"kty":"RSA","n":"+/AA","e":"AQAB"}]} | its n is not Base64url
          {"keys":[{"kty":"RSA","kty":"RSA","n":"AQ","e":"AQAB"}]} | it has kty twice
          {"keys":[{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}]} | its crv is "secp256k1"
          {"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]} | its x or y has 3 bytes
          {"keys":[{"kty":"OKP","crv":"X25519","x":"AAAA"}]} | its crv is "X25519"
          {"keys":[{"kty":"OKP","crv":"Ed25519"}]}       | it has no x
          {"keys":[{"kty":"oct","kid":"a"}]}             | it has no k
          {"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]} | it has no p
          {"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","x5c":["AAAA"]}]} | its x5c is no list of cert
          {"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","x5t":"AAAA"}]} | its x5t has 3 bytes
          {"keys":[{"kty":"oct","k":"AQ"}]}              | key 1 has no kid
          """)
  void parse_ofWhatRegistriesDoNotTake_saysWhy(String jwks, String problem) {
    assertThat(RegistryJwks.parse(jwks).problems())
        .anySatisfy(said -> assertThat(said).contains(problem));
  }

  /** Each coordinate is of the right length, and together they are on no curve. */
  @Test
  void parse_ofNoPointOfItsCurve_saysSo() {
    String one = "A".repeat(42) + "E";
    assertThat(
            RegistryJwks.parse(
                    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}]}"
                        .formatted(one, one))
                .problems())
        .containsExactly(
            "key 1: its x and y are no point of P-256; the registry does not start with it");
  }

  /** The one before is of no use: the registry knows the last by that id. */
  @Test
  void parse_ofTwoKeysWithOneId_saysWhichIsRefused() throws Exception {
    String first = jwk(key("Ed25519"));
    String second = jwk(key("Ed25519"));

    assertThat(RegistryJwks.parse("{\"keys\":[%s,%s]}".formatted(first, first)).problems())
        .isEmpty();
    assertThat(RegistryJwks.parse("{\"keys\":[%s,%s]}".formatted(first, second)).problems())
        .containsExactly(
            "key 2 (\"signer\") has the kid of another before it, whose tokens are refused");
  }

  private static String jwk(PublicKey key) {
    String jwks =
        new JwksBuilder().add(VerificationKey.of(key, KeyIdStyle.fixed("signer"))).build();
    return jwks.substring(jwks.indexOf('[') + 1, jwks.lastIndexOf(']'));
  }
}
