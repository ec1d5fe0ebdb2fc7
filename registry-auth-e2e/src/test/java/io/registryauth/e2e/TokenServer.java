// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code serve}, on a free loopback port; with TLS if its options say so. */
final class TokenServer implements AutoCloseable {
  private static final Pattern LISTENING =
      Pattern.compile("^listening on (https?://\\S+)\\R", Pattern.MULTILINE);

  // In JSON there is a backslash before each slash.
  private static final Pattern MANAGEMENT =
      Pattern.compile("management on http:(?:\\\\?/){2}([^\\s\"]+)");

  private static final int LOG_SECONDS = 60;

  private final RunningProcess process;
  private final URI uri;

  private TokenServer(RunningProcess process, URI uri) {
    this.process = process;
    this.uri = uri;
  }

  /** Starts a server with the two tenants and whatever else is stored in {@code credentials}. */
  static TokenServer start(Path parent, Keys keys, String... options)
      throws IOException, InterruptedException {
    return start(parent, keys, Map.of(), options);
  }

  static TokenServer start(
      Path parent, Keys keys, Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    String store = "--credentials=directory:" + credentials(parent);
    return start(parent, environment, arguments(store, keys, options));
  }

  private static String[] arguments(String store, Keys keys, String... options) {
    return Stream.concat(
            Stream.of(
                "serve",
                "--listen=127.0.0.1:0",
                "--management-listen=127.0.0.1:0",
                store,
                "--signing-key=" + keys.key(),
                "--signing-cert=" + keys.certificate()),
            Stream.of(options))
        .toArray(String[]::new);
  }

  /** Starts a server that reads the credentials with the user of a kubeconfig file. */
  static TokenServer startOnKubernetes(Path parent, Keys keys, Path kubeconfig, String... options)
      throws IOException, InterruptedException {
    return startOnKubernetes(parent, keys, kubeconfig, Map.of(), options);
  }

  static TokenServer startOnKubernetes(
      Path parent, Keys keys, Path kubeconfig, Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    String store = "--kubeconfig=" + kubeconfig;
    return start(parent, environment, arguments(store, keys, options));
  }

  /** Starts a server with these arguments and nothing else. */
  static TokenServer start(Path parent, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return start(parent, environment, ServerJar.command(List.of(), arguments));
  }

  /** Starts a server by a command of its own. */
  static TokenServer start(Path parent, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(parent, "server-");
    RunningProcess process = RunningProcess.start(directory, command, environment);
    try {
      return new TokenServer(process, URI.create(process.awaitOutput(LISTENING)));
    } catch (AssertionError | InterruptedException e) {
      process.close();
      throw e;
    }
  }

  /** Returns the directory of the stored credentials, with two tenants. */
  static Path credentials(Path parent) throws IOException {
    Path credentials = Files.createDirectories(parent.resolve("credentials"));
    Tenant.TEST_BUILD.store(credentials);
    Tenant.OTHER.store(credentials);
    return credentials;
  }

  URI uri() {
    return uri;
  }

  /** Returns where the platform reaches it, as its log says. */
  URI management() throws InterruptedException {
    return URI.create("http://" + process.awaitOutput(MANAGEMENT));
  }

  /** Returns the registry's realm: with a name, since clients refuse a loopback address in it. */
  URI realm() {
    return URI.create(uri.getScheme() + "://localhost:" + uri.getPort() + "/auth");
  }

  /** Asks for a token of the service {@code docker-registry}. */
  HttpResponse<String> ask(Tenant tenant, String... scopes)
      throws IOException, InterruptedException {
    return Http.send("GET", auth(scopes), "Authorization", tenant.authorization());
  }

  /** Returns a token that should be granted. */
  String token(Tenant tenant, String... scopes) throws IOException, InterruptedException {
    HttpResponse<String> response = ask(tenant, scopes);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return (String) Json.object(response.body()).get("token");
  }

  URI auth(String... scopes) {
    StringBuilder query = new StringBuilder("/auth?service=docker-registry");
    for (String scope : scopes) {
      query.append("&scope=").append(URLEncoder.encode(scope, UTF_8));
    }
    return uri.resolve(query.toString());
  }

  /** Returns how much of the heap is in use after a garbage collection, in bytes. */
  long usedHeap() throws IOException, InterruptedException {
    return process.usedHeap();
  }

  RunningProcess process() {
    return process;
  }

  /**
   * Returns all that the server has logged so far, on both outputs: it writes its log beside the
   * requests, so that the line of a request may come after its answer.
   */
  String log() {
    try {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LOG_SECONDS);
      while (process.isAlive()
          && Scrape.of(this).value("registry_auth_log_waiting_bytes") > 0
          && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    } catch (IOException e) {
      // It has ended, and written all.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }
}
