// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import com.sun.net.httpserver.HttpServer;
import io.registryauth.servlet.examples.HttpServerExample;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** No container at all: the documented example, with what the servlets answer but without them. */
final class HttpServerContainer implements Container {
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private HttpServer server;

  @Override
  public int start(Map<String, Mounted> servlets) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    servlets.forEach(
        (path, mounted) -> {
          JsonServlet servlet = (JsonServlet) mounted.servlet();
          server.createContext(path, new HttpServerExample(servlet::respond));
        });
    server.start();
    return server.getAddress().getPort();
  }

  @Override
  public void stop() {
    server.stop(0);
    threads.shutdownNow();
  }
}
