// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.common.io.BaseEncoding;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A key of a JWK Set as go-jose 4 reads it, by which Docker Distribution 3 does. What it does not
 * understand is no entry that it leaves out, but one that the registry does not start with.
 *
 * @param keyId the {@code kid}; empty if it has none
 * @param key the public key; none for what verifies nothing, such as an {@code oct}
 */
record JwkEntry(String keyId, Optional<PublicKey> key) {
  private static final int SHA1_BYTES = 20;
  private static final int SHA256_BYTES = 32;
  private static final int ED25519_BYTES = 32;

  /** What stands before an Ed25519 key in an X.509 SubjectPublicKeyInfo, RFC 8410. */
  private static final byte[] ED25519_PREFIX =
      BaseEncoding.base16().decode("302A300506032B6570032100");

  /**
   * Reads an entry.
   *
   * @throws IllegalArgumentException if a registry does not start with it; the message says why
   */
  static JwkEntry of(JsonElement element) {
    if (!(element instanceof JsonObject json)) {
      throw new IllegalArgumentException("it is no JSON object");
    }
    if (json.has(StrictJson.DUPLICATE)) {
      throw new IllegalArgumentException(
          "it has " + json.get(StrictJson.DUPLICATE).getAsString() + " twice");
    }
    String keyId = text(json, "kid").orElse("");
    for (String name : List.of("use", "alg", "x5u")) {
      Optional<String> unused = text(json, name);
    }
    List<X509Certificate> certificates = certificates(json);
    Optional<PublicKey> key = key(json);
    thumbprint(json, "x5t", SHA1_BYTES);
    thumbprint(json, "x5t#S256", SHA256_BYTES);
    if (!certificates.isEmpty()
        && key.filter(certificates.get(0).getPublicKey()::equals).isEmpty()) {
      throw new IllegalArgumentException("its x5c is the certificate of another key");
    }
    return new JwkEntry(keyId, key);
  }

  private static Optional<PublicKey> key(JsonObject json) {
    String type = text(json, "kty").orElse("");
    try {
      return switch (type) {
        case "RSA" -> {
          private_(json, "p", "q");
          yield Optional.of(rsa(number(json, "n"), number(json, "e")));
        }
        case "EC" -> {
          private_(json);
          yield Optional.of(ec(text(json, "crv").orElse(""), bytes(json, "x"), bytes(json, "y")));
        }
        case "OKP" -> {
          String curve = text(json, "crv").orElse("");
          if (!curve.equals("Ed25519")) {
            throw new IllegalArgumentException("its crv is \"" + curve + "\"; valid is Ed25519");
          }
          private_(json);
          yield ed25519(bytes(json, "x"));
        }
        case "oct" -> {
          byte[] unused = bytes(json, "k");
          yield Optional.empty();
        }
        default ->
            throw new IllegalArgumentException(
                "its kty is \"" + type + "\"; registries know RSA, EC, OKP and oct");
      };
    } catch (InvalidKeySpecException e) {
      return Optional.empty(); // the registry reads it, and verifies nothing with it
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no keys of the type " + type, e);
    }
  }

  /** A private key is read, too, if it is whole. */
  private static void private_(JsonObject json, String... more) {
    if (json.has("d") && !json.get("d").isJsonNull()) {
      Stream.concat(Stream.of("d"), Stream.of(more))
          .forEach(
              name -> {
                byte[] unused = bytes(json, name);
              });
    }
  }

  private static PublicKey rsa(BigInteger modulus, BigInteger exponent)
      throws GeneralSecurityException {
    return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
  }

  private static PublicKey ec(String curve, byte[] x, byte[] y) throws GeneralSecurityException {
    String name =
        switch (curve) {
          case "P-256" -> "secp256r1";
          case "P-384" -> "secp384r1";
          case "P-521" -> "secp521r1";
          default ->
              throw new IllegalArgumentException(
                  "its crv is \"" + curve + "\"; valid are P-256, P-384 and P-521");
        };
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec(name));
    ECParameterSpec spec = parameters.getParameterSpec(ECParameterSpec.class);
    int length = (spec.getCurve().getField().getFieldSize() + Byte.SIZE - 1) / Byte.SIZE;
    for (byte[] coordinate : List.of(x, y)) {
      if (coordinate.length != length) {
        throw new IllegalArgumentException(
            "its x or y has %d bytes; on %s each has %d, with zeros before"
                .formatted(coordinate.length, curve, length));
      }
    }
    ECPoint point = new ECPoint(new BigInteger(1, x), new BigInteger(1, y));
    if (!isOnCurve(spec, point)) {
      throw new IllegalArgumentException("its x and y are no point of " + curve);
    }
    return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, spec));
  }

  private static boolean isOnCurve(ECParameterSpec spec, ECPoint point) {
    BigInteger prime = ((ECFieldFp) spec.getCurve().getField()).getP();
    BigInteger x = point.getAffineX();
    BigInteger y = point.getAffineY();
    BigInteger right =
        x.pow(3).add(spec.getCurve().getA().multiply(x)).add(spec.getCurve().getB()).mod(prime);
    return x.compareTo(prime) < 0
        && y.compareTo(prime) < 0
        && y.multiply(y).mod(prime).equals(right);
  }

  /** Of another length, the registry cuts it or fills it up, to another key. */
  private static Optional<PublicKey> ed25519(byte[] x) throws GeneralSecurityException {
    if (x.length != ED25519_BYTES) {
      return Optional.empty();
    }
    byte[] encoded = new byte[ED25519_PREFIX.length + ED25519_BYTES];
    System.arraycopy(ED25519_PREFIX, 0, encoded, 0, ED25519_PREFIX.length);
    System.arraycopy(x, 0, encoded, ED25519_PREFIX.length, ED25519_BYTES);
    return Optional.of(
        KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded)));
  }

  private static void thumbprint(JsonObject json, String name, int length) {
    int found = text(json, name).map(text -> decode(name, text).length).orElse(0);
    if (!List.of(0, length, 2 * length).contains(found)) { // in hexadecimal, too
      throw new IllegalArgumentException(
          "its %s has %d bytes; valid are %d".formatted(name, found, length));
    }
  }

  private static List<X509Certificate> certificates(JsonObject json) {
    JsonElement chain = json.get("x5c");
    if (chain == null || chain instanceof JsonNull) {
      return List.of();
    }
    try {
      JsonArray list = chain instanceof JsonArray array ? array : one(chain);
      return Certificates.ofChain(list.asList().stream().map(JsonElement::getAsString).toList());
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("its x5c is no list of certificates in Base64", e);
    }
  }

  private static JsonArray one(JsonElement notAList) {
    throw new IllegalArgumentException("no list: " + notAList.getClass().getSimpleName());
  }

  private static BigInteger number(JsonObject json, String name) {
    return new BigInteger(1, bytes(json, name));
  }

  private static byte[] bytes(JsonObject json, String name) {
    return text(json, name)
        .map(text -> decode(name, text))
        .orElseThrow(() -> new IllegalArgumentException("it has no " + name));
  }

  private static byte[] decode(String name, String text) {
    try {
      if (text.contains("=")) {
        throw new IllegalArgumentException("padded");
      }
      return Base64.getUrlDecoder().decode(text.replaceAll("[\\r\\n]", "")); // as Go skips them
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "its " + name + " is not Base64url without padding (=)", e);
    }
  }

  private static Optional<String> text(JsonObject json, String name) {
    JsonElement value = json.get(name);
    if (value == null || value instanceof JsonNull) {
      return Optional.empty();
    }
    if (value instanceof JsonPrimitive primitive && primitive.isString()) {
      return Optional.of(primitive.getAsString());
    }
    throw new IllegalArgumentException("its " + name + " is no text");
  }
}
