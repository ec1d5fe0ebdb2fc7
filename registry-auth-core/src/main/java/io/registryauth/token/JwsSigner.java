// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.registryauth.key.SigningKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jose4j.json.JsonUtil;

/**
 * Signs payloads with one key and one header, which is made once: JWS in the compact form of <a
 * href="https://www.rfc-editor.org/rfc/rfc7515#section-3.1">RFC 7515</a>. Immutable.
 */
final class JwsSigner {
  // More at a time than there are processors would not be done sooner, and would leave next to
  // nothing to those who read requests and say that there are too many.
  private static final Semaphore TURNS =
      new Semaphore(Runtime.getRuntime().availableProcessors(), true);

  private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

  private final SigningKey key;
  private final String header;

  /**
   * Makes it.
   *
   * @param type the {@code typ} header
   * @param certificates what the {@code x5c} header has; none if there are none
   */
  JwsSigner(SigningKey key, String type, List<X509Certificate> certificates) {
    this.key = key;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("alg", key.algorithm());
    fields.put("typ", type);
    fields.put("kid", key.keyId());
    if (!certificates.isEmpty()) {
      fields.put("x5c", encoded(certificates));
    }
    header = base64url(JsonUtil.toJson(fields)) + '.';
  }

  private static List<String> encoded(List<X509Certificate> certificates) {
    List<String> encoded = new ArrayList<>();
    for (X509Certificate certificate : certificates) {
      try {
        encoded.add(Base64.getEncoder().encodeToString(certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("A certificate that was read cannot be written", e);
      }
    }
    return encoded;
  }

  SigningKey key() {
    return key;
  }

  /**
   * Signs a payload.
   *
   * @throws IllegalStateException as {@link SigningKey#sign} does
   */
  String sign(String payload) {
    String input = header + base64url(payload);
    byte[] signature = inTurn(() -> key.sign(input.getBytes(ISO_8859_1)));
    return input + '.' + BASE64URL.encodeToString(signature);
  }

  static <T> T inTurn(Supplier<T> computation) {
    TURNS.acquireUninterruptibly();
    try {
      return computation.get();
    } finally {
      TURNS.release();
    }
  }

  private static String base64url(String text) {
    return BASE64URL.encodeToString(text.getBytes(UTF_8));
  }
}
