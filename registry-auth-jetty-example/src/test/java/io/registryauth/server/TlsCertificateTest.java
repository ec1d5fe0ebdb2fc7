// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.base.Throwables;
import java.security.KeyPair;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsCertificateTest {
  /** The object identifier of P-256, as {@code openssl ecparam} writes it before the key. */
  private static final String EC_PARAMETERS =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

  private static final String ENCRYPTED_PKCS8 =
      """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhcQcmYrlKW6gICCAAw
      DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMsLFjdwD8yvsvNF2Qwtb8QEgZBQ
      Fy27z8ItuWaj1BJHSlhaJ5BHYjMi1RHCF+gMsgHQTm6gmb0BzqhoanAe7jTwpWvP
      LoSREsWeYXq38KOZ/fxQ7Tvhei/yCFGyF9KQNj5LkRTaHcNeXdCJXaTg2z2zayDR
      idJZQHftu3W/+xxtcPBTBEKDvE+c8CrtDGDhVXCj4ZXAbIOLw46MC2wJW4q10Gs=
      -----END ENCRYPTED PRIVATE KEY-----
      """;

  private static TestCertificate rsa;
  private static TestCertificate ec;

  @BeforeAll
  static void generate() throws Exception {
    rsa = TestCertificate.selfSigned(TestCertificate.rsa());
    ec = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
  }

  static Stream<Arguments> keys() throws Exception {
    KeyPair ed25519 = TestCertificate.ed25519();
    return Stream.of(
        Arguments.of("PKCS#1", rsa, rsa.traditional(), "BEGIN RSA PRIVATE KEY"),
        Arguments.of("PKCS#8, RSA", rsa, rsa.pkcs8(), "BEGIN PRIVATE KEY"),
        Arguments.of("SEC1", ec, ec.traditional(), "BEGIN EC PRIVATE KEY"),
        Arguments.of("SEC1 of openssl", ec, EC_PARAMETERS + ec.traditional(), "EC PARAMETERS"),
        Arguments.of("PKCS#8, EC", ec, ec.pkcs8(), "BEGIN PRIVATE KEY"),
        ed25519(TestCertificate.selfSigned(ed25519)));
  }

  private static Arguments ed25519(TestCertificate pair) throws Exception {
    return Arguments.of("PKCS#8, Ed25519", pair, pair.pkcs8(), "BEGIN PRIVATE KEY");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("keys")
  void fromPem_keyOfEachFormat_isTaken(
      String format, TestCertificate pair, String key, String label) throws Exception {
    assertThat(key).contains(label);

    assertThat(TlsCertificate.fromPem(pair.certificatePem(), key).certificate())
        .isEqualTo(pair.certificate());
  }

  @Test
  void fromPem_textAroundBlocks_isSkipped() throws Exception {
    String certificate = "subject=CN = localhost\r\n\r\n" + rsa.certificatePem() + "\n# end\n";
    String both = rsa.certificatePem() + rsa.pkcs8();

    assertThat(TlsCertificate.fromPem(certificate, rsa.pkcs8()).certificate())
        .isEqualTo(rsa.certificate());
    assertThat(TlsCertificate.fromPem(both, both).certificate()).isEqualTo(rsa.certificate());
  }

  @Test
  void fromPem_chain_isTakenInItsOrderAlone() throws Exception {
    TestCertificate issued = rsa.issue("CN=issued");
    String chain = issued.certificatePem() + rsa.certificatePem();

    assertThat(TlsCertificate.fromPem(chain, issued.pkcs8()).certificate())
        .isEqualTo(issued.certificate());
    String others = rsa.issue("CN=other").certificatePem();
    assertRefused(issued.certificatePem() + others, issued.pkcs8(), "must be followed by");
  }

  @Test
  void fromPem_keyOfAnother_isRefused() throws Exception {
    TestCertificate other = TestCertificate.selfSigned(TestCertificate.rsa());

    assertRefused(rsa.certificatePem(), other.pkcs8(), "is not the certificate's");
    assertRefused(rsa.certificatePem(), ec.traditional(), "is not the certificate's");
    assertRefused(ec.certificatePem(), rsa.traditional(), "is not the certificate's");
  }

  @Test
  void fromPem_encryptedKey_saysSo() throws Exception {
    String header =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00000000000000000000000000000000";
    String pkcs1 =
        rsa.traditional()
            .replaceFirst("RSA PRIVATE KEY-----\n", "RSA PRIVATE KEY-----\n" + header + "\n\n");

    assertRefused(rsa.certificatePem(), pkcs1, "is encrypted");
    assertRefused(rsa.certificatePem(), ENCRYPTED_PKCS8, "is encrypted");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "nothing of the kind\n"})
  void fromPem_noBlock_saysWhichIsMissing(String text) throws Exception {
    assertRefused(text, rsa.pkcs8(), "There is no certificate");
    assertRefused(rsa.certificatePem(), text, "There is no private key");
  }

  @Test
  void fromPem_filesExchanged_isRefused() throws Exception {
    assertRefused(rsa.pkcs8(), rsa.certificatePem(), "There is no certificate");
  }

  /** Whatever a writer has got to, and without a part of the key in any message. */
  @Test
  void fromPem_cutShortAnywhere_isRefused() throws Exception {
    String certificate = ec.certificatePem();
    for (int end = 0; end < certificate.indexOf("-----END"); end++) {
      assertRefused(certificate.substring(0, end), ec.pkcs8(), "certificate");
    }
    for (String key : List.of(ec.traditional(), ec.pkcs8(), rsa.traditional(), rsa.pkcs8())) {
      for (int end = 0; end < key.indexOf("-----END"); end++) {
        assertRefused(certificate, key.substring(0, end), "private key");
      }
    }
  }

  @Test
  void fromPem_damagedKey_isRefusedWithoutShowingIt() throws Exception {
    String key = rsa.traditional();
    String body = key.lines().skip(1).findFirst().orElseThrow();
    for (int i = 0; i < body.length(); i++) {
      String damaged = key.replace(body, body.substring(0, i) + "!" + body.substring(i + 1));
      IllegalArgumentException e =
          catchThrowableOfType(
              IllegalArgumentException.class,
              () -> TlsCertificate.fromPem(rsa.certificatePem(), damaged));
      assertThat(e).as(damaged).isNotNull();
      assertThat(Throwables.getStackTraceAsString(e)).doesNotContain(body.substring(0, 8));
    }
  }

  @Test
  void toString_showsWhoAndUntilWhenAlone() throws Exception {
    assertThat(TlsCertificate.fromPem(rsa.certificatePem(), rsa.pkcs8()))
        .hasToString("CN=localhost, valid until " + rsa.certificate().getNotAfter().toInstant());
  }

  private static void assertRefused(String certificate, String key, String reason) {
    assertThatThrownBy(() -> TlsCertificate.fromPem(certificate, key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }
}
