// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Asks as a client of registries does, but never for long, nor elsewhere than it was sent. */
final class Http {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int MAX_BODY = 64 * 1024;

  private final OkHttpClient client;

  /** An answer, and as much of its body as counts. */
  record Answer(int status, Headers headers, String body) {
    /** Says whether it is a page for people. */
    boolean isHtml() {
      return body.stripLeading().startsWith("<");
    }
  }

  /**
   * Makes one that trusts these authorities beside those that Java knows, as clients do that were
   * given a file.
   */
  Http(List<X509Certificate> authorities) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .callTimeout(LIMIT)
            .connectTimeout(LIMIT)
            .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
            .followRedirects(false)
            .followSslRedirects(false);
    try {
      X509TrustManager trust = trusting(authorities);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trust}, null);
      client = builder.sslSocketFactory(context.getSocketFactory(), trust).build();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("This JDK has no TLS", e);
    }
  }

  private static X509TrustManager trusting(List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (X509Certificate authority :
        Stream.concat(Stream.of(trustManager(null).getAcceptedIssuers()), authorities.stream())
            .toList()) {
      store.setCertificateEntry("authority-" + store.size(), authority);
    }
    return trustManager(store);
  }

  private static X509TrustManager trustManager(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  Answer get(HttpUrl url) throws IOException {
    return ask(request(url).build());
  }

  Answer get(HttpUrl url, String authorization) throws IOException {
    return ask(request(url).header("Authorization", authorization).build());
  }

  Answer post(HttpUrl url, RequestBody form) throws IOException {
    return ask(request(url).post(form).build());
  }

  private static Request.Builder request(HttpUrl url) {
    return new Request.Builder().url(url).header("User-Agent", "registry-auth-doctor");
  }

  private Answer ask(Request request) throws IOException {
    try (Response response = client.newCall(request).execute()) {
      return new Answer(response.code(), response.headers(), response.peekBody(MAX_BODY).string());
    }
  }
}
