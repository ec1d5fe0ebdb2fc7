// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.function.UnaryOperator;

/**
 * What may stand before a token server: it forwards GET, and answers POST by itself. It writes the
 * whole answer, so that the header {@code Date} can be wrong.
 */
final class RealmProxy implements AutoCloseable {
  private static final int SO_TIMEOUT_MILLIS = 10_000;

  /** An answer of the proxy itself. */
  record Answer(int status, String type, String body) {}

  private final ServerSocket socket;
  private final TokenServer server;
  private final Answer toPost;
  private final Duration ahead;
  private final UnaryOperator<String> change;

  private RealmProxy(
      TokenServer server, Answer toPost, Duration ahead, UnaryOperator<String> change)
      throws IOException {
    this.server = server;
    this.toPost = toPost;
    this.ahead = ahead;
    this.change = change;
    this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::serve);
  }

  /** Answers POST in the place of the server. */
  static RealmProxy answeringPost(TokenServer server, Answer answer) throws IOException {
    return new RealmProxy(server, answer, Duration.ZERO, body -> body);
  }

  /**
   * Answers as a server does whose clock is ahead.
   *
   * @param change makes of an answer that which such a server would give
   */
  static RealmProxy ahead(TokenServer server, Duration ahead, UnaryOperator<String> change)
      throws IOException {
    Answer notFound = new Answer(404, "application/json", "{\"errors\":[]}");
    return new RealmProxy(server, notFound, ahead, change);
  }

  /** Returns the registry's realm. */
  URI realm() {
    return URI.create("http://localhost:" + socket.getLocalPort() + "/auth");
  }

  private void serve() {
    try {
      while (true) {
        Socket connection = socket.accept();
        start(() -> answer(connection));
      }
    } catch (IOException e) {
      // It is closed.
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "realm-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void answer(Socket connection) {
    try (connection) {
      connection.setSoTimeout(SO_TIMEOUT_MILLIS);
      exchange(connection);
    } catch (IOException e) {
      // The client sees it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void exchange(Socket connection) throws IOException, InterruptedException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(connection.getInputStream(), UTF_8));
    String first = in.readLine();
    if (first == null) {
      return;
    }
    String[] request = first.split(" ", -1);
    String authorization = "";
    int length = 0;
    for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
      String value = line.substring(line.indexOf(':') + 1).strip();
      if (line.regionMatches(true, 0, "Authorization:", 0, "Authorization:".length())) {
        authorization = value;
      } else if (line.regionMatches(true, 0, "Content-Length:", 0, "Content-Length:".length())) {
        length = Integer.parseInt(value);
      }
    }
    for (int i = 0; i < length; i++) {
      in.read();
    }
    write(connection, request[0].equals("POST") ? toPost : forwarded(request[1], authorization));
  }

  private Answer forwarded(String path, String authorization)
      throws IOException, InterruptedException {
    URI uri = server.uri().resolve(path);
    HttpResponse<String> response =
        authorization.isEmpty()
            ? Http.send("GET", uri)
            : Http.send("GET", uri, "Authorization", authorization);
    String body = response.statusCode() == 200 ? change.apply(response.body()) : response.body();
    return new Answer(response.statusCode(), "application/json", body);
  }

  private void write(Socket connection, Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(UTF_8);
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plus(ahead));
    String head =
        """
        HTTP/1.1 %d Answer
        Date: %s
        Content-Type: %s
        Content-Length: %d
        Connection: close

        """
            .formatted(answer.status(), date, answer.type(), body.length);
    connection.getOutputStream().write(head.replace("\n", "\r\n").getBytes(UTF_8));
    connection.getOutputStream().write(body);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
