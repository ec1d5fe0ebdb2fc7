// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.registryauth.key.SigningKey;
import io.registryauth.key.VerificationKey;
import io.registryauth.token.Grant;
import io.registryauth.token.TokenIssuer;
import io.registryauth.token.TokenProfile;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;

/**
 * What of a token decides whether a registry takes it.
 *
 * @param origin whose token it is, for people
 * @param algorithm the {@code alg}
 * @param keyId the {@code kid}; empty if it has none
 * @param certificates the {@code x5c}; empty if it has none
 * @param issuer the {@code iss}
 * @param audience the {@code aud}
 * @param audienceIsList whether that is a list, if only of one
 * @param verifiedBy says whether a key verifies it
 */
record TokenFacts(
    String origin,
    String algorithm,
    String keyId,
    List<X509Certificate> certificates,
    String issuer,
    List<String> audience,
    boolean audienceIsList,
    Predicate<PublicKey> verifiedBy) {
  private static final Duration LIFETIME = Duration.ofMinutes(1);

  TokenFacts {
    certificates = ImmutableList.copyOf(certificates);
    audience = ImmutableList.copyOf(audience);
  }

  /** Signs a token that allows nothing, as the server would, and returns what it is. */
  static String sign(SigningKey key, TokenServer server) {
    return TokenIssuer.builder(key)
        .profile(server.profile())
        .issuer(server.issuer())
        .lifetime(LIFETIME)
        .build()
        .issue(new Grant("registry-auth-doctor", server.service(), List.of()))
        .value();
  }

  /** Says what a token would be of a key of which only the certificate is known. */
  static TokenFacts predicted(
      VerificationKey key, List<X509Certificate> certificates, TokenServer server) {
    boolean x5c = server.profile().sendsCertificates();
    return new TokenFacts(
        "the token server's tokens",
        key.algorithm(),
        key.keyId(),
        x5c ? certificates : List.of(),
        server.issuer(),
        List.of(server.service()),
        server.profile() == TokenProfile.DISTRIBUTION_3,
        other -> other.equals(key.publicKey()));
  }

  /**
   * Reads a token.
   *
   * @throws IllegalArgumentException if it is none; the message shows nothing of it
   */
  static TokenFacts of(String origin, String token) {
    List<String> parts = Splitter.on('.').splitToList(token);
    if (parts.size() != 3) {
      throw new IllegalArgumentException("it has not the three parts of a JWT");
    }
    JsonObject header = json(parts.get(0));
    JsonObject claims = json(parts.get(1));
    return new TokenFacts(
        origin,
        text(header.get("alg")),
        text(header.get("kid")),
        Certificates.ofChain(texts(header.get("x5c"))),
        text(claims.get("iss")),
        texts(claims.get("aud")),
        claims.get("aud") instanceof JsonArray,
        key -> verifies(token, key));
  }

  private static JsonObject json(String part) {
    String text = new String(Base64.getUrlDecoder().decode(part), UTF_8);
    if (StrictJson.parse(text) instanceof JsonObject object) {
      return object;
    }
    throw new IllegalArgumentException("a part of it is no JSON object");
  }

  private static String text(JsonElement value) {
    return value instanceof JsonPrimitive primitive ? primitive.getAsString() : "";
  }

  private static List<String> texts(JsonElement value) {
    return value instanceof JsonArray list
        ? list.asList().stream().map(TokenFacts::text).toList()
        : Optional.of(text(value)).filter(text -> !text.isEmpty()).stream().toList();
  }

  private static boolean verifies(String token, PublicKey key) {
    try {
      JsonWebSignature signature = new JsonWebSignature();
      signature.setCompactSerialization(token);
      signature.setKey(key);
      return signature.verifySignature();
    } catch (JoseException e) {
      return false; // a key of another kind
    }
  }
}
