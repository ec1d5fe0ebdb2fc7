// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Requests that end in every way that a decision can. */
final class Outcomes {
  /** What the audit log and the metrics call them. */
  static final Set<String> ALL =
      Set.of(
          "issued",
          "unauthorized",
          "denied",
          "missing_required_field",
          "unsupported_value",
          "bad_token_option",
          "unsupported",
          "toomanyrequests",
          "unavailable");

  /** As many as an address has for a namespace, by default. */
  private static final int FAILED_ATTEMPTS = 20;

  private static final String OWN = "repository:test-build/app:pull,push";
  private static final String FORM = "service=docker-registry&client_id=test&grant_type=";
  private static final String PASSWORD =
      "password&username=test-build&password=" + Tenant.TEST_BUILD.password();

  private final TokenServer server;

  private Outcomes(TokenServer server) {
    this.server = server;
  }

  /** Starts a server with a cache, and with a tenant whose credentials cannot be read. */
  static TokenServer startServer(Path directory, String logFormat)
      throws IOException, InterruptedException {
    return startServer(directory, Keys.generate(directory), logFormat);
  }

  static TokenServer startServer(Path directory, Keys keys, String logFormat)
      throws IOException, InterruptedException {
    Files.createDirectories(TokenServer.credentials(directory).resolve("unreadable/password"));
    Path misnamed = TokenServer.credentials(directory).resolve("misnamed");
    new Tenant("misnamed", "password").store(misnamed.getParent());
    new Tenant("test-build+ci", "ci-password").store(misnamed.getParent());
    Files.writeString(misnamed.resolve("username"), "another");
    return TokenServer.start(directory, keys, Map.of("LOG_FORMAT", logFormat), "--cache-ttl=30s");
  }

  /** Sends them all, one after the other. */
  static void cause(TokenServer server) throws IOException, InterruptedException {
    new Outcomes(server).cause();
  }

  private void cause() throws IOException, InterruptedException {
    Tenant tenant = Tenant.TEST_BUILD;
    expect(200, server.ask(tenant, OWN));
    expect(200, server.ask(tenant, OWN, "malformed"));
    expect(200, server.ask(new Tenant("test-build+ci", "ci-password"), OWN));
    HttpResponse<String> offline = get("service=docker-registry&offline_token=true", tenant);
    expect(200, offline);
    Object refreshToken = Json.object(offline.body()).get("refresh_token");
    expect(200, post("refresh_token&refresh_token=" + refreshToken));
    expect(200, post(PASSWORD));
    expect(200, post(PASSWORD + "&access_type=offline"));
    expect(401, post("refresh_token&refresh_token=forged"));
    expect(401, server.ask(tenant, "repository:other-namespace/app:pull"));
    expect(401, server.ask(new Tenant("test-build", "wrong"), OWN));
    expect(401, server.ask(new Tenant("nobody", "wrong"), OWN));
    expect(401, server.ask(new Tenant("Not A Namespace", "wrong"), OWN));
    expect(401, server.ask(new Tenant("misnamed", "password"), OWN));
    expect(401, Http.send("GET", server.auth(OWN)));
    expect(401, Http.send("GET", server.auth(OWN), "Authorization", "Basic !"));
    expect(401, get("service=docker-registry&account=another", tenant));
    expect(400, server.ask(tenant, "malformed"));
    expect(400, get("service=another", tenant));
    expect(400, get("", tenant));
    expect(400, get("service=docker-registry&offline_token=maybe", tenant));
    expect(400, post("unknown"));
    expect(414, get("service=docker-registry&x=" + "x".repeat(9000), tenant));
    expect(503, server.ask(new Tenant("unreadable", "password"), OWN));
    for (int i = 0; i < FAILED_ATTEMPTS; i++) {
      expect(401, server.ask(new Tenant("guessed", "wrong"), OWN));
    }
    expect(429, server.ask(new Tenant("guessed", "wrong"), OWN));
  }

  private HttpResponse<String> get(String query, Tenant tenant)
      throws IOException, InterruptedException {
    return Http.send(
        "GET", server.uri().resolve("/auth?" + query), "Authorization", tenant.authorization());
  }

  private HttpResponse<String> post(String form) throws IOException, InterruptedException {
    return Http.postForm(server.uri().resolve("/auth"), FORM + form);
  }

  private static void expect(int status, HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
  }
}
