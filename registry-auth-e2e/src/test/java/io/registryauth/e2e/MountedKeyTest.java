// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Secret of the signing key is renewed, as the kubelet does it. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MountedKeyTest {
  /** The files are looked at every 5 s; the rest is for a slow machine. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private TokenServer start(MountedSecret secret) throws Exception {
    return TokenServer.start(
        directory, new Keys(secret.key(), secret.certificate()), "--key-id=rfc7638");
  }

  private static Object signer(TokenServer server) throws Exception {
    return Jwt.parse(server.token(Tenant.TEST_BUILD)).header().get("kid");
  }

  private static void awaitAnotherSigner(TokenServer server, Object before) throws Exception {
    Instant start = Instant.now();
    while (signer(server).equals(before)) {
      assertThat(Duration.between(start, Instant.now())).isLessThan(LIMIT);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static List<Object> published(TokenServer server) throws Exception {
    String body = Http.send("GET", server.uri().resolve("/jwks.json")).body();
    return Json.objects(Json.object(body).get("keys")).stream().map(key -> key.get("kid")).toList();
  }

  @Test
  void mountedSecret_validAndBroken_theLastGoodKeySignsAndTheRestIsRefusedLoudly()
      throws Exception {
    Keys first = Keys.generate(directory);
    Keys second = Keys.generateEc(directory);
    MountedSecret secret = MountedSecret.create(directory, first);
    try (TokenServer server = start(secret)) {
      Object before = signer(server);
      String certificate = Files.readString(second.certificate());
      String key = Files.readString(second.key());
      Map<String, List<String>> broken = new LinkedHashMap<>();
      broken.put("mismatched", List.of(certificate, Files.readString(first.key())));
      broken.put("key cut short", List.of(certificate, key.substring(0, key.length() / 2)));
      broken.put("certificate cut short", List.of(certificate.substring(0, 300), key));
      broken.put("key empty", List.of(certificate, ""));
      broken.put("both empty", List.of("", ""));
      int refused = 0;
      for (Map.Entry<String, List<String>> files : broken.entrySet()) {
        secret.update(files.getValue().get(0), files.getValue().get(1));
        refused++;
        Pattern times =
            Pattern.compile("(?:ERROR +SigningKeys .* stays in use(?s:.*?)){" + refused + "}");
        server.process().awaitOutput(times);
        assertThat(signer(server)).as(files.getKey()).isEqualTo(before);
        assertThat(published(server)).as(files.getKey()).containsExactly(before);
      }
      assertThat(server.log()).doesNotContain(key.lines().toList().get(4));

      secret.update(certificate, key);
      awaitAnotherSigner(server, before);
      assertThat(published(server)).hasSize(1).doesNotContain(before);
    }
  }

  @Test
  void mountedSecret_renewedCertificateOfTheSameKey_isTaken() throws Exception {
    Keys keys = Keys.generate(directory);
    MountedSecret secret = MountedSecret.create(directory, keys);
    try (TokenServer server =
        TokenServer.start(
            directory,
            new Keys(secret.key(), secret.certificate()),
            "--profile=distribution-2.8")) {
      Object before = chain(server);
      keys.openssl("req -x509 -new -key tls.key -subj /CN=renewed -out tls.crt");
      secret.update(Files.readString(keys.certificate()), Files.readString(keys.key()));
      server.process().awaitOutput(Pattern.compile("INFO +SigningKeys Signing RS256"));
      assertThat(chain(server)).isNotEqualTo(before);
    }
  }

  private static Object chain(TokenServer server) throws Exception {
    return Jwt.parse(server.token(Tenant.TEST_BUILD)).header().get("x5c");
  }
}
