// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/** Sends requests byte for byte as given: what a well-behaved client would refuse to send, too. */
final class RawHttp {
  private static final int TIMEOUT_MILLIS = 20_000;

  private final int port;

  RawHttp(int port) {
    this.port = port;
  }

  /** Names in lower case; the values of a name that came several times have a line end between. */
  record Response(int status, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    Map<String, Object> json() {
      try {
        return JsonUtil.parseJson(body);
      } catch (JoseException e) {
        throw new AssertionError("No JSON: " + body, e);
      }
    }

    /** The one error of an error body. */
    @SuppressWarnings("unchecked")
    Map<String, Object> error() {
      List<Object> errors = (List<Object>) json().get("errors");
      if (errors.size() != 1) {
        throw new AssertionError("Not one error: " + body);
      }
      return (Map<String, Object>) errors.get(0);
    }
  }

  static String basic(String username, String password) {
    String text = username + ":" + password;
    return "Authorization: Basic " + Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  Response get(String target, String... headers) throws IOException {
    return send("GET", target, "", headers);
  }

  Response send(String method, String target, String body, String... headers) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(method + " " + target + " HTTP/1.1");
    lines.add("Host: localhost");
    lines.add("Connection: close");
    lines.addAll(List.of(headers));
    String head = String.join("\r\n", lines) + "\r\n\r\n";
    try (Socket socket = connect()) {
      socket.getOutputStream().write((head + body).getBytes(ISO_8859_1));
      socket.getOutputStream().flush();
      return parse(new String(socket.getInputStream().readAllBytes(), UTF_8));
    }
  }

  /** Sends bytes, nothing after them, and reads all that comes. */
  String sendAndEnd(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  /** Opens a connection that waits for no more than 20 s. */
  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    return socket;
  }

  static Response parse(String text) {
    int end = text.indexOf("\r\n\r\n");
    List<String> head = text.substring(0, end).lines().toList();
    Map<String, String> headers = new HashMap<>();
    for (String line : head.subList(1, head.size())) {
      int colon = line.indexOf(':');
      headers.merge(
          line.substring(0, colon).toLowerCase(Locale.ROOT),
          line.substring(colon + 1).strip(),
          (one, other) -> one + "\n" + other);
    }
    int status = Integer.parseInt(head.get(0).substring(9, 12));
    return new Response(status, headers, text.substring(end + 4));
  }
}
