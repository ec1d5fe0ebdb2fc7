// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.nio.channels.SelectableChannel;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.SelectableChannelEndPoint;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A connector that loses no request of a connection it has accepted while the server stops. Jetty's
 * own does, in two ways.
 *
 * <p>It ends a connection behind an answer that was on its way when the stop began, though that
 * answer says that the connection stays: a request that the client has sent since is done, and its
 * answer is lost. So this one does not tell connections that it stops; {@link DrainingHandler}
 * tells the client, in the answer to its next request.
 *
 * <p>And it waits for the connections that are open: one that was accepted last, and is not open
 * yet, would be opened and cut off.
 */
class DrainingConnector extends ServerConnector {
  private static final int POLL_MILLIS = 5;

  private final Set<SelectableChannel> opening = ConcurrentHashMap.newKeySet();

  DrainingConnector(Server server, ConnectionFactory... factories) {
    super(server, factories);
    addBean(new Arrivals());
  }

  /** Does not say what it is asked, for the connections' sake: see {@link #isDraining}. */
  @Override
  public boolean isShutdown() {
    return false;
  }

  /** Tells whether it accepts no more, since the server stops, or has not started. */
  boolean isDraining() {
    return super.isShutdown();
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    return super.shutdown().thenRun(() -> check(done)).thenCompose(acceptsNoMore -> done);
  }

  private void check(CompletableFuture<Void> done) {
    // In this order: what is open is not opening any more.
    if (opening.isEmpty() && getConnectedEndPoints().isEmpty()) {
      done.complete(null);
    } else {
      Scheduler.Task unused =
          getScheduler().schedule(() -> check(done), POLL_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private final class Arrivals implements SelectorManager.AcceptListener, Connection.Listener {
    @Override
    public void onAccepting(SelectableChannel channel) {
      opening.add(channel);
    }

    @Override
    public void onAcceptFailed(SelectableChannel channel, Throwable cause) {
      opening.remove(channel);
    }

    @Override
    public void onOpened(Connection connection) {
      if (connection.getEndPoint() instanceof SelectableChannelEndPoint endPoint) {
        opening.remove(endPoint.getChannel());
      }
    }
  }
}
