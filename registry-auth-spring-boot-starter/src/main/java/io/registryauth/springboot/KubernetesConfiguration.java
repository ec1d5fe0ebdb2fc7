// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.TokenService;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.kubernetes.KubernetesClients;
import io.registryauth.kubernetes.KubernetesCredentialStore;
import io.registryauth.kubernetes.WatchingCredentialStore;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Credentials in Secrets, if registry-auth-kubernetes is on the class path and nothing else is set.
 * Without a kubeconfig file an {@link ApiClient} of the application's is taken for it; its
 * time-outs are then what it has.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(KubernetesCredentialStore.class)
@ConditionalOnProperty(
    prefix = RegistryAuthProperties.PREFIX,
    name = "credentials",
    havingValue = KubernetesConfiguration.CREDENTIALS,
    matchIfMissing = true)
@ConditionalOnMissingBean({CredentialStore.class, Authenticator.class, TokenService.class})
final class KubernetesConfiguration {
  static final String CREDENTIALS = "kubernetes";

  private static final Duration FRESH = Duration.ofSeconds(30);

  /**
   * The client of the store.
   *
   * @param own whether it was made here, and is closed here
   */
  record Client(ApiClient api, boolean own) implements AutoCloseable {
    @Override
    public void close() {
      if (own) {
        KubernetesClients.close(api);
      }
    }
  }

  /** Spring closes it after the store. */
  @Bean
  Client registryAuthKubernetesClient(
      RegistryAuthProperties properties, ObjectProvider<ApiClient> clients) {
    if (!Objects.requireNonNullElse(properties.kubeconfig(), "").isEmpty()) {
      return new Client(client(properties), true);
    }
    try {
      ApiClient ofTheApplication = clients.getIfAvailable();
      return ofTheApplication == null
          ? new Client(client(properties), true)
          : new Client(ofTheApplication, false);
    } catch (NoUniqueBeanDefinitionException e) {
      throw Settings.invalid(
          "kubeconfig",
          "",
          "there are several beans that are an ApiClient, "
              + e.getBeanNamesFound()
              + "; valid is one, one that is primary, or a kubeconfig file");
    }
  }

  /** Spring closes it, which ends the watch. */
  @Bean
  CredentialStore registryAuthKubernetesCredentialStore(
      RegistryAuthProperties properties, Client client) {
    CachingCredentialStore lookups =
        TokenServiceConfiguration.cached(
            CachingCredentialStore.builder(new KubernetesCredentialStore(client.api())),
            properties,
            FRESH,
            properties.cacheStale());
    return properties.watch() ? WatchingCredentialStore.start(client.api(), lookups) : lookups;
  }

  private static ApiClient client(RegistryAuthProperties properties) {
    String file = Objects.requireNonNullElse(properties.kubeconfig(), "");
    Path ofTheUser = Path.of(System.getProperty("user.home"), ".kube", "config");
    boolean isPod = System.getenv("KUBERNETES_SERVICE_HOST") != null;
    try {
      if (!file.isEmpty()) {
        return KubernetesClients.fromKubeconfig(Path.of(file));
      }
      return isPod || !Files.exists(ofTheUser)
          ? KubernetesClients.inCluster()
          : KubernetesClients.fromKubeconfig(ofTheUser);
    } catch (IOException e) {
      // A file exception's own message is the path alone.
      String reason = e instanceof FileSystemException ? e.toString() : e.getMessage();
      throw Settings.invalid("kubeconfig", file, String.valueOf(reason));
    }
  }
}
