// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import io.registryauth.TokenService;
import io.registryauth.servlet.TokenServlet;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;

/** The servlet in Jetty. */
final class JettyExample {
  private JettyExample() {}

  static Server start(TokenService tokens, int port) throws Exception {
    // [start]
    var context = new ServletContextHandler();
    context.addServlet(new TokenServlet(tokens), "/auth");
    var server = new Server(new InetSocketAddress("localhost", port));
    server.setHandler(context);
    server.start();
    // [end]
    return server;
  }
}
