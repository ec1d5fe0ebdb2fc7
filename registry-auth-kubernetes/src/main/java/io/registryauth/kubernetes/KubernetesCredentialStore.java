// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.RateLimiter;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.CredentialEntries;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import okhttp3.Response;
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
  private static final NamespaceName NOBODY = new NamespaceName("registry-auth");
  private static final String SUFFIX = "-registry-credentials";
  private static final Logger log = LoggerFactory.getLogger(KubernetesCredentialStore.class);

  private final ApiServer server;
  private final RateLimiter warnings = RateLimiter.create(1);

  /** Makes a store that reads with a client, which stays the caller's. */
  public KubernetesCredentialStore(ApiClient client) {
    this.server = new ApiServer(client);
  }

  /** Returns the name of the Secret with a namespace's credentials. */
  public static String secretName(NamespaceName namespace) {
    return namespace.value() + SUFFIX;
  }

  /** That the API server forbids to read a Secret. */
  private static final class ForbiddenException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    return find(lookup.namespace(), this::warnOfForbidden);
  }

  /**
   * Asks for a Secret that nobody needs, to learn whether the API server answers; that there is
   * none, or that it may not be read, is an answer too.
   *
   * @throws CredentialStoreException if it does not answer, or cannot tell
   */
  public void check() {
    Optional<StoredCredentials> unused = find(NOBODY, namespace -> {});
  }

  private Optional<StoredCredentials> find(
      NamespaceName namespace, Consumer<NamespaceName> whenForbidden) {
    try {
      long began = System.nanoTime();
      try {
        return read(namespace);
      } catch (ForbiddenException e) {
        if (server.wasReadyBefore(began)) {
          whenForbidden.accept(namespace);
          return Optional.empty();
        }
      }
      if (!server.isReady()) {
        throw cannotTell(namespace, "forbidden, by an API server that is not ready");
      }
      return read(namespace);
    } catch (ForbiddenException e) {
      whenForbidden.accept(namespace);
      return Optional.empty();
    } catch (IOException e) {
      throw new CredentialStoreException("Reading the Secret of " + namespace + ": " + e, e);
    } catch (CredentialStoreException e) {
      throw e;
    } catch (RuntimeException e) {
      // Not as a cause: it may quote what it could not parse.
      Throwable root = Throwables.getRootCause(e);
      throw cannotTell(
          namespace,
          root instanceof KubernetesClients.NoCredentialsException
              ? String.valueOf(root.getMessage())
              : e.getClass().getSimpleName());
    }
  }

  private Optional<StoredCredentials> read(NamespaceName namespace)
      throws IOException, ForbiddenException {
    // Two DNS labels: no path but that of this Secret can be built of them.
    String path = "/api/v1/namespaces/" + namespace + "/secrets/" + secretName(namespace);
    try (Response response = server.call(path, List.of()).execute()) {
      if (response.isSuccessful()) {
        SecretReader.Item item = new SecretReader(response.body().charStream()).secret();
        if (item.tenant().filter(namespace::equals).isEmpty()) {
          throw cannotTell(namespace, "the answer is another object");
        }
        return item.found();
      }
      Optional<ApiServer.Status> status = ApiServer.status(response);
      String reason = status.map(ApiServer.Status::reason).orElse("");
      if (reason.equals("NotFound") && status.get().name().equals(secretName(namespace))) {
        return Optional.empty();
      }
      if (reason.equals("Forbidden") && !status.get().message().contains("system:anonymous")) {
        throw new ForbiddenException();
      }
      throw cannotTell(namespace, ApiServer.describe(response));
    }
  }

  private static CredentialStoreException cannotTell(NamespaceName namespace, String why) {
    return new CredentialStoreException("Reading the Secret of " + namespace + ": " + why);
  }

  private void warnOfForbidden(NamespaceName namespace) {
    if (warnings.tryAcquire()) {
      log.warn(
          "Kubernetes forbids reading the Secret {}/{}: the Role registry-auth-secret-reader, or its"
              + " RoleBinding to this program's service account, is missing in that namespace (or the"
              + " ClusterRole of that name). One such line a second at most is written.",
          namespace,
          secretName(namespace));
    }
  }
}
