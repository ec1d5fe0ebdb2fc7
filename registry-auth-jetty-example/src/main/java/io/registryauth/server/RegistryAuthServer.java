// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Throwables;
import com.google.common.net.HostAndPort;
import io.registryauth.TokenService;
import io.registryauth.servlet.HealthServlet;
import io.registryauth.servlet.JwksServlet;
import io.registryauth.servlet.TokenServlet;
import jakarta.servlet.Servlet;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Jetty with the servlets, on two addresses: one for clients and one for the platform. Closing it
 * finishes the requests that are under way, for {@value #DRAIN_SECONDS} s at the most.
 */
final class RegistryAuthServer implements AutoCloseable {
  private static final int DRAIN_SECONDS = 20;
  private static final int MAX_THREADS = 200;
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

  // Room for the longest query and Authorization header that are valid; the servlet refuses longer
  // ones in JSON, and Jetty what exceeds this.
  private static final int MAX_HEADER_BYTES = 16 * 1024;

  // A client may keep that much on each connection, and by TLS twice that: all of them together get
  // an eighth of the heap, or a quarter.
  private static final int MAX_CONNECTIONS =
      (int) Math.min(8192, Runtime.getRuntime().maxMemory() / 8 / MAX_HEADER_BYTES);

  private static final String CLIENTS = "clients";
  private static final String MANAGEMENT = "management";

  private final Server server = new Server(new QueuedThreadPool(MAX_THREADS));
  private final ServerConnector clients;
  private final ServerConnector management;
  private volatile boolean ready;

  private RegistryAuthServer(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks,
      BooleanSupplier prepared) {
    clients = connector(CLIENTS, clientAddress);
    management = connector(MANAGEMENT, ListenAddress.plain(managementAddress));
    ContextHandlerCollection contexts =
        new ContextHandlerCollection(
            context(
                CLIENTS,
                Map.of(
                    "/auth", new TokenServlet(tokenService),
                    "/token", new TokenServlet(tokenService),
                    "/jwks.json", new JwksServlet(jwks),
                    "/healthz", new HealthServlet(),
                    "/readyz", new HealthServlet(() -> ready && prepared.getAsBoolean()))),
            context(
                MANAGEMENT,
                Map.of(
                    "/healthz",
                    new HealthServlet(),
                    "/readyz",
                    new HealthServlet(() -> ready && prepared.getAsBoolean()))));
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, clients));
    server.setHandler(new DrainingHandler(contexts));
    server.setErrorHandler(new JsonErrorHandler());
    server.setStopTimeout(Duration.ofSeconds(DRAIN_SECONDS).toMillis());
  }

  /** Starts a server that is ready as soon as it listens. */
  static RegistryAuthServer start(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks)
      throws IOException {
    return start(clientAddress, managementAddress, tokenService, jwks, () -> true);
  }

  /**
   * Starts a server.
   *
   * @param prepared whether it may get requests when it listens; asked for each probe
   * @throws IOException if it cannot listen; the message names the address
   */
  static RegistryAuthServer start(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks,
      BooleanSupplier prepared)
      throws IOException {
    RegistryAuthServer server =
        new RegistryAuthServer(clientAddress, managementAddress, tokenService, jwks, prepared);
    try {
      server.server.start();
    } catch (Exception e) {
      server.close();
      throw new IOException("The server does not start: " + causes(e), e);
    }
    server.ready = true;
    return server;
  }

  private static String causes(Exception failure) {
    return Throwables.getCausalChain(failure).stream()
        .map(cause -> String.valueOf(cause.getMessage()))
        .collect(Collectors.joining(": "));
  }

  private ServerConnector connector(String name, ListenAddress listen) {
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(true);
    if (listen.tls().isPresent()) {
      server.addBean(listen.tls().get());
      // Without the check that the certificate is for the name that the client came by: that is the
      // client's to check, and a probe comes by the pod's address, which no certificate is for.
      configuration.addCustomizer(new SecureRequestCustomizer(false));
    }
    HttpConnectionFactory http = new HttpConnectionFactory(configuration);
    ServerConnector connector =
        listen
            .tls()
            .map(tls -> new ServerConnector(server, tls.factory(), http))
            .orElseGet(() -> new ServerConnector(server, http));
    connector.setName(name);
    connector.setHost(listen.address().getHost());
    connector.setPort(listen.address().getPort());
    connector.setIdleTimeout(IDLE_TIMEOUT.toMillis());
    server.addConnector(connector);
    return connector;
  }

  private static ServletContextHandler context(String connector, Map<String, Servlet> servlets) {
    ServletContextHandler context = new ServletContextHandler();
    context.setVirtualHosts(List.of("@" + connector));
    context.setErrorHandler(new JsonErrorHandler());
    context.getServletHandler().setEnsureDefaultServlet(false); // it would answer TRACE and OPTIONS
    servlets.forEach((path, servlet) -> context.addServlet(new ServletHolder(servlet), path));
    return context;
  }

  /** Returns where clients reach it, with the real port. */
  URI uri() {
    return uri(clients);
  }

  /** Returns where the platform reaches it, with the real port. */
  URI managementUri() {
    return uri(management);
  }

  private static URI uri(ServerConnector connector) {
    boolean tls = connector.getConnectionFactory(SslConnectionFactory.class) != null;
    HostAndPort address = HostAndPort.fromParts(connector.getHost(), connector.getLocalPort());
    return URI.create((tls ? "https://" : "http://") + address);
  }

  /** Waits until it is closed. */
  void join() throws InterruptedException {
    server.join();
  }

  @Override
  public void close() {
    ready = false;
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("The server did not stop in order", e);
    }
  }
}
