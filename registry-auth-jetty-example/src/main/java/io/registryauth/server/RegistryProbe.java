// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Asks a registry whether it takes a token: each of its addresses, {@value #TIMES} times, over a
 * new connection each time, since one address may stand for several registries. Each time it asks
 * without a token, too: what does not refuse that, such as a mirror, says nothing about a token.
 */
final class RegistryProbe {
  private static final int TIMES = 10;
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final HttpUrl url;
  private final OkHttpClient client;

  private RegistryProbe(HttpUrl url, OkHttpClient client) {
    this.url = url;
    this.client = client;
  }

  /**
   * Prepares to ask.
   *
   * @throws IllegalArgumentException if the text is no URL of a registry
   */
  static RegistryProbe of(String text) {
    HttpUrl url = HttpUrl.parse(text);
    if (url == null || !url.encodedPath().endsWith("/v2/")) {
      throw new IllegalArgumentException("valid is a URL such as https://registry/v2/");
    }
    OkHttpClient client =
        new OkHttpClient.Builder()
            .callTimeout(LIMIT)
            .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
            .followRedirects(false) // another server than the one that is asked
            .build();
    return new RegistryProbe(url, client);
  }

  /**
   * Returns one that trusts these authorities, if there are any, and no others.
   *
   * @throws IllegalArgumentException if the text is no certificates in PEM
   */
  RegistryProbe trusting(Optional<String> authorities) {
    return authorities.map(pem -> new RegistryProbe(url, client(trustManager(pem)))).orElse(this);
  }

  private OkHttpClient client(X509TrustManager trust) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trust}, null);
      return client.newBuilder().sslSocketFactory(context.getSocketFactory(), trust).build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no TLS", e);
    }
  }

  private static X509TrustManager trustManager(String pem) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem.getBytes(UTF_8)))) {
        store.setCertificateEntry("authority-" + store.size(), certificate);
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      return (X509TrustManager) factory.getTrustManagers()[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("it is no certificate; valid are some, PEM", e);
    }
  }

  /** Returns why the registry does not take a token; empty if it does, at each address. */
  Optional<String> refusal(String token) {
    List<InetAddress> addresses;
    try {
      addresses = List.of(InetAddress.getAllByName(url.host()));
    } catch (UnknownHostException e) {
      return Optional.of("the host of " + url + " is not known");
    }
    return addresses.stream().flatMap(address -> refusal(address, token).stream()).findFirst();
  }

  private Optional<String> refusal(InetAddress address, String token) {
    String asked = url + " at " + address.getHostAddress();
    OkHttpClient there = client.newBuilder().dns(host -> List.of(address)).build();
    Request without = new Request.Builder().url(url).header("Connection", "close").build();
    Request with = without.newBuilder().header("Authorization", "Bearer " + token).build();
    try {
      for (int i = 0; i < TIMES; i++) {
        int refused = status(there, without);
        if (refused != UNAUTHORIZED) {
          return Optional.of(
              asked
                  + " answers "
                  + refused
                  + " without a token; valid is "
                  + UNAUTHORIZED
                  + ", or what it answers to one says nothing");
        }
        int taken = status(there, with);
        if (taken != OK) {
          return Optional.of(asked + " answers " + taken + " to a token of it; valid is " + OK);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(asked + " does not answer (" + e + ")");
    }
  }

  private static int status(OkHttpClient client, Request request) throws IOException {
    try (Response response = client.newCall(request).execute()) {
      return response.code();
    }
  }
}
