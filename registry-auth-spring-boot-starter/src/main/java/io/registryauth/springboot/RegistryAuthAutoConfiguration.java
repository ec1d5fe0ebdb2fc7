// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import io.registryauth.TokenService;
import io.registryauth.key.KeySet;
import io.registryauth.servlet.JwksServlet;
import io.registryauth.servlet.TokenServlet;
import jakarta.servlet.Servlet;
import java.util.List;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * Mounts the token service in a servlet application: {@link TokenServlet} at {@code /auth} and
 * {@code /token}, {@link JwksServlet} at {@code /jwks.json}, or at the paths of {@code
 * registry-auth.token-paths} and {@code registry-auth.jwks-path}.
 *
 * <p>What the application has as a bean counts in the place of what the properties {@code
 * registry-auth.*} say: a {@link TokenService}, or of its parts a {@code CredentialStore}, {@code
 * Authenticator}, {@code Authorizer}, {@code KeySet}, {@code TokenIssuer} or {@code RefreshTokens}.
 * Each bean that is a {@code TokenListener} hears of every decision, but of none that a {@code
 * TokenService} of the application's own makes.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@EnableConfigurationProperties(RegistryAuthProperties.class)
@Import({KubernetesConfiguration.class, TokenServiceConfiguration.class})
public final class RegistryAuthAutoConfiguration {
  RegistryAuthAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "registryAuthTokenServlet")
  ServletRegistrationBean<TokenServlet> registryAuthTokenServlet(
      RegistryAuthProperties properties, TokenService tokens) {
    List<String> paths = properties.tokenPaths();
    if (paths.isEmpty()) { // which Spring Boot takes for all
      throw Settings.invalid("token-paths", "", "valid is a path, such as /auth, or several");
    }
    return mounted(
        new TokenServlet(tokens),
        "registryAuthTokens",
        "token-paths",
        paths.toArray(String[]::new));
  }

  /** None for an application that signs by keys of which only its issuer knows. */
  @Bean
  @ConditionalOnBean(KeySet.class)
  @ConditionalOnMissingBean(name = "registryAuthJwksServlet")
  ServletRegistrationBean<JwksServlet> registryAuthJwksServlet(
      RegistryAuthProperties properties, KeySet keys) {
    String jwks = keys.jwks();
    JwksServlet servlet = new JwksServlet(() -> jwks);
    if (properties.jwksPath().isEmpty()) {
      ServletRegistrationBean<JwksServlet> none = new ServletRegistrationBean<>(servlet);
      none.setEnabled(false);
      return none;
    }
    return mounted(servlet, "registryAuthJwks", "jwks-path", properties.jwksPath());
  }

  private static <T extends Servlet> ServletRegistrationBean<T> mounted(
      T servlet, String name, String property, String... paths) {
    for (String path : paths) {
      if (!path.startsWith("/")) {
        throw Settings.invalid(property, path, "valid is a path that begins with /, such as /auth");
      }
    }
    ServletRegistrationBean<T> registration = new ServletRegistrationBean<>(servlet, paths);
    registration.setName(name);
    return registration;
  }
}
