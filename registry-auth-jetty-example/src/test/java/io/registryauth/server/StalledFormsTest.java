// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.InMemoryCredentialStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** POSTs whose form comes in parts, or not at all. */
@Timeout(90)
class StalledFormsTest {
  private static final String FORM =
      "service=docker-registry&client_id=c&grant_type=password&username=team&password=pw";

  /** More than the server has threads. */
  private static final int MANY = 250;

  private final List<Socket> sockets = new ArrayList<>();
  private RegistryAuthServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        TestServer.start(
            new CredentialStoreAuthenticator(new InMemoryCredentialStore().put("team", "pw")));
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    server.close();
  }

  private Socket begin(String path, String length, String part) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort());
    sockets.add(socket);
    socket.setSoTimeout(20_000); // less than the server waits for a client that sends nothing
    send(
        socket,
        "POST "
            + path
            + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\n"
            + length
            + "\r\n\r\n"
            + part);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
  }

  private static String answer(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }

  private static String contentLength(int length) {
    return "Content-Length: " + length;
  }

  @Test
  void attack_moreStalledPostsThanThreads_holdUpNobody() throws IOException {
    for (int i = 0; i < MANY; i++) {
      Socket unused = begin("/token", contentLength(FORM.length()), "s");
    }

    Socket whole = begin("/token", contentLength(FORM.length()), FORM);
    assertThat(answer(whole)).startsWith("HTTP/1.1 200");
    send(sockets.get(0), FORM.substring(1));
    assertThat(answer(sockets.get(0))).startsWith("HTTP/1.1 200");
  }

  /**
   * Half a form on each of some thousand connections took the heap, where there was no limit. Two
   * threads open the connections, so that the first to connect need not be the oldest.
   */
  @Test
  void attack_managementConnections_areFewAndAnOldOneMakesRoom() throws IOException {
    for (int i = 0; i <= 100; i++) {
      sockets.add(new Socket(InetAddress.getLoopbackAddress(), server.managementUri().getPort()));
    }

    int ended = 0;
    while (ended == 0) { // the class's limit of time ends it
      for (Socket socket : sockets) {
        ended += hasEnded(socket) ? 1 : 0;
      }
    }
    assertThat(ended).isOne();
  }

  private static boolean hasEnded(Socket socket) throws IOException {
    socket.setSoTimeout(1);
    try {
      return socket.getInputStream().read() == -1;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  @Test
  void form_byteAfterByte_isRead() throws IOException {
    Socket socket = begin("/auth", contentLength(FORM.length()), "");
    socket.setTcpNoDelay(true);
    for (int i = 0; i < FORM.length(); i++) {
      send(socket, FORM.substring(i, i + 1));
    }

    assertThat(answer(socket)).startsWith("HTTP/1.1 200").contains("\"access_token\"");
  }

  @Test
  void form_inChunks_isReadUpToItsLimit() throws IOException {
    String first = Integer.toHexString(FORM.length()) + "\r\n" + FORM + "\r\n";
    int rest = 8192 - FORM.length() - 3;
    String more = "&x=" + "y".repeat(rest);
    String chunked = "Transfer-Encoding: chunked";

    Socket longest = begin("/token", chunked, first);
    send(longest, Integer.toHexString(more.length()) + "\r\n" + more + "\r\n0\r\n\r\n");
    assertThat(answer(longest)).startsWith("HTTP/1.1 200");

    Socket longer = begin("/token", chunked, first);
    send(longer, Integer.toHexString(more.length() + 1) + "\r\n" + more + "y\r\n0\r\n\r\n");
    assertThat(answer(longer)).startsWith("HTTP/1.1 413").contains("{\"errors\":");
  }

  @Test
  void form_brokenOff_isABadRequest() throws IOException {
    Socket socket = begin("/token", "Transfer-Encoding: chunked", "1\r\ns\r\nzz\r\n");

    assertThat(answer(socket)).startsWith("HTTP/1.1 400").contains("did not come in whole");
  }

  @Test
  void form_ofAnUnknownPath_isNotFound() throws IOException {
    assertThat(answer(begin("/nowhere", contentLength(1), "s")))
        .startsWith("HTTP/1.1 404")
        .contains("{\"errors\":");
  }
}
