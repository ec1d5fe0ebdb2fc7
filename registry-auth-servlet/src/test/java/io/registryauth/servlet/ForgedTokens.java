// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.Key;
import java.security.KeyPair;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.keys.HmacKey;
import org.jose4j.lang.JoseException;

/**
 * What an attacker makes of a good refresh token. Some are signed with the server's own key, as no
 * attacker can: they differ from a good one in a claim or header alone, which must be enough.
 */
final class ForgedTokens {
  private final String good;
  private final KeyPair ours;
  private final KeyPair foreign;
  private final Map<String, Object> claims;

  ForgedTokens(String good, KeyPair ours, KeyPair foreign) throws JoseException {
    this.good = good;
    this.ours = ours;
    this.foreign = foreign;
    claims = JsonUtil.parseJson(text(part(1)));
  }

  /** A token that is made as the forged ones are, and has no fault. */
  String signedAgain() throws JoseException {
    return signed("RS256", ours.getPrivate(), claims, Map.of());
  }

  /** The forged tokens, by what is wrong with them. */
  Map<String, String> all() throws JoseException {
    Map<String, String> all = new LinkedHashMap<>();
    algorithms(all);
    keys(all);
    headers(all);
    claims(all);
    shapes(all);
    return all;
  }

  private void algorithms(Map<String, String> all) throws JoseException {
    for (String none : List.of("none", "None", "NONE", "")) {
      String header = "{\"alg\":\"" + none + "\",\"typ\":\"refresh+jwt\"}";
      all.put("alg \"" + none + "\", no signature", encode(header) + "." + part(1) + ".");
      all.put("alg \"" + none + "\", our signature", withHeader(header));
    }
    String pem =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(ours.getPublic().getEncoded())
            + "\n-----END PUBLIC KEY-----\n";
    for (String algorithm : List.of("HS256", "HS384", "HS512")) {
      all.put(
          algorithm + " with our public key, DER",
          signed(algorithm, new HmacKey(ours.getPublic().getEncoded()), claims, Map.of()));
      all.put(
          algorithm + " with our public key, PEM",
          signed(algorithm, new HmacKey(pem.getBytes(UTF_8)), claims, Map.of()));
    }
    all.put("RS512 with our key", signed("RS512", ours.getPrivate(), claims, Map.of()));
    all.put("PS256 with our key", signed("PS256", ours.getPrivate(), claims, Map.of()));
    String es = encode("{\"alg\":\"ES256\",\"typ\":\"refresh+jwt\"}");
    String zeros = Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[64]);
    all.put("ES256 with a signature of zeros", es + "." + part(1) + "." + zeros);
  }

  private void keys(Map<String, String> all) throws JoseException {
    Map<String, Object> jwk =
        PublicJsonWebKey.Factory.newPublicJwk(foreign.getPublic())
            .toParams(JsonWebKey.OutputControlLevel.PUBLIC_ONLY);
    Map<String, Map<String, Object>> headers = new LinkedHashMap<>();
    headers.put("", Map.of());
    headers.put(" under our kid", Map.of("kid", "test-key"));
    headers.put(" with its jwk", Map.of("jwk", jwk));
    headers.put(" with its jku", Map.of("jku", "http://127.0.0.1:1/jwks.json"));
    headers.put(" with its x5u", Map.of("x5u", "http://127.0.0.1:1/chain.pem"));
    headers.put(
        " with its x5c",
        Map.of(
            "x5c", List.of(Base64.getEncoder().encodeToString(foreign.getPublic().getEncoded()))));
    headers.put(" with a kid that is a path", Map.of("kid", "../../../dev/null"));
    for (Map.Entry<String, Map<String, Object>> entry : headers.entrySet()) {
      all.put(
          "a foreign key" + entry.getKey(),
          signed("RS256", foreign.getPrivate(), claims, entry.getValue()));
    }
  }

  private void headers(Map<String, String> all) throws JoseException {
    Key key = ours.getPrivate();
    all.put(
        "crit of what nobody knows", signed("RS256", key, claims, Map.of("crit", List.of("x"))));
    for (String crit : List.of("5", "[5]", "[null]", "{}", "\"exp\"", "[[]]")) {
      all.put("crit " + crit, withHeader(header("\"crit\":" + crit)));
    }
    all.put("b64 false", withHeader(header("\"crit\":[\"b64\"],\"b64\":false")));
    all.put("zip", withHeader(header("\"zip\":\"DEF\"")));
    all.put("a nested token by cty", withHeader(header("\"cty\":\"JWT\"")));
    all.put("alg twice", withHeader(header("\"alg\":\"none\"")));
    for (String type : List.of("JWT", "refresh+jwt2", "jwt", "")) {
      all.put(
          "typ \"" + type + "\", signed again", signed("RS256", key, claims, Map.of("typ", type)));
    }
    all.put("no typ", withHeader("{\"alg\":\"RS256\"}"));
    for (String value : List.of("5", "null", "[]", "{}", "1e400", "99999999999999999999", "true")) {
      all.put("alg " + value, withHeader("{\"alg\":" + value + ",\"typ\":\"refresh+jwt\"}"));
      all.put("typ " + value, withHeader("{\"alg\":\"RS256\",\"typ\":" + value + "}"));
      all.put("kid " + value, withHeader(header("\"kid\":" + value)));
    }
    String deep = "[".repeat(1000) + "]".repeat(1000);
    all.put("a deep header", withHeader(header("\"x\":" + deep)));
  }

  private static String header(String more) {
    return "{\"alg\":\"RS256\",\"typ\":\"refresh+jwt\"," + more + "}";
  }

  private void claims(Map<String, String> all) throws JoseException {
    for (String sub : List.of("..", "../team", "root/../team", "TEAM", "", "team\0", "*")) {
      all.put("sub \"" + printable(sub) + "\"", changed("sub", sub));
    }
    all.put("sub a list", changed("sub", List.of("team")));
    all.put("sub of another", changed("sub", "root"));
    all.put("sub of another, not signed again", tampered("\"team\"", "\"root\""));
    all.put("another service", changed("service", "other"));
    all.put("a list of services", changed("service", List.of("reg")));
    all.put("another issuer", changed("iss", "other"));
    all.put("the audience of access tokens", changed("aud", List.of("reg")));
    all.put("another fingerprint", changed("credential", "0".repeat(64)));
    all.put("a list of fingerprints", changed("credential", List.of(claims.get("credential"))));
    for (String exp :
        List.of(
            "0",
            "-1",
            "\"9999999999\"",
            "[9999999999]",
            "[[[9999999999]]]",
            "{}",
            "null",
            "true",
            "-9223372036854775808",
            "99999999999999999999999999999999")) {
      all.put("exp " + exp, signedText(withExp(exp)));
    }
    all.put("nbf to come", changed("nbf", 99_999_999_999L));
    for (String name : List.of("sub", "iss", "aud", "exp", "jti", "service", "credential")) {
      all.put("no " + name, changed(name, null));
    }
    for (String payload : List.of("", "[]", "null", "5", "{", "{}{}", "\"x\"")) {
      all.put("claims " + payload, signedText(payload));
    }
  }

  private void shapes(Map<String, String> all) throws JoseException {
    all.put("cut", good.substring(0, good.length() - 4));
    all.put("no signature", part(0) + "." + part(1) + ".");
    all.put("two parts", part(0) + "." + part(1));
    all.put("four parts", good + ".");
    all.put("five parts, as if encrypted", good + "..");
    all.put(
        "encrypted with a password of ours to guess",
        encode(
                "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2c\":2000000000,\"p2s\":\"eA\"}")
            + ".eA.eA.eA.eA");
    String nested = encode("{\"alg\":\"none\",\"cty\":\"JWT\",\"typ\":\"refresh+jwt\"}");
    all.put("in a token of alg none", nested + "." + encode(good) + ".");
    all.put("space around it", " " + good + " ");
    all.put("a line end behind it", good + "\n");
    all.put("other characters between", good.substring(0, good.length() - 2) + "!!" + last(2));
    all.put("padding", good + "==");
    all.put(
        "the signature in another alphabet", part(0) + "." + part(1) + "." + standardAlphabet());
    all.put("a JSON serialization", "{\"payload\":\"" + part(1) + "\"}");
    all.put("NUL", "\0.\0.\0");
    all.put("dots", ".".repeat(4000));
    all.put("a list too deep", encode("[".repeat(4000)) + ".e30.e30");
  }

  private String last(int count) {
    return good.substring(good.length() - count);
  }

  private String standardAlphabet() {
    return Base64.getMimeEncoder().encodeToString(Base64.getUrlDecoder().decode(part(2)));
  }

  private static String printable(String text) {
    return text.replace("\0", "\\0");
  }

  private String withExp(String value) {
    return text(part(1)).replaceFirst("\"exp\":\\d+", "\"exp\":" + value);
  }

  private String tampered(String from, String to) {
    return part(0) + "." + encode(text(part(1)).replace(from, to)) + "." + part(2);
  }

  private String withHeader(String header) {
    return encode(header) + "." + part(1) + "." + part(2);
  }

  private String changed(String name, Object value) throws JoseException {
    Map<String, Object> changed = new LinkedHashMap<>(claims);
    if (value == null) {
      changed.remove(name);
    } else {
      changed.put(name, value);
    }
    return signed("RS256", ours.getPrivate(), changed, Map.of());
  }

  private String signedText(String payload) throws JoseException {
    return signed("RS256", ours.getPrivate(), payload, Map.of());
  }

  private static String signed(
      String algorithm, Key key, Map<String, Object> claims, Map<String, Object> header)
      throws JoseException {
    return signed(algorithm, key, JsonUtil.toJson(claims), header);
  }

  private static String signed(
      String algorithm, Key key, String payload, Map<String, Object> header) throws JoseException {
    JsonWebSignature jws = new JsonWebSignature();
    jws.setAlgorithmConstraints(AlgorithmConstraints.NO_CONSTRAINTS);
    jws.setAlgorithmHeaderValue(algorithm);
    jws.setHeader("typ", "refresh+jwt");
    header.forEach((name, value) -> jws.getHeaders().setObjectHeaderValue(name, value));
    jws.setDoKeyValidation(false);
    jws.setKey(key);
    jws.setPayload(payload);
    return jws.getCompactSerialization();
  }

  private String part(int index) {
    return List.of(good.split("\\.", -1)).get(index);
  }

  private static String text(String part) {
    return new String(Base64.getUrlDecoder().decode(part), UTF_8);
  }

  private static String encode(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }
}
