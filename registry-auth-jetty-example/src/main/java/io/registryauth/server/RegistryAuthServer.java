// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Throwables;
import com.google.common.net.HostAndPort;
import io.registryauth.TokenRequest;
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
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty with the servlets, on two addresses: one for clients and one for the platform. Closing it
 * finishes the requests that are under way, for {@value #DRAIN_SECONDS} s at the most.
 */
final class RegistryAuthServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryAuthServer.class);
  private static final int DRAIN_SECONDS = 20;
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration REQUEST_PATIENCE = Duration.ofSeconds(30);
  private static final int ACCEPT_QUEUE = 4096;

  // Room for the longest query and Authorization header that are valid; the servlet refuses longer
  // ones in JSON, and Jetty what exceeds this.
  private static final int MAX_HEADER_BYTES = 16 * 1024;

  // What the kernel keeps of answers that are not read: more than the longest, so that no answer
  // waits that is a client's only one, and not the megabytes that it would give to each.
  private static final int SEND_BUFFER_BYTES = 64 * 1024;

  // A client may keep a header and a form on each connection, and by TLS twice that: all of them
  // together get an eighth of the heap, or a quarter.
  private static final int MAX_CONNECTIONS =
      (int)
          Math.min(
              8192,
              Runtime.getRuntime().maxMemory()
                  / 8
                  / (MAX_HEADER_BYTES + TokenRequest.MAX_FORM_BYTES));

  // The platform needs a few; whoever else reaches that port must not take the heap by it.
  private static final int MAX_MANAGEMENT_CONNECTIONS = 100;

  private static final String CLIENTS = "clients";
  private static final String MANAGEMENT = "management";

  private final Workers workers = new Workers();
  private final Server server = new Server(workers);
  private final DrainingConnector clients;
  private final DrainingConnector management;
  private volatile boolean ready;

  private RegistryAuthServer(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks,
      Metrics metrics,
      Supplier<Optional<String>> problem) {
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
                    "/readyz", new HealthServlet(() -> problem(problem)))),
            context(
                MANAGEMENT,
                Map.of(
                    "/healthz", new HealthServlet(),
                    "/readyz", new HealthServlet(() -> problem(problem)),
                    "/metrics", metrics.servlet())));
    LimitMetrics limits = metrics.limits();
    Handler limited =
        limited(
            management,
            MAX_MANAGEMENT_CONNECTIONS,
            limited(
                clients,
                MAX_CONNECTIONS,
                new Capacity(
                    new OnWorkers(contexts, workers, reading(clientAddress)), workers, limits),
                limits),
            limits);
    clients.setAcceptQueueSize(ACCEPT_QUEUE);
    server.setHandler(
        new WholeBodyHandler(
            metrics.ofConnector(CLIENTS, new DrainingHandler(limited)),
            TokenServlet.FORM_PATIENCE));
    server.setErrorHandler(new JsonErrorHandler());
    server.setStopTimeout(Duration.ofSeconds(DRAIN_SECONDS).toMillis());
  }

  /** By TLS not in turn: one handshake takes as long as a signature. */
  private static InvocationType reading(ListenAddress listen) {
    return listen.tls().isPresent() ? InvocationType.BLOCKING : InvocationType.NON_BLOCKING;
  }

  private static Handler limited(
      DrainingConnector connector, int maxConnections, Handler handler, LimitMetrics metrics) {
    ConnectionLimit limit =
        new ConnectionLimit(handler, connector, maxConnections, REQUEST_PATIENCE, metrics);
    connector.addEventListener(limit);
    return limit;
  }

  /** Starts a server that is ready as soon as it listens. */
  static RegistryAuthServer start(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks,
      Metrics metrics)
      throws IOException {
    return start(clientAddress, managementAddress, tokenService, jwks, metrics, Optional::empty);
  }

  /**
   * Starts a server.
   *
   * @param problem why it may get no requests yet, though it listens; asked for each probe
   * @throws IOException if it cannot listen; the message names the address
   */
  static RegistryAuthServer start(
      ListenAddress clientAddress,
      HostAndPort managementAddress,
      TokenService tokenService,
      Supplier<String> jwks,
      Metrics metrics,
      Supplier<Optional<String>> problem)
      throws IOException {
    RegistryAuthServer server =
        new RegistryAuthServer(
            clientAddress, managementAddress, tokenService, jwks, metrics, problem);
    try {
      server.server.start();
    } catch (Exception e) {
      server.close();
      throw new IOException("The server does not start: " + causes(e), e);
    }
    server.ready = true;
    return server;
  }

  private Optional<String> problem(Supplier<Optional<String>> ofParts) {
    return ready ? ofParts.get() : Optional.of("the server starts or stops");
  }

  private static String causes(Exception failure) {
    return Throwables.getCausalChain(failure).stream()
        .map(cause -> String.valueOf(cause.getMessage()))
        .collect(Collectors.joining(": "));
  }

  private DrainingConnector connector(String name, ListenAddress listen) {
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(true);
    configuration.addCustomizer(listen.proxies());
    if (listen.tls().isPresent()) {
      server.addBean(listen.tls().get());
      // Without the check that the certificate is for the name that the client came by: that is the
      // client's to check, and a probe comes by the pod's address, which no certificate is for.
      configuration.addCustomizer(new SecureRequestCustomizer(false));
    }
    HttpConnectionFactory http = new HttpConnectionFactory(configuration);
    ConnectionFactory[] factories =
        listen
            .tls()
            .map(tls -> AbstractConnectionFactory.getFactories(tls.factory(), http))
            .orElseGet(() -> new ConnectionFactory[] {http});
    DrainingConnector connector = new DrainingConnector(server, factories);
    connector.setName(name);
    connector.setHost(listen.address().getHost());
    connector.setPort(listen.address().getPort());
    connector.setIdleTimeout(IDLE_TIMEOUT.toMillis());
    connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
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

  private static URI uri(DrainingConnector connector) {
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
      if (Throwables.getCausalChain(e).stream().noneMatch(TimeoutException.class::isInstance)) {
        throw new IllegalStateException("The server did not stop in order", e);
      }
      log.warn("Some requests were not done after {} s, and were cut off", DRAIN_SECONDS);
    }
  }
}
