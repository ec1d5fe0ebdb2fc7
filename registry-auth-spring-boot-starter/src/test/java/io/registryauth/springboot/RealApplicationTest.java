// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.InMemoryCredentialStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application with Spring MVC and the Tomcat of its Spring Boot. */
@ExtendWith(OutputCaptureExtension.class)
class RealApplicationTest {
  private static final Path KEYS = Path.of("../registry-auth-core/src/test/resources/keys");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("team:team-password".getBytes(UTF_8));

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {
    @Bean
    CredentialStore credentials() {
      return new InMemoryCredentialStore().put("team", "team-password");
    }
  }

  /** One that has nothing but the properties. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Bare {}

  private static ConfigurableApplicationContext start(Class<?> application, String... properties) {
    return new SpringApplicationBuilder(application)
        .properties("server.port=0", "server.address=127.0.0.1")
        .run(Stream.of(properties).map(property -> "--" + property).toArray(String[]::new));
  }

  private static HttpResponse<String> send(
      ConfigurableApplicationContext context, String path, HttpRequest.Builder request)
      throws Exception {
    String port = context.getEnvironment().getProperty("local.server.port");
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    return CLIENT.send(request.uri(uri).build(), BodyHandlers.ofString());
  }

  private static HttpRequest.Builder get() {
    return HttpRequest.newBuilder().header("Authorization", BASIC);
  }

  @Test
  void application_servesTokensThatItsJwkSetVerifies() throws Exception {
    try (var context =
        start(
            Application.class,
            "registry-auth.signing-key=" + KEYS.resolve("rsa-2048.pkcs8.key"),
            "registry-auth.signing-cert=" + KEYS.resolve("rsa-2048.crt"))) {
      String query = "?service=docker-registry&scope=repository:team/app:pull";
      HttpResponse<String> token = send(context, "/auth" + query, get());
      HttpResponse<String> jwks = send(context, "/jwks.json", HttpRequest.newBuilder());
      // A filter that reads forms would leave nothing of it.
      HttpResponse<String> form =
          send(
              context,
              "/token",
              HttpRequest.newBuilder()
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .POST(
                      BodyPublishers.ofString(
                          "grant_type=password&service=docker-registry&client_id=x&username=team"
                              + "&password=team-password&access_type=offline")));
      HttpResponse<String> put =
          send(context, "/auth", HttpRequest.newBuilder().PUT(BodyPublishers.noBody()));
      HttpResponse<String> unknown =
          send(context, "/auth" + query, get().setHeader("Authorization", "Basic eDp5"));

      assertThat(token.statusCode()).as(token.body()).isEqualTo(200);
      assertThat(
              new JwtConsumerBuilder()
                  .setVerificationKeyResolver(
                      new JwksVerificationKeyResolver(
                          new JsonWebKeySet(jwks.body()).getJsonWebKeys()))
                  .setExpectedAudience("docker-registry")
                  .build()
                  .processToClaims((String) JsonUtil.parseJson(token.body()).get("token"))
                  .getSubject())
          .isEqualTo("team");
      assertThat(form.statusCode()).as(form.body()).isEqualTo(200);
      assertThat(form.body()).contains("refresh_token");
      assertThat(put.statusCode()).isEqualTo(405);
      assertThat(put.headers().firstValue("Allow")).hasValue("GET, POST");
      assertThat(unknown.statusCode()).isEqualTo(401);
      assertThat(unknown.headers().allValues("WWW-Authenticate"))
          .isEqualTo(List.of("Basic realm=\"docker-registry\", charset=\"UTF-8\""));
    }
  }

  @Test
  void wrongValue_isToldWithWhereItIsSet(CapturedOutput output) {
    assertThatThrownBy(() -> start(Application.class, "registry-auth.profile=distribution-1"))
        .isInstanceOf(Exception.class);

    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains("Invalid value 'distribution-1' for configuration property")
        .contains("registry-auth.profile")
        .contains("valid are distribution-3, distribution-2.8");
  }

  @Test
  void defaultThatDoesNotDo_isToldWithItsName(CapturedOutput output) {
    assertThatThrownBy(() -> start(Application.class)).isInstanceOf(Exception.class);

    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .contains("The default of the property registry-auth.signing-cert,")
        .contains("\"/etc/registry-auth-keys/tls.crt\"")
        .contains("the file cannot be read")
        .contains("Set registry-auth.signing-cert");
  }

  @Test
  void nothingThatIsSet_isToldWithWhatIsMissingFirst(CapturedOutput output) {
    assertThatThrownBy(() -> start(Bare.class)).isInstanceOf(Exception.class);

    assertThat(output)
        .contains("APPLICATION FAILED TO START")
        .containsPattern("The default of the property registry-auth\\.[a-z-]+,");
  }
}
