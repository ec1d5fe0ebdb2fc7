// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.registryauth.ErrorCode;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.function.Function;

// [start]
/** The library behind the JDK's server: {@code new HttpServerExample(tokenService::respond)}. */
public record HttpServerExample(Function<TokenRequest, TokenResponse> tokens)
    implements HttpHandler {
  HttpServer start(int port) throws IOException {
    var server = HttpServer.create(new InetSocketAddress("localhost", port), 0);
    server.setExecutor(Executors.newFixedThreadPool(32));
    server.createContext("/auth", this);
    server.start();
    return server;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    var request = TokenRequest.builder().query(exchange.getRequestURI().getRawQuery());
    request.clientAddress(exchange.getRemoteAddress().getAddress().getHostAddress());
    request.requestId(exchange.getRequestHeaders().getFirst("X-Request-Id"));
    var authorizations = exchange.getRequestHeaders().getOrDefault("Authorization", List.of());
    authorizations.forEach(request::authorization);
    String method = exchange.getRequestMethod();
    if (method.equals("POST")) { // one byte more than is valid shows that it is too long
      byte[] form = exchange.getRequestBody().readNBytes(TokenRequest.MAX_FORM_BYTES + 1);
      request.form(exchange.getRequestHeaders().getFirst("Content-Type"), form);
    }
    String path = exchange.getHttpContext().getPath(); // which longer ones begin with, too
    TokenResponse response;
    if (method.matches("GET|POST") && exchange.getRequestURI().getPath().equals(path)) {
      response = tokens.apply(request.build());
    } else {
      String id = request.build().requestId();
      response = TokenResponse.error(405, ErrorCode.UNSUPPORTED, "Valid: GET, POST " + path, id);
      response = response.with("Allow", "GET, POST");
    }
    response.headers().forEach(exchange.getResponseHeaders()::set);
    byte[] body = response.body().getBytes(UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(response.status(), method.equals("HEAD") ? -1 : body.length);
      exchange.getResponseBody().write(body, 0, method.equals("HEAD") ? 0 : body.length);
    }
  }
}
// [end]
