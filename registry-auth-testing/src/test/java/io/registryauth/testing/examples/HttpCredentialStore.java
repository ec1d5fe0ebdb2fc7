// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing.examples;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.credential.StoredPassword;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

// [start]
/** Asks a service of the platform for bcrypt hashes: {@code GET <base>/<user name>}. */
final class HttpCredentialStore implements CredentialStore {
  private static final Duration MAX_WAIT = Duration.ofSeconds(3);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(MAX_WAIT).build();
  private final URI base;

  HttpCredentialStore(URI base) {
    this.base = base;
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    String user = lookup.account().username(); // a-z, 0-9, - and +: it cannot change the path
    HttpResponse<String> response = get(base.resolve(user));
    return switch (response.statusCode()) {
      case 200 -> Optional.of(new StoredCredentials(user, passwords(response.body())));
      case 404 -> Optional.empty(); // an answer
      default -> // none: not "no credentials"
          throw new CredentialStoreException(
              "Asking for the hash of " + user + ": status " + response.statusCode());
    };
  }

  private HttpResponse<String> get(URI uri) {
    // The time-out of HttpRequest does not do: it ends with the headers, and the body may stall.
    CompletableFuture<HttpResponse<String>> response =
        http.sendAsync(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    try {
      return response.get(MAX_WAIT.toSeconds(), SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new CredentialStoreException("Asking " + uri, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CredentialStoreException("Asking " + uri, e);
    } finally {
      response.cancel(true); // which does nothing to one that is there
    }
  }

  private static List<StoredPassword> passwords(String hashes) {
    try {
      return hashes.lines().map(StoredPassword::bcrypt).toList();
    } catch (IllegalArgumentException e) {
      throw new CredentialStoreException("Reading the answer with hashes", e);
    }
  }
}
// [end]
