// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.util.concurrent.RateLimiter;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.NamespaceName;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A namespace's credentials in its own Secret:
 *
 * <pre>
 * apiVersion: v1
 * kind: Secret
 * metadata:
 *   name: test-build-registry-credentials
 *   namespace: test-build
 * type: Opaque
 * stringData:
 *   username: test-build
 *   password: test-password-123
 * </pre>
 *
 * <p>{@link CredentialEntries} says which other keys there may be. Each lookup is one {@code get}
 * of the one Secret, so put a {@link io.registryauth.credential.CachingCredentialStore} in front.
 * That the Secret is not there, and that this program may not read it, are answers: the namespace
 * has no credentials. Whatever else goes wrong is {@link CredentialStoreException}.
 *
 * <p>Thread-safe; blocks as long as the client does, so give it one of {@link KubernetesClients}.
 */
public final class KubernetesCredentialStore implements CredentialStore {
  private static final String SUFFIX = "-registry-credentials";
  private static final Logger log = LoggerFactory.getLogger(KubernetesCredentialStore.class);

  private final CoreV1Api api;
  private final ApiServer server;
  private final RateLimiter warnings = RateLimiter.create(1);

  /** Makes a store that reads with a client, which stays the caller's. */
  public KubernetesCredentialStore(ApiClient client) {
    this.api = new CoreV1Api(client);
    this.server = new ApiServer(client);
  }

  /** Returns the name of the Secret with a namespace's credentials. */
  public static String secretName(NamespaceName namespace) {
    return namespace.value() + SUFFIX;
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    NamespaceName namespace = lookup.namespace();
    try {
      // Two DNS labels: no path but that of this Secret can be built of them.
      V1Secret secret =
          api.readNamespacedSecret(secretName(namespace), namespace.value()).execute();
      Map<String, byte[]> data = secret.getData() == null ? Map.of() : secret.getData();
      return CredentialEntries.read(name -> Optional.ofNullable(data.get(name)));
    } catch (ApiException e) {
      return answer(namespace, e);
    } catch (RuntimeException e) {
      // Not as a cause: it may quote what it could not parse.
      throw new CredentialStoreException(
          "Reading the Secret of " + namespace + ": " + e.getClass().getSimpleName());
    }
  }

  private Optional<StoredCredentials> answer(NamespaceName namespace, ApiException e) {
    if (server.says(e, "NotFound")) {
      return Optional.empty();
    }
    if (!server.says(e, "Forbidden")) {
      throw new CredentialStoreException(
          "Reading the Secret of " + namespace + ": " + server.describe(e));
    }
    // One that has just started forbids everything until it has read its roles.
    if (!server.isReady()) {
      throw new CredentialStoreException(
          "Reading the Secret of " + namespace + ": forbidden, by an API server that is not ready");
    }
    if (warnings.tryAcquire()) {
      log.warn(
          "Kubernetes forbids reading the Secret {}/{}: the Role registry-auth-secret-reader, or its"
              + " RoleBinding to this program's service account, is missing in that namespace (or the"
              + " ClusterRole of that name)",
          namespace,
          secretName(namespace));
    }
    return Optional.empty();
  }
}
