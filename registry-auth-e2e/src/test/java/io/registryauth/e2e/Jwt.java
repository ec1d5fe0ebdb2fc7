// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jose4j.json.JsonUtil;

/**
 * A token taken apart, to be changed and signed again. Signs with the JDK alone, so that it shares
 * no code with the server.
 */
record Jwt(Map<String, Object> header, Map<String, Object> claims, String signature) {
  static Jwt parse(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      throw new AssertionError("Not a JWS in compact form: " + token);
    }
    return new Jwt(Json.object(decode(parts[0])), Json.object(decode(parts[1])), parts[2]);
  }

  private static String decode(String base64Url) {
    return new String(Base64.getUrlDecoder().decode(base64Url), UTF_8);
  }

  Jwt withHeader(String name, Object value) {
    return new Jwt(with(header, name, value), claims, signature);
  }

  Jwt withoutHeader(String name) {
    Map<String, Object> changed = new LinkedHashMap<>(header);
    changed.remove(name);
    return new Jwt(changed, claims, signature);
  }

  /** Returns the token with another claim and the signature as it was. */
  Jwt withClaim(String name, Object value) {
    return new Jwt(header, with(claims, name, value), signature);
  }

  Jwt withSignature(String text) {
    return new Jwt(header, claims, text);
  }

  private static Map<String, Object> with(Map<String, Object> map, String name, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(map);
    changed.put(name, value);
    return changed;
  }

  /** Signs with RS256 or ES256, as the key is. */
  Jwt signed(PrivateKey key) throws GeneralSecurityException {
    boolean rsa = key.getAlgorithm().equals("RSA");
    Signature signer =
        Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
    signer.initSign(key);
    signer.update(signedText().getBytes(UTF_8));
    return withSignature(encode(signer.sign()));
  }

  /** Signs with HS256. */
  Jwt signed(byte[] secret) throws GeneralSecurityException {
    Jwt hmac = withHeader("alg", "HS256");
    Mac hs256 = Mac.getInstance("HmacSHA256");
    hs256.init(new SecretKeySpec(secret, "HmacSHA256"));
    return hmac.withSignature(encode(hs256.doFinal(hmac.signedText().getBytes(UTF_8))));
  }

  private String signedText() {
    return encode(JsonUtil.toJson(header).getBytes(UTF_8))
        + "."
        + encode(JsonUtil.toJson(claims).getBytes(UTF_8));
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Returns the compact form. */
  @Override
  public String toString() {
    return signedText() + "." + signature;
  }
}
