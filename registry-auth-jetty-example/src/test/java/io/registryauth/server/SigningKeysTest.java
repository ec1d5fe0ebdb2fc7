// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The server's keys, whose files a test changes and has looked at. */
class SigningKeysTest {
  private static final Instant START = Instant.parse("2026-11-25T12:00:00Z");

  private final Logger logger = (Logger) LoggerFactory.getLogger(SigningKeys.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final AtomicReference<Instant> now = new AtomicReference<>(START);

  @TempDir private Path directory;
  private TestCertificate first;
  private SigningKeys keys;

  @BeforeEach
  void start() throws Exception {
    log.start();
    logger.addAppender(log);
    first = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    write("tls", first);
    keys = open(TokenProfile.DISTRIBUTION_3);
  }

  @AfterEach
  void stop() {
    keys.close();
    logger.detachAppender(log);
  }

  private SigningKeys open(TokenProfile profile) {
    return new SigningKeys(
        directory.resolve("tls.key").toString(),
        directory.resolve("tls.crt").toString(),
        KeyIdStyle.fixed("signer"),
        profile,
        UnaryOperator.identity(),
        now::get);
  }

  private void write(String slot, TestCertificate pair) throws IOException {
    write(slot + ".key", pair.pkcs8());
    write(slot + ".crt", pair.certificatePem());
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private List<String> ids() {
    return keys.get().all().stream().map(SigningKey::keyId).toList();
  }

  private List<String> messages(Level level) {
    return log.list.stream()
        .filter(event -> event.getLevel() == level)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void poll_stagedKey_isTakenAsAWhole() throws Exception {
    TestCertificate next = TestCertificate.selfSigned(TestCertificate.ed25519());
    write("next.kid", "second");
    write("next.key", next.pkcs8());
    keys.poll();
    assertThat(ids()).containsExactly("signer");
    assertThat(keys.refused()).isTrue();
    assertThat(messages(Level.ERROR)).singleElement().asString().contains("next.crt is missing");

    write("next.crt", next.certificatePem());
    keys.poll();
    assertThat(ids()).containsExactly("signer", "second");
    assertThat(keys.refused()).isFalse();
    assertThat(messages(Level.INFO)).singleElement().asString().endsWith("of signer, second");
  }

  @Test
  void poll_twoKeysOfOneId_areRefused() throws Exception {
    write("next", TestCertificate.selfSigned(TestCertificate.ed25519()));
    keys.poll();
    keys.poll();
    assertThat(ids()).containsExactly("signer");
    assertThat(messages(Level.ERROR))
        .singleElement()
        .asString()
        .contains("the key signer stays in use", "Two keys have the key id signer");
  }

  /** Registries have the id with the key of before, and would refuse each token. */
  @Test
  void poll_anotherKeyUnderAKnownId_isRefusedUntilItHasAnIdOfItsOwn() throws Exception {
    TestCertificate second = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    PublicKey before = keys.get().current().verificationKey().publicKey();
    write("tls", second);
    keys.poll();
    keys.poll();
    assertThat(keys.get().current().verificationKey().publicKey()).isEqualTo(before);
    assertThat(messages(Level.ERROR))
        .singleElement()
        .asString()
        .contains("the key signer stays in use", "key id signer is that of another", "keys stage");

    write("tls.kid", "second");
    keys.poll();
    assertThat(ids()).containsExactly("second");
  }

  @Test
  void poll_theKeyUnderAnotherId_isRefused() throws Exception {
    write("tls.kid", "second");
    keys.poll();
    assertThat(ids()).containsExactly("signer");
    assertThat(messages(Level.ERROR)).singleElement().asString().contains("has the id signer");
  }

  @Test
  void poll_theNextKeyUnderItsIdAsTheCurrentOne_isTaken() throws Exception {
    TestCertificate next = TestCertificate.selfSigned(TestCertificate.ed25519());
    write("next.kid", "second");
    write("next", next);
    keys.poll();
    write("retired", first);
    write("retired.kid", "signer");
    write("tls", next);
    write("tls.kid", "second");
    for (String part : List.of("kid", "key", "crt")) {
      Files.delete(directory.resolve("next." + part));
    }
    keys.poll();
    assertThat(ids()).containsExactly("second", "signer");
    assertThat(messages(Level.ERROR)).isEmpty();
  }

  @Test
  void poll_renewedCertificateOfTheKey_isTaken() throws Exception {
    write(
        "tls.crt",
        first.certificatePem()
            + TestCertificate.selfSigned(TestCertificate.ed25519()).certificatePem());
    keys.poll();
    assertThat(keys.get().current().certificates()).hasSize(2);
    assertThat(messages(Level.ERROR)).isEmpty();
  }

  /** Tokens carry the certificate, by which the registry verifies them, whatever their key id. */
  @Test
  void poll_anotherKeyUnderAKnownId_isTakenByAProfileThatSendsCertificates() throws Exception {
    SigningKeys ofProfile = open(TokenProfile.DISTRIBUTION_2_8);
    TestCertificate second = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    write("tls", second);
    ofProfile.poll();
    assertThat(ofProfile.get().current().certificates()).containsExactly(second.certificate());
    assertThat(messages(Level.ERROR)).isEmpty();
    ofProfile.close();
  }

  /** What signs next must be able to, for the day on which it is promoted. */
  @Test
  void poll_stagedKeyThatTheProfileCannotUse_isRefused() throws Exception {
    SigningKeys ofProfile = open(TokenProfile.DISTRIBUTION_2_8);
    write("next.kid", "second");
    write("next", TestCertificate.selfSigned(TestCertificate.ed25519()));
    ofProfile.poll();
    assertThat(ofProfile.get().next()).isEmpty();
    assertThat(messages(Level.ERROR)).singleElement().asString().contains("Ed25519");
    assertThatThrownBy(() -> open(TokenProfile.DISTRIBUTION_2_8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Ed25519");
    ofProfile.close();
  }

  @Test
  void certificate_thatExpires_isWarnedOfOnceADay() {
    keys.poll();
    assertThat(messages(Level.WARN)).isEmpty();
    now.set(first.certificate().getNotAfter().toInstant().plusSeconds(1));
    keys.poll();
    keys.poll();
    assertThat(messages(Level.WARN)).singleElement().asString().contains("is not valid now");
    now.set(now.get().plus(Duration.ofDays(1)));
    keys.poll();
    assertThat(messages(Level.WARN)).hasSize(2);
  }

  /**
   * A clock that is wrong for a while must not put off the warning of the day that it comes true.
   */
  @Test
  void certificate_thatExpiresAfterTheClockWasWrong_isWarnedOfAtOnce() {
    now.set(first.certificate().getNotAfter().toInstant().plusSeconds(7200));
    keys.poll();
    now.set(START);
    keys.poll();
    assertThat(messages(Level.WARN)).hasSize(1);
    now.set(first.certificate().getNotAfter().toInstant().plusSeconds(3600));
    keys.poll();
    assertThat(messages(Level.WARN)).hasSize(2);
  }
}
