// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import static org.assertj.core.api.Assertions.assertThat;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.TokenDecision;
import io.registryauth.TokenListener;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import io.registryauth.TokenService;
import io.registryauth.authorization.Authorizer;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.KeyEntries;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.KeySet;
import io.registryauth.key.SigningKey;
import io.registryauth.kubernetes.KubernetesCredentialStore;
import io.registryauth.kubernetes.WatchingCredentialStore;
import io.registryauth.servlet.HealthServlet;
import io.registryauth.token.RefreshTokens;
import io.registryauth.token.TokenIssuer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class RegistryAuthAutoConfigurationTest {
  private static final Path KEYS = Path.of("../registry-auth-core/src/test/resources/keys");
  private static final AutoConfigurations AUTO_CONFIGURATION =
      AutoConfigurations.of(RegistryAuthAutoConfiguration.class);
  private static final KeyIdStyle SIGNER = KeyIdStyle.fixed("registry-auth-jwt-signer");
  private static final String PULL = "&scope=repository:test-build/app:pull";

  @TempDir private Path directory;

  private final WebApplicationContextRunner withKeys =
      new WebApplicationContextRunner()
          .withConfiguration(AUTO_CONFIGURATION)
          .withPropertyValues(
              "registry-auth.signing-key=" + KEYS.resolve("rsa-2048.pkcs8.key"),
              "registry-auth.signing-cert=" + KEYS.resolve("rsa-2048.crt"));

  private WebApplicationContextRunner application;

  @BeforeEach
  void storeCredentials() throws Exception {
    Path tenant = Files.createDirectories(directory.resolve("test-build"));
    Files.writeString(tenant.resolve("username"), "test-build");
    Files.writeString(tenant.resolve("password"), "test-password-123");
    application = withKeys.withPropertyValues("registry-auth.credentials=directory:" + directory);
  }

  private static String basic(String username, String password) {
    byte[] bytes = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(bytes);
  }

  private static TokenResponse ask(ApplicationContext context, String query) {
    return context
        .getBean(TokenService.class)
        .respond(
            TokenRequest.builder()
                .query(query)
                .authorization(basic("test-build", "test-password-123"))
                .build());
  }

  private static JwtContext token(TokenResponse response) throws Exception {
    assertThat(response.status()).as(response.body()).isEqualTo(200);
    return claims((String) JsonUtil.parseJson(response.body()).get("token"));
  }

  private static JwtContext claims(String token) throws Exception {
    return new JwtConsumerBuilder()
        .setSkipSignatureVerification()
        .setSkipDefaultAudienceValidation()
        .build()
        .process(token);
  }

  private static long lifetime(JwtClaims claims) throws Exception {
    return claims.getExpirationTime().getValue() - claims.getIssuedAt().getValue();
  }

  private static Collection<String> paths(ApplicationContext context, String bean) {
    return registration(context, bean).getUrlMappings();
  }

  private static ServletRegistrationBean<?> registration(ApplicationContext context, String bean) {
    return (ServletRegistrationBean<?>) context.getBean(bean);
  }

  @Test
  void application_withFilesAlone_hasTheServersDefaults() {
    application.run(
        context -> {
          JwtContext token = token(ask(context, "service=docker-registry" + PULL));

          assertThat(token.getJwtClaims().getIssuer()).isEqualTo("registry-token-issuer");
          assertThat(lifetime(token.getJwtClaims())).isEqualTo(300);
          assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue())
              .isEqualTo("registry-auth-jwt-signer");
          assertThat(paths(context, "registryAuthTokenServlet"))
              .containsExactlyInAnyOrder("/auth", "/token");
          assertThat(paths(context, "registryAuthJwksServlet")).containsExactly("/jwks.json");
          assertThat(ask(context, "service=docker-registry&offline_token=true").body())
              .contains("refresh_token");
          String foreign = "service=docker-registry&scope=repository:other/app:pull";
          assertThat(ask(context, foreign).status()).isEqualTo(401);
        });
  }

  @Test
  void application_withAllProperties_obeysThem() {
    application
        .withPropertyValues(
            "registry-auth.service=reg",
            "registry-auth.issuer=me",
            "registry-auth.expiration=600",
            "registry-auth.push-expiration=20m",
            "registry-auth.token-reuse=30s",
            "registry-auth.refresh-expiration=0",
            "registry-auth.profile=distribution-2.8",
            "registry-auth.denied-response=empty-token",
            "registry-auth.public-namespaces=pub",
            "registry-auth.shared-namespaces=ro,rw",
            "registry-auth.admin-namespaces[0]=test-build",
            "registry-auth.cache-ttl=10s",
            "registry-auth.cache-stale=1m",
            "registry-auth.token-paths=/registry/token",
            "registry-auth.jwks-path=/registry/keys")
        .run(
            context -> {
              String everywhere = "service=reg&scope=repository:other/app:pull";
              JwtContext token = token(ask(context, everywhere));
              JwtContext again = token(ask(context, everywhere));
              JwtContext push =
                  token(ask(context, "service=reg&scope=repository:test-build/a:push"));

              assertThat(token.getJwtClaims().getIssuer()).isEqualTo("me");
              assertThat(token.getJwtClaims().getClaimValue("aud")).isEqualTo("reg");
              assertThat(lifetime(token.getJwtClaims())).isEqualTo(600);
              assertThat(again.getJwtClaims().getJwtId())
                  .isEqualTo(token.getJwtClaims().getJwtId());
              assertThat(lifetime(push.getJwtClaims())).isEqualTo(1200);
              assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue())
                  .matches("([A-Z2-7]{4}:){11}[A-Z2-7]{4}");
              assertThat(ask(context, "service=reg&offline_token=true").body())
                  .doesNotContain("refresh_token");
              assertThat(ask(context, "service=reg&scope=repository:other/app:push").status())
                  .isEqualTo(200);
              assertThat(anonymous(context, "service=reg&scope=repository:pub/app:pull").status())
                  .isEqualTo(200);
              assertThat(paths(context, "registryAuthTokenServlet"))
                  .containsExactly("/registry/token");
              assertThat(paths(context, "registryAuthJwksServlet"))
                  .containsExactly("/registry/keys");
            });
  }

  private static TokenResponse anonymous(ApplicationContext context, String query) {
    TokenRequest request = TokenRequest.builder().query(query).build();
    return context.getBean(TokenService.class).respond(request);
  }

  @Test
  void application_withTheKeyIdOfAnotherStyle_usesIt() {
    application
        .withPropertyValues("registry-auth.key-id=rfc7638")
        .run(
            context ->
                assertThat(context.getBean(KeySet.class).current().keyId())
                    .matches("[A-Za-z0-9_-]{43}"));
  }

  private static KeyEntries rsaThenEc() throws Exception {
    return new KeyEntries(
            Map.of("tls.key", pem("rsa-2048.pkcs8.key"), "tls.crt", pem("rsa-2048.crt")))
        .stage(pem("ec-256.sec1.key"), pem("ec-256.crt"), SIGNER, KeyIdStyle.fixed("second"));
  }

  private static String pem(String name) throws Exception {
    return Files.readString(KEYS.resolve(name));
  }

  /** As the commands of the server write them. */
  private WebApplicationContextRunner withKeys(KeyEntries entries) throws Exception {
    Path keys = Files.createDirectory(directory.resolve("keys"));
    for (Map.Entry<String, String> entry : entries.texts().entrySet()) {
      Files.writeString(keys.resolve(entry.getKey()), entry.getValue());
    }
    return application.withPropertyValues(
        "registry-auth.signing-key=" + keys.resolve("tls.key"),
        "registry-auth.signing-cert=" + keys.resolve("tls.crt"));
  }

  @Test
  void application_afterAChangeOfTheKey_signsUnderItsIdAndShowsTheRetiredOne() throws Exception {
    withKeys(rsaThenEc().promote(Instant.EPOCH, SIGNER))
        .run(
            context -> {
              JwtContext token = token(ask(context, "service=docker-registry" + PULL));
              assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue()).isEqualTo("second");
              assertThat(new JsonWebKeySet(context.getBean(KeySet.class).jwks()).getJsonWebKeys())
                  .extracting(JsonWebKey::getKeyId)
                  .containsExactly("second", "registry-auth-jwt-signer");
            });
  }

  @Test
  void application_withANextKeyThatTheProfileCannotUse_doesNotStart() throws Exception {
    Map<String, String> texts = new HashMap<>(rsaThenEc().texts());
    texts.putAll(Map.of("next.key", pem("ed25519.key"), "next.crt", pem("ed25519.crt")));
    texts.put("next.kid", "second");
    withKeys(new KeyEntries(texts))
        .withPropertyValues("registry-auth.profile=distribution-2.8")
        .run(
            context ->
                assertThat(messages(context.getStartupFailure()))
                    .contains("registry-auth.profile")
                    .contains("Ed25519"));
  }

  @Test
  void application_withAnEmptyJwksPath_mountsNone() {
    application
        .withPropertyValues("registry-auth.jwks-path=")
        .run(
            context ->
                assertThat(registration(context, "registryAuthJwksServlet").isEnabled()).isFalse());
  }

  @Test
  void application_thatIsNoServletApplication_getsNothing() {
    new ApplicationContextRunner()
        .withConfiguration(AUTO_CONFIGURATION)
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(TokenService.class));
  }

  @Test
  void ownCredentialStore_takesThePlaceOfTheProperties() {
    application
        .withPropertyValues("registry-auth.credentials=kubernetes")
        .withBean(CredentialStore.class, RegistryAuthAutoConfigurationTest::inMemory)
        .run(
            context -> {
              assertThat(context).hasSingleBean(CredentialStore.class);
              assertThat(ask(context, "service=docker-registry" + PULL).status()).isEqualTo(200);
              assertThat(context).hasSingleBean(RefreshTokens.class);
            });
  }

  private static CredentialStore inMemory() {
    return new InMemoryCredentialStore().put("test-build", "test-password-123");
  }

  @Test
  void ownAuthenticator_decides_andNoStoreIsOpened() {
    Authenticator nobody =
        request -> new AuthenticationResult.Refused("not-today", Optional.empty());
    application
        .withPropertyValues("registry-auth.credentials=kubernetes")
        .withBean(Authenticator.class, () -> nobody)
        .run(
            context -> {
              assertThat(context)
                  .hasSingleBean(Authenticator.class)
                  .doesNotHaveBean(CredentialStore.class)
                  .doesNotHaveBean(RefreshTokens.class);
              assertThat(ask(context, "service=docker-registry" + PULL).status()).isEqualTo(401);
            });
  }

  @Test
  void authenticatorThatIsWrapped_boundsGuesses_andRefreshTokensStay() {
    application
        .withUserConfiguration(LimitedGuessesExample.class)
        .run(
            context -> {
              TokenRequest guess =
                  TokenRequest.builder()
                      .query("service=docker-registry" + PULL)
                      .authorization(basic("test-build", "guess"))
                      .clientAddress(LimitedGuessesExample.GUESSER)
                      .build();
              assertThat(context.getBean(TokenService.class).respond(guess).status())
                  .isEqualTo(429);
              assertThat(ask(context, "service=docker-registry&offline_token=true").body())
                  .contains("refresh_token");
            });
  }

  @Test
  void environment_hasThePropertiesInCapitals_andIsNotSearchedForOthers() {
    ApplicationContextInitializer<ConfigurableApplicationContext> variables =
        context ->
            context
                .getEnvironment()
                .getPropertySources()
                .replace(
                    "systemEnvironment",
                    new SystemEnvironmentPropertySource(
                        "systemEnvironment",
                        Map.of("REGISTRYAUTH_KEYID", "of-it", "REGISTRYAUTH_REALM", "x")));
    application
        .withInitializer(variables)
        .withSystemProperties("registry-auth.realm=x")
        .run(
            context ->
                assertThat(context.getBean(KeySet.class).current().keyId()).isEqualTo("of-it"));
  }

  @Test
  void ownAuthorizer_decides() {
    application
        .withBean(Authorizer.class, () -> request -> Set.of())
        .run(
            context -> {
              assertThat(context).hasSingleBean(Authorizer.class);
              assertThat(ask(context, "service=docker-registry" + PULL).body()).contains("DENIED");
            });
  }

  @Test
  void ownRefreshTokens_areGiven() throws Exception {
    RefreshTokens own =
        RefreshTokens.builder(key("own"), inMemory()).lifetime(Duration.ofMinutes(7)).build();
    application
        .withBean(RefreshTokens.class, () -> own)
        .run(
            context -> {
              assertThat(context).hasSingleBean(RefreshTokens.class);
              TokenResponse response = ask(context, "service=docker-registry&offline_token=true");
              String token = (String) JsonUtil.parseJson(response.body()).get("refresh_token");
              assertThat(lifetime(claims(token).getJwtClaims())).isEqualTo(420);
            });
  }

  @Test
  void ownKeySet_signsInsteadOfTheFiles() throws Exception {
    SigningKey key = key("own");
    application
        .withPropertyValues("registry-auth.signing-key=/nowhere/tls.key")
        .withBean(KeySet.class, () -> KeySet.of(key))
        .run(
            context -> {
              JwtContext token = token(ask(context, "service=docker-registry" + PULL));
              assertThat(token.getJoseObjects().get(0).getKeyIdHeaderValue()).isEqualTo("own");
              assertThat(context).hasSingleBean(KeySet.class).hasBean("registryAuthJwksServlet");
            });
  }

  private static SigningKey key(String id) throws Exception {
    return SigningKey.fromPem(
        Files.readString(KEYS.resolve("rsa-2048.pkcs8.key")),
        Files.readString(KEYS.resolve("rsa-2048.crt")),
        KeyIdStyle.fixed(id));
  }

  @Test
  void ownTokenIssuer_signs_andNoKeyIsRead() throws Exception {
    TokenIssuer issuer = TokenIssuer.builder(key("own")).issuer("mine").build();
    application
        .withPropertyValues("registry-auth.signing-key=/nowhere/tls.key")
        .withBean(TokenIssuer.class, () -> issuer)
        .run(
            context -> {
              JwtContext token = token(ask(context, "service=docker-registry" + PULL));
              assertThat(token.getJwtClaims().getIssuer()).isEqualTo("mine");
              assertThat(context)
                  .hasSingleBean(TokenIssuer.class)
                  .doesNotHaveBean(KeySet.class)
                  .doesNotHaveBean(RefreshTokens.class)
                  .doesNotHaveBean("registryAuthJwksServlet");
            });
  }

  @Test
  void ownTokenService_isAllThatIsNeeded() throws Exception {
    TokenService service =
        TokenService.builder(
                TokenIssuer.builder(key("own")).build(),
                new CredentialStoreAuthenticator(inMemory()))
            .service("mine")
            .build();
    new WebApplicationContextRunner()
        .withConfiguration(AUTO_CONFIGURATION)
        .withBean(TokenService.class, () -> service)
        .run(
            context -> {
              assertThat(ask(context, "service=mine" + PULL).status()).isEqualTo(200);
              assertThat(context)
                  .hasBean("registryAuthTokenServlet")
                  .doesNotHaveBean(CredentialStore.class)
                  .doesNotHaveBean(KeySet.class);
            });
  }

  @Test
  void tokenListeners_severalBeans_allHear() {
    List<TokenDecision> first = new ArrayList<>();
    List<TokenDecision> second = new ArrayList<>();
    application
        .withBean("first", TokenListener.class, () -> first::add)
        .withBean("second", TokenListener.class, () -> second::add)
        .run(
            context -> {
              assertThat(ask(context, "service=docker-registry" + PULL).status()).isEqualTo(200);
              assertThat(first).hasSize(1).isEqualTo(second);
            });
  }

  @Test
  void ownRegistration_byName_takesThePlaceOfOurs() {
    application
        .withBean(
            "registryAuthTokenServlet",
            ServletRegistrationBean.class,
            () -> new ServletRegistrationBean<>(new HealthServlet(), "/x"))
        .run(
            context ->
                assertThat(paths(context, "registryAuthTokenServlet")).containsExactly("/x"));
  }

  @Test
  void kubernetes_isTheDefault_withTheApplicationsClient() {
    withKeys
        .withBean(ApiClient.class, () -> new ApiClient().setBasePath("http://127.0.0.1:1"))
        .run(
            context -> {
              assertThat(context).hasBean("registryAuthKubernetesCredentialStore");
              TokenResponse response = ask(context, "service=docker-registry" + PULL);
              assertThat(response.status()).as("cannot tell: nobody listens").isEqualTo(503);
            });
  }

  @Test
  void kubernetes_withAKubeconfigAndAWatch_watchesUntilTheApplicationEnds() throws Exception {
    Path kubeconfig = kubeconfig(1);
    application
        .withPropertyValues(
            "registry-auth.credentials=kubernetes",
            "registry-auth.watch=true",
            "registry-auth.kubeconfig=" + kubeconfig)
        .run(
            context -> {
              assertThat(context.getBean(CredentialStore.class))
                  .isInstanceOf(WatchingCredentialStore.class);
              assertThat(watchThreads()).isNotEmpty();
              context.close();
              for (Thread thread : watchThreads()) {
                thread.join(10_000);
              }
              assertThat(watchThreads()).isEmpty();
            });
  }

  private Path kubeconfig(int port) throws Exception {
    return Files.writeString(
        directory.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: c
        clusters: [{name: k, cluster: {server: "http://127.0.0.1:%d"}}]
        contexts: [{name: c, context: {cluster: k, user: u}}]
        users: [{name: u, user: {}}]
        """
            .formatted(port));
  }

  @Test
  void kubernetes_withAKubeconfig_asksThat_andEndsItsConnectionsWithTheApplication()
      throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> knowsNothing(server));
      withKeys
          .withBean(ApiClient.class, () -> new ApiClient().setBasePath("http://127.0.0.1:1"))
          .withPropertyValues("registry-auth.kubeconfig=" + kubeconfig(server.getLocalPort()))
          .run(
              context -> {
                TokenResponse response = ask(context, "service=docker-registry" + PULL);
                assertThat(response.status()).as("there is no Secret").isEqualTo(401);
                assertThat(ended).isNotDone();
              });
      assertThat(ended).succeedsWithin(Duration.ofSeconds(15)).isEqualTo(true);
    }
  }

  /** Answers the requests of one connection until it ends. */
  private static boolean knowsNothing(ServerSocket server) {
    try (Socket socket = server.accept()) {
      socket.setSoTimeout(10_000);
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.isEmpty()) {
          String body =
              """
              {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
               "reason": "NotFound", "details": {"name": "test-build-registry-credentials"}}
              """;
          String head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n";
          String length = "Content-Length: " + body.length() + "\r\n\r\n";
          byte[] answer = (head + length + body).getBytes(StandardCharsets.US_ASCII);
          socket.getOutputStream().write(answer);
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void kubernetes_withSeveralClientsOfTheApplications_namesThem() {
    withKeys
        .withBean("here", ApiClient.class, ApiClient::new)
        .withBean("there", ApiClient.class, ApiClient::new)
        .run(
            context ->
                assertThat(messages(context.getStartupFailure()))
                    .contains("registry-auth.kubeconfig")
                    .contains("[here, there]")
                    .contains("one that is primary"));
  }

  private static List<Thread> watchThreads() {
    return Stream.of(Thread.getAllStackTraces().keySet())
        .flatMap(Set::stream)
        .filter(thread -> thread.getName().contains("watch"))
        .toList();
  }

  @Test
  void kubernetes_withoutItsModule_saysWhatIsMissing() {
    application
        .withPropertyValues("registry-auth.credentials=kubernetes")
        .withClassLoader(new FilteredClassLoader(KubernetesCredentialStore.class))
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("registry-auth.credentials")
                    .hasMessageContaining("registry-auth-kubernetes"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "credentials | ldap:x | valid are kubernetes, directory:PATH and htpasswd:FILE",
        "credentials | htpasswd:/nowhere/at/all | cannot be read",
        "credentials | directory:/nowhere/at/all | is not a directory",
        "watch | true | it needs registry-auth.credentials=kubernetes",
        "signing-key | /nowhere/tls.key | the file cannot be read",
        "signing-cert | /nowhere/tls.crt | the file cannot be read",
        "key-id | a b | printable ASCII",
        "profile | distribution-1 | valid are distribution-3, distribution-2.8",
        "issuer | ' ' | must be the registry's issuer",
        "service | a\"b | printable ASCII",
        "service | registry-token-issuer/refresh | the audience of refresh tokens",
        "denied-response | maybe | valid are unauthorized, empty-token",
        "expiration | soon | is not a valid duration",
        "expiration | 59 | valid are whole seconds from 60 s to 86400 s",
        "push-expiration | 1s | valid are whole seconds from 60 s to 86400 s",
        "token-reuse | 61s | 60",
        "refresh-expiration | 59 | 60 s to 31622400 s, and 0 for none",
        "cache-ttl | -1s | must not be negative",
        "cache-stale | never | is not a valid duration",
        "public-namespaces | Team | is not a namespace",
        "shared-namespaces | a/b | is not a namespace",
        "admin-namespaces | -a | is not a namespace",
        "token-paths | auth | begins with /",
        "token-paths | '' | valid is a path",
        "jwks-path | jwks.json | begins with /",
        "realm | x | The elements [registry-auth.realm] were left unbound",
      })
  void wrongValue_stopsTheApplication_withAMessageThatNamesTheProperty(
      String name, String value, String expected) {
    application
        .withPropertyValues("registry-auth." + name + "=" + value)
        .run(
            context ->
                assertThat(messages(context.getStartupFailure()))
                    .contains("registry-auth." + name)
                    .contains(expected));
  }

  @ParameterizedTest
  @CsvSource({"/nowhere/at/all", "no kubeconfig"})
  void kubeconfig_thatIsWrong_isNamed(String content) throws Exception {
    Path file = directory.resolve("kubeconfig");
    String path = content.startsWith("/") ? content : Files.writeString(file, content).toString();
    application
        .withPropertyValues(
            "registry-auth.credentials=kubernetes", "registry-auth.kubeconfig=" + path)
        .run(
            context ->
                assertThat(messages(context.getStartupFailure()))
                    .contains("registry-auth.kubeconfig")
                    .contains(path));
  }

  private static String messages(Throwable failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      text.append(cause).append('\n');
    }
    return text.toString();
  }
}
