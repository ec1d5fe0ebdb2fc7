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
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An account's credentials in a Secret of its namespace:
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
 * <p>The Secret of the account {@code test-build+ci} is {@code ci-registry-credentials} in that
 * same namespace.
 *
 * <p>{@link CredentialEntries} says which other keys there may be. Each lookup is one {@code get}
 * of the one Secret, so put a {@link io.registryauth.credential.CachingCredentialStore} in front.
 * That the Secret is not there, and that this program may not read it, are answers: the namespace
 * has no credentials. Whatever else goes wrong is {@link CredentialStoreException}.
 *
 * <p>Thread-safe; blocks as long as the client does, so give it one of {@link KubernetesClients}.
 */
public final class KubernetesCredentialStore implements CredentialStore {
  private static final AccountName NOBODY = AccountName.of(new NamespaceName("registry-auth"));
  private static final String SUFFIX = "-registry-credentials";
  private static final Logger log = LoggerFactory.getLogger(KubernetesCredentialStore.class);

  private final ApiServer server;
  private final RateLimiter warnings = RateLimiter.create(1);

  /** Makes a store that reads with a client, which stays the caller's. */
  public KubernetesCredentialStore(ApiClient client) {
    this.server = new ApiServer(client);
  }

  /** Returns the name of the Secret with an account's credentials. */
  public static String secretName(AccountName account) {
    return account.name() + SUFFIX;
  }

  /** Returns whose credentials a Secret has, if its name says that it has any. */
  static Optional<AccountName> account(String namespace, String secretName) {
    if (!secretName.endsWith(SUFFIX)) {
      return Optional.empty();
    }
    String name = secretName.substring(0, secretName.length() - SUFFIX.length());
    return AccountName.parse(name.equals(namespace) ? name : namespace + "+" + name);
  }

  /** That the API server forbids to read a Secret. */
  private static final class ForbiddenException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    AccountName account = lookup.account();
    try {
      long began = System.nanoTime();
      try {
        return read(account);
      } catch (ForbiddenException e) {
        if (server.wasReadyBefore(began)) {
          warnOfForbidden(account);
          return Optional.empty();
        }
      }
      if (!server.isReady()) {
        throw cannotTell(account, "forbidden, by an API server that is not ready");
      }
      return read(account);
    } catch (ForbiddenException e) {
      warnOfForbidden(account);
      return Optional.empty();
    } catch (IOException e) {
      throw new CredentialStoreException("Reading the Secret of " + account + ": " + e, e);
    } catch (CredentialStoreException e) {
      throw e;
    } catch (RuntimeException e) {
      // Not as a cause: it may quote what it could not parse.
      Throwable root = Throwables.getRootCause(e);
      throw cannotTell(
          account,
          root instanceof KubernetesClients.NoCredentialsException
              ? String.valueOf(root.getMessage())
              : e.getClass().getSimpleName());
    }
  }

  /**
   * Asks for a Secret that nobody needs, to learn whether the API server answers; that there is
   * none, or that it may not be read, is an answer too.
   *
   * @throws CredentialStoreException if it does not answer, or cannot tell
   */
  public void check() {
    try {
      Optional<StoredCredentials> unused = read(NOBODY);
    } catch (ForbiddenException e) {
      log.debug("The API server answers; what may be read, each request finds out");
    } catch (IOException e) {
      throw new CredentialStoreException("Reading the Secret of " + NOBODY + ": " + e, e);
    }
  }

  private Optional<StoredCredentials> read(AccountName account)
      throws IOException, ForbiddenException {
    // Two DNS labels: no path but that of this Secret can be built of them.
    String path = "/api/v1/namespaces/" + account.namespace() + "/secrets/" + secretName(account);
    try (Response response = server.call(path, List.of()).execute()) {
      if (response.isSuccessful()) {
        SecretReader.Item item = new SecretReader(response.body().charStream()).secret();
        if (item.account().filter(account::equals).isEmpty()) {
          throw cannotTell(account, "the answer is another object");
        }
        return item.found();
      }
      Optional<ApiServer.Status> status = ApiServer.status(response);
      String reason = status.map(ApiServer.Status::reason).orElse("");
      if (reason.equals("NotFound") && status.get().name().equals(secretName(account))) {
        return Optional.empty();
      }
      if (reason.equals("Forbidden") && !status.get().message().contains("system:anonymous")) {
        throw new ForbiddenException();
      }
      throw cannotTell(account, ApiServer.describe(response));
    }
  }

  private static CredentialStoreException cannotTell(AccountName account, String why) {
    return new CredentialStoreException("Reading the Secret of " + account + ": " + why);
  }

  private void warnOfForbidden(AccountName account) {
    if (warnings.tryAcquire()) {
      log.warn(
          "Kubernetes forbids reading the Secret {}/{}: the Role registry-auth-secret-reader, or its"
              + " RoleBinding to this program's service account, is missing in that namespace or does not"
              + " name that Secret (or the ClusterRole of that name is). One such line a second at most is"
              + " written.",
          account.namespace(),
          secretName(account));
    }
  }
}
