// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.VerificationKey;
import java.math.BigInteger;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Under which ids a registry knows which keys: of its certificates, and of its JWK Set. */
final class RegistryKeys {
  private final Map<String, PublicKey> keys = new HashMap<>();

  RegistryKeys(RegistryVersion version, List<X509Certificate> bundle, List<JwkEntry> jwks) {
    for (X509Certificate certificate : bundle) {
      idOf(version, certificate.getPublicKey())
          .ifPresent(id -> keys.put(id, certificate.getPublicKey()));
    }
    if (version.isV3()) {
      // What has the id of a certificate takes its place.
      jwks.forEach(entry -> entry.key().ifPresent(key -> keys.put(entry.keyId(), key)));
    }
  }

  Optional<PublicKey> find(String keyId) {
    return Optional.ofNullable(keys.get(keyId));
  }

  /** Returns the id that a version gives to the key of a certificate, if it gives a right one. */
  private static Optional<String> idOf(RegistryVersion version, PublicKey key) {
    return switch (version) {
      case V2_8 -> id(key, KeyIdStyle.libtrust());
      // Of an EC key it hashes the generator of the curve: no token names that.
      case V3_0 -> key instanceof RSAPublicKey ? id(key, KeyIdStyle.rfc7638()) : Optional.empty();
      case V3_1 ->
          key instanceof ECPublicKey ec
              ? Optional.of(unpaddedThumbprint(ec))
              : id(key, KeyIdStyle.rfc7638());
    };
  }

  private static Optional<String> id(PublicKey key, KeyIdStyle style) {
    try {
      return Optional.of(VerificationKey.of(key, style).keyId());
    } catch (IllegalArgumentException ofAKindThatWeDoNotSignWith) {
      return Optional.empty();
    }
  }

  /** Without the zero bytes that RFC 7638 wants before a short coordinate. */
  private static String unpaddedThumbprint(ECPublicKey key) {
    String json =
        "{\"crv\":\"P-%d\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}"
            .formatted(
                key.getParams().getCurve().getField().getFieldSize(),
                unpadded(key.getW().getAffineX()),
                unpadded(key.getW().getAffineY()));
    return base64Url(Hashing.sha256().hashString(json, UTF_8).asBytes());
  }

  private static String unpadded(BigInteger coordinate) {
    byte[] bytes = coordinate.toByteArray();
    int sign = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
    return base64Url(Arrays.copyOfRange(bytes, sign, bytes.length));
  }

  private static String base64Url(byte[] bytes) {
    return BaseEncoding.base64Url().omitPadding().encode(bytes);
  }
}
