// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.sun.net.httpserver.HttpServer;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.tenant.AccountName;
import io.registryauth.testing.CredentialStoreContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

// [start]
class HttpCredentialStoreTest extends CredentialStoreContract {
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Override
  protected CredentialStore storeWith(Map<String, List<String>> passwords) {
    passwords.forEach((namespace, values) -> answer("/" + namespace, 200, hashes(values)));
    return store(); // the server answers 404 by itself
  }

  @Override
  protected Optional<CredentialStore> storeThatCannotTell() {
    answer("/", 500, "");
    return Optional.of(store());
  }

  // [end]

  private CredentialStore store() {
    return new HttpCredentialStore(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"));
  }

  private void answer(String path, int status, String text) {
    byte[] body = text.getBytes(UTF_8);
    server.createContext(
        path,
        exchange -> {
          boolean exact = path.equals("/") || exchange.getRequestURI().getPath().equals(path);
          exchange.sendResponseHeaders(
              exact ? status : 404, exact && body.length > 0 ? body.length : -1);
          if (exact) {
            exchange.getResponseBody().write(body);
          }
          exchange.close();
        });
  }

  private static void await(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hashes(List<String> passwords) {
    return passwords.stream()
        .map(password -> BCrypt.withDefaults().hashToString(4, password.toCharArray()))
        .collect(joining("\n"));
  }

  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void find_serviceThatStallsInItsAnswer_cannotTell() {
    CountDownLatch end = new CountDownLatch(1);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 60);
          exchange.getResponseBody().flush();
          await(end);
          exchange.close();
        });
    CredentialStore store = store();
    try {
      assertThatExceptionOfType(CredentialStoreException.class)
          .isThrownBy(
              () -> store.find(CredentialLookup.of(AccountName.parse("team").orElseThrow())));
    } finally {
      end.countDown();
    }
  }

  // [start]
  // store(), answer() and hashes() are this store's own.
}
// [end]
