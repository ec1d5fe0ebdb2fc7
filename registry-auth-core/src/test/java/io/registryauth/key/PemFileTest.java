// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static io.registryauth.key.TestKeys.pem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.base.Splitter;
import com.google.common.base.Throwables;
import com.google.common.primitives.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.RSAPrivateKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PemFileTest {
  private static final String ENCRYPTED =
      "The private key is encrypted; store it decrypted, in a file that only the server reads";
  private static final String DAMAGED =
      "The private key is damaged or of another kind; " + KeyKind.VALID;
  private static final String NO_BLOCK =
      "There is no whole PEM block (-----BEGIN …----- to -----END …-----)";
  private static final String NO_KEY =
      "There is no private key (PKCS#8, PKCS#1 or SEC1) in it, but ";

  @Test
  void privateKey_pkcs1AndPkcs8OfTheSameKey_areEqual() {
    PrivateKey key = PemFile.parse(pem("rsa-2048.pkcs8.key")).privateKey();

    assertThat(key).isInstanceOf(RSAPrivateKey.class);
    assertThat(PemFile.parse(pem("rsa-2048.pkcs1.key")).privateKey()).isEqualTo(key);
    assertThat(PemFile.parse(pem("rsa-2048-other.key")).privateKey()).isNotEqualTo(key);
  }

  @Test
  void publicKey_ofThePrivateKey_isThatOfItsCertificate() {
    assertThat(PemFile.parse(pem("rsa-2048.pkcs1.key")).publicKey())
        .isEqualTo(PemFile.parse(pem("rsa-2048.crt")).publicKey())
        .isNotEqualTo(PemFile.parse(pem("rsa-2048-other.crt")).publicKey());
  }

  @Test
  void publicKey_keyAndCertificateInOneFile_isThatOfTheCertificate() {
    String both = pem("rsa-2048-other.key") + pem("rsa-2048.crt");

    assertThat(PemFile.parse(both).publicKey())
        .isEqualTo(PemFile.parse(pem("rsa-2048.crt")).publicKey());
  }

  @Test
  void certificates_ofAChain_keepTheirOrder() {
    assertThat(PemFile.parse(pem("rsa-2048.chain.crt")).certificates())
        .extracting(X509Certificate::getSubjectX500Principal)
        .extracting(Object::toString)
        .containsExactly("CN=registry-auth-test", "CN=registry-auth-test-ca");
  }

  @Test
  void publicKey_ofAChain_isThatOfTheFirstCertificate() {
    assertThat(PemFile.parse(pem("rsa-2048.chain.crt")).publicKey())
        .isEqualTo(PemFile.parse(pem("rsa-2048.crt")).publicKey());
  }

  @Test
  void parse_textAroundBlocksAndOtherLineEnds_areSkipped() {
    PrivateKey key = PemFile.parse(pem("rsa-2048.pkcs8.key")).privateKey();
    String exported = "Bag Attributes\n  friendlyName: key\n" + pem("rsa-2048.pkcs8.key") + "end";

    assertThat(PemFile.parse(exported).privateKey()).isEqualTo(key);
    assertThat(PemFile.parse(exported.replace("\n", "\r\n")).privateKey()).isEqualTo(key);
    assertThat(PemFile.parse(pem("rsa-2048.crt") + exported).privateKey()).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\nAAAA\n-----BEGIN PRIVATE KEY-----",
        "----BEGIN PRIVATE KEY----\nAAAA\n----END PRIVATE KEY----"
      })
  void parse_noWholeBlock_isRefused(String text) {
    assertThat(failure(text, PemFile::parse)).hasMessage(NO_BLOCK);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa-2048.pkcs1.key", "rsa-2048.pkcs8.key", "rsa-2048.crt"})
  void parse_fileCutInTheMiddle_isRefused(String file) {
    String text = pem(file);

    assertThat(failure(text.substring(0, text.length() / 2), PemFile::parse)).hasMessage(NO_BLOCK);
  }

  @ParameterizedTest
  @CsvSource({"rsa-2048.encrypted-pkcs1.key", "rsa-2048.encrypted-pkcs8.key"})
  void privateKey_encrypted_isRefused(String file) {
    assertThat(failure(pem(file), text -> PemFile.parse(text).privateKey())).hasMessage(ENCRYPTED);
    assertThat(failure(pem(file), text -> PemFile.parse(text).publicKey())).hasMessage(ENCRYPTED);
  }

  @Test
  void privateKey_sec1AndPkcs8OfTheSameKey_areEqual() {
    PrivateKey key = PemFile.parse(pem("ec-256.pkcs8.key")).privateKey();
    String withParameters = pem("ec-256.sec1.key");

    assertThat(key).isInstanceOf(ECPrivateKey.class);
    assertThat(withParameters).startsWith("-----BEGIN EC PARAMETERS-----");
    assertThat(number(withParameters)).isEqualTo(number(pem("ec-256.pkcs8.key")));
    String alone = withParameters.substring(withParameters.indexOf("-----BEGIN EC PRIVATE"));
    assertThat(number(alone)).isEqualTo(number(pem("ec-256.pkcs8.key")));
    assertThat(number(pem("ec-256-other.key"))).isNotEqualTo(number(pem("ec-256.pkcs8.key")));
  }

  private static BigInteger number(String pem) {
    return ((ECPrivateKey) PemFile.parse(pem).privateKey()).getS();
  }

  /** The least that RFC 5915 allows: the number alone. */
  @Test
  void privateKey_sec1ThatNamesNoCurve_hasThatOfTheParameters() {
    byte[] number = new byte[32];
    number[31] = 7;
    byte[] least = Bytes.concat(new byte[] {0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20}, number);
    String withParameters = pem("ec-256.sec1.key");
    String parameters =
        withParameters.substring(0, withParameters.indexOf("-----BEGIN EC PRIVATE"));
    String block = block("EC PRIVATE KEY", least);

    assertThat(number(parameters + block)).isEqualTo(7);
    assertThat(failure(block, text -> PemFile.parse(text).privateKey())).hasMessage(DAMAGED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ec-256.pkcs8.key", "ec-256.sec1.key", "ed25519.key"})
  void publicKey_ofAPrivateKeyOnACurve_isThatOfItsCertificate(String file) {
    String certificate = file.replaceAll("\\..*", ".crt");

    assertThat(PemFile.parse(pem(file)).publicKey())
        .isEqualTo(PemFile.parse(pem(certificate)).publicKey());
  }

  /** Of the same length; whether the JDK knows the curve depends on its version. */
  @ParameterizedTest
  @ValueSource(strings = {"ec-256k1.key", "ec-256k1.sec1.key"})
  void publicKey_ofAPrivateKeyOnAnotherCurve_isRefused(String file) {
    assertThat(failure(pem(file), text -> PemFile.parse(text).publicKey()))
        .hasMessageEndingWith(KeyKind.VALID);
  }

  @Test
  void privateKey_certificateInItsPlace_isRefused() {
    String chain = pem("rsa-2048.chain.crt");

    assertThat(failure(chain, text -> PemFile.parse(text).privateKey()))
        .hasMessage(NO_KEY + "[CERTIFICATE]");
  }

  @ParameterizedTest
  @CsvSource({
    "rsa-2048.pkcs1.key, 5",
    "rsa-2048.pkcs8.key, 5",
    "ec-256.pkcs8.key, 2",
    "ec-256.sec1.key, 5"
  })
  void privateKey_lineMissing_isRefused(String file, int line) {
    String damaged = withoutLine(pem(file), line);

    assertThat(failure(damaged, text -> PemFile.parse(text).privateKey())).hasMessage(DAMAGED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127, 128, 255, 256, 65_535, 65_536, 100_000})
  void privateKey_ofAnyLengthButNoKey_isRefused(int length) {
    for (String label : List.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")) {
      String block = block(label, new byte[length]);

      assertThat(failure(block, text -> PemFile.parse(text).privateKey())).hasMessage(DAMAGED);
    }
  }

  /** Wherever it is cut, and whatever a length says. */
  @Test
  void privateKey_sec1OfAnyDamage_isRefusedOrAKey() {
    String pem = pem("ec-256.sec1.key");
    String body =
        pem.substring(pem.indexOf("-----BEGIN EC PRIVATE")).replaceAll("-----.*-----", "");
    byte[] der = Base64.getMimeDecoder().decode(body.strip());
    for (int i = 0; i < der.length; i++) {
      String cut = block("EC PRIVATE KEY", Arrays.copyOf(der, i));
      assertThat(failure(cut, text -> PemFile.parse(text).privateKey())).hasMessage(DAMAGED);
      for (int value : new int[] {0, 1, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff}) {
        byte[] changed = der.clone();
        changed[i] = (byte) value;
        String block = block("EC PRIVATE KEY", changed);
        assertThat(catchThrowable(() -> PemFile.parse(block).publicKey()))
            .satisfiesAnyOf(
                thrown -> assertThat(thrown).isNull(),
                thrown -> assertThat(thrown).isInstanceOf(IllegalArgumentException.class));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"})
  void privateKey_noBase64_isRefused(String label) {
    String block = "-----BEGIN " + label + "-----\nA\n-----END " + label + "-----";

    assertThat(failure(block, text -> PemFile.parse(text).privateKey()))
        .hasMessage("The " + label + " block is not Base64");
  }

  @Test
  void publicKey_privateKeyWithoutItsPublicExponent_isRefused() throws GeneralSecurityException {
    RSAPrivateKey key = (RSAPrivateKey) PemFile.parse(pem("rsa-2048.pkcs8.key")).privateKey();
    PrivateKey bare =
        KeyFactory.getInstance("RSA")
            .generatePrivate(new RSAPrivateKeySpec(key.getModulus(), key.getPrivateExponent()));
    String block = block("PRIVATE KEY", bare.getEncoded());

    assertThat(failure(block, text -> PemFile.parse(text).publicKey()))
        .hasMessage("The private key does not hold its public exponent");
  }

  @Test
  void certificates_keyInTheirPlace_areRefused() {
    assertThat(failure(pem("rsa-2048.pkcs8.key"), text -> PemFile.parse(text).certificates()))
        .hasMessage("There is no certificate in it, but [PRIVATE KEY]");
  }

  @Test
  void certificates_lineMissing_areRefused() {
    String damaged = withoutLine(pem("rsa-2048.crt"), 5);

    assertThat(failure(damaged, text -> PemFile.parse(text).certificates()))
        .hasMessage("The certificate is damaged or its key is of another kind; " + KeyKind.VALID);
  }

  private interface Reading {
    Object read(String text);
  }

  /** Returns what a text is refused with, which must not show a line of it. */
  private static IllegalArgumentException failure(String text, Reading reading) {
    IllegalArgumentException failure =
        catchThrowableOfType(IllegalArgumentException.class, () -> reading.read(text));
    assertThat(failure).isNotNull();
    String shown = Throwables.getCausalChain(failure).toString();
    for (String line : Splitter.on('\n').split(text)) {
      if (line.length() > 8 && !line.startsWith("----")) {
        assertThat(shown).doesNotContain(line.substring(0, 8));
      }
    }
    return failure;
  }

  private static String withoutLine(String text, int line) {
    String[] lines = text.split("\n", -1);
    lines[line] = "";
    return String.join("\n", lines);
  }

  private static String block(String label, byte[] der) {
    String base64 = Base64.getMimeEncoder().encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
  }
}
