// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.CharMatcher;
import com.google.common.base.Strings;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.Config;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.credentials.Authentication;
import io.kubernetes.client.util.credentials.RefreshAuthentication;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Makes clients of the Kubernetes API that never wait for ever: the official client has no time
 * limits by default. Connecting takes {@value #CONNECT_SECONDS} s at the most, a whole call {@value
 * #CALL_SECONDS} s. Tokens that are in files are read again every minute, since Kubernetes renews
 * them.
 */
public final class KubernetesClients {
  private static final int CONNECT_SECONDS = 2;
  private static final int CALL_SECONDS = 5;

  // A server that hangs does not answer a ping of HTTP/2, one that is merely quiet does: calls go
  // over a new connection soon after the node of the API server is gone.
  private static final Duration PING_INTERVAL = Duration.ofSeconds(5);

  private static final Duration TOKEN_REFRESH = Duration.ofMinutes(1);

  private KubernetesClients() {}

  /**
   * Makes a client with the pod's own service account.
   *
   * @throws IOException if this is no pod, or its token or certificate authority cannot be read
   */
  public static ApiClient inCluster() throws IOException {
    if (System.getenv("KUBERNETES_SERVICE_HOST") == null) {
      throw new IOException(
          "this is no pod: KUBERNETES_SERVICE_HOST is not set; name a kubeconfig file");
    }
    ClientBuilder builder = ClientBuilder.cluster();
    return bounded(
        builder.setAuthentication(
            refreshed(KubernetesClients::tokenOfServiceAccount, System::nanoTime)));
  }

  private static String tokenOfServiceAccount() {
    try {
      return Files.readString(Path.of(Config.SERVICEACCOUNT_TOKEN_PATH)).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Sends a token that is asked for again each minute of elapsed time. The client itself goes by
   * the clock: one that is set back would keep it with a token that Kubernetes refuses in the end.
   */
  static Authentication refreshed(Supplier<String> token, LongSupplier ticker) {
    long start = ticker.getAsLong();
    InstantSource elapsed = () -> Instant.EPOCH.plusNanos(ticker.getAsLong() - start);
    return new RefreshAuthentication(token, TOKEN_REFRESH, elapsed.withZone(ZoneOffset.UTC));
  }

  /**
   * Makes a client with the current context of a kubeconfig file.
   *
   * @throws IOException if the file, or one that it names, cannot be read or is no kubeconfig
   */
  public static ApiClient fromKubeconfig(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file, UTF_8)) {
      KubeConfig config = KubeConfig.loadKubeConfig(reader);
      config.setFile(file.toAbsolutePath().toFile());
      if (config.getServer() == null) {
        throw new IOException(file + " has no server in its current context");
      }
      if (config.getServer().contains("://") && HttpUrl.parse(config.getServer()) == null) {
        throw new IOException(
            file + " has the server \"" + config.getServer() + "\", which is no http or https URL");
      }
      ClientBuilder builder = ClientBuilder.kubeconfig(config, TOKEN_REFRESH);
      if (!authenticatesOtherwise(config)) {
        String unused = token(file, config);
        builder.setAuthentication(refreshed(() -> token(file, config), System::nanoTime));
      }
      return bounded(builder);
    } catch (NoCredentialsException e) {
      throw new IOException(e.getMessage(), e);
    } catch (RuntimeException e) {
      // The client's parser throws what its YAML and casts throw: not as a cause, and without its
      // text, which quotes the file, and with it a token.
      throw new IOException(file + " is no valid kubeconfig: " + describe(e));
    }
  }

  /** By a certificate, a password, or, without TLS, by a proxy such as {@code kubectl proxy}. */
  private static boolean authenticatesOtherwise(KubeConfig config) {
    @Nullable Map<String, String> credentials = config.getCredentials();
    boolean certificate =
        config.getClientCertificateData() != null || config.getClientCertificateFile() != null;
    boolean key = config.getClientKeyData() != null || config.getClientKeyFile() != null;
    return (certificate && key)
        || (config.getUsername() != null && config.getPassword() != null)
        || (credentials != null
            && credentials.containsKey(KubeConfig.CRED_CLIENT_CERTIFICATE_DATA_KEY))
        || config.getServer().startsWith("http://");
  }

  /**
   * Returns the token of now. The client itself would go on without one, as nobody, and take the
   * refusals for answers; and it would send the line end that a file may have.
   */
  private static String token(Path file, KubeConfig config) {
    @Nullable Map<String, String> credentials = config.getCredentials();
    String token =
        credentials == null ? "" : Strings.nullToEmpty(credentials.get(KubeConfig.CRED_TOKEN_KEY));
    if (token.isBlank()) {
      throw new NoCredentialsException(
          file + " has no credentials in its current context, or their file cannot be read");
    }
    if (!CharMatcher.inRange('!', '~').matchesAllOf(token.strip())) {
      throw new NoCredentialsException(file + " has a token that is no line of printable ASCII");
    }
    return token.strip();
  }

  /** A kubeconfig file whose user is nobody. */
  static final class NoCredentialsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoCredentialsException(String message) {
      super(message);
    }
  }

  private static String describe(RuntimeException e) {
    String what = e.getClass().getSimpleName();
    @Nullable Mark mark = e instanceof MarkedYAMLException marked ? marked.getProblemMark() : null;
    return mark == null
        ? what
        : what + " in line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1);
  }

  /**
   * Ends a client that nobody uses any more: its connections, and the threads that would wait for
   * another use of them.
   */
  public static void close(ApiClient client) {
    OkHttpClient http = client.getHttpClient();
    http.dispatcher().cancelAll();
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }

  private static ApiClient bounded(ClientBuilder builder) {
    ApiClient client = builder.build();
    return client.setHttpClient(
        client
            .getHttpClient()
            .newBuilder()
            .connectTimeout(Duration.ofSeconds(CONNECT_SECONDS))
            .readTimeout(Duration.ofSeconds(CALL_SECONDS))
            .writeTimeout(Duration.ofSeconds(CALL_SECONDS))
            .callTimeout(Duration.ofSeconds(CALL_SECONDS))
            .pingInterval(PING_INTERVAL)
            .build());
  }
}
