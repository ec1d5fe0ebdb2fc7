// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;

/** Asks for a token as a container client does, and verifies it as a registry does. */
final class DemoClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** The JSON of a token that was verified. */
  record VerifiedToken(String header, String claims) {}

  private DemoClient() {}

  static VerifiedToken ask(URI server, String username, String password, String scope)
      throws IOException, InterruptedException, JoseException, InvalidJwtException {
    String basic = Base64.getEncoder().encodeToString((username + ":" + password).getBytes(UTF_8));
    String query = "service=docker-registry&scope=" + URLEncoder.encode(scope, UTF_8);
    HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    String answer = get(client, server.resolve("/auth?" + query), "Basic " + basic);
    String jwks = get(client, server.resolve("/jwks.json"), "");
    return verify(String.valueOf(JsonUtil.parseJson(answer).get("token")), jwks);
  }

  private static String get(HttpClient client, URI uri, String authorization)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(TIMEOUT);
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(uri + " answered " + response.statusCode() + " " + response.body());
    }
    return response.body();
  }

  private static VerifiedToken verify(String token, String jwks)
      throws JoseException, InvalidJwtException {
    JwtContext verified =
        new JwtConsumerBuilder()
            .setJwsAlgorithmConstraints(
                AlgorithmConstraints.ConstraintType.PERMIT, AlgorithmIdentifiers.RSA_USING_SHA256)
            .setVerificationKeyResolver(
                new JwksVerificationKeyResolver(new JsonWebKeySet(jwks).getJsonWebKeys()))
            .setExpectedIssuer("registry-token-issuer")
            .setExpectedAudience("docker-registry")
            .setRequireExpirationTime()
            .build()
            .process(token);
    return new VerifiedToken(
        verified.getJoseObjects().get(0).getHeaders().getFullHeaderAsJsonString(),
        verified.getJwtClaims().getRawJson());
  }
}
