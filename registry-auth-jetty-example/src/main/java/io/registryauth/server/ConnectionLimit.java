// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Bounds the connections of a connector, and how long each may take to bring a request, by time in
 * all and not by idle time: who sends a byte a second is never idle. A connection whose request is
 * here, whole, is let be.
 *
 * <p>When there are too many, the one that has been waited for longest makes room for the newest.
 * (Jetty's {@code NetworkConnectionLimit} accepts none until one ends, so that a few thousand slow
 * clients shut all others out.) A client that sends its request at once is answered before as many
 * others have come as there may be.
 */
final class ConnectionLimit extends Handler.Wrapper implements Connection.Listener {
  private static final long SWEEP_SECONDS = 1;

  private final int maxConnections;
  private final Duration patience;

  // Both are guarded by this. The second has those whose request is not here yet, and since when,
  // in that order.
  private final Set<EndPoint> open = new HashSet<>();
  private final Map<EndPoint, Long> awaited = new LinkedHashMap<>();

  ConnectionLimit(Handler handler, int maxConnections, Duration patience) {
    super(handler);
    this.maxConnections = maxConnections;
    this.patience = patience;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    sweepLater();
  }

  @Override
  public void onOpened(Connection connection) {
    EndPoint endPoint = connection.getEndPoint();
    if (endPoint instanceof EndPoint.Wrapper) {
      return; // the plain side of a TLS connection, which is counted already
    }
    List<EndPoint> tooMany;
    synchronized (this) {
      open.add(endPoint);
      awaited.put(endPoint, System.nanoTime());
      tooMany = takeOldest(() -> open.size() > maxConnections);
    }
    tooMany.forEach(EndPoint::close);
  }

  @Override
  public void onClosed(Connection connection) {
    synchronized (this) {
      open.remove(connection.getEndPoint());
      awaited.remove(connection.getEndPoint());
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    EndPoint endPoint = transport(request.getConnectionMetaData().getConnection().getEndPoint());
    synchronized (this) {
      awaited.remove(endPoint);
    }
    Request.addCompletionListener(request, failure -> awaitNext(endPoint));
    return super.handle(request, response, callback);
  }

  private synchronized void awaitNext(EndPoint endPoint) {
    if (open.contains(endPoint)) {
      awaited.put(endPoint, System.nanoTime());
    }
  }

  private static EndPoint transport(EndPoint endPoint) {
    return endPoint instanceof EndPoint.Wrapper wrapper ? wrapper.unwrap() : endPoint;
  }

  private void sweepLater() {
    Scheduler.Task unused =
        getServer().getScheduler().schedule(this::sweep, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  private void sweep() {
    List<EndPoint> tooSlow;
    synchronized (this) {
      long now = System.nanoTime();
      tooSlow = takeOldest(() -> now - awaited.values().iterator().next() > patience.toNanos());
    }
    tooSlow.forEach(EndPoint::close);
    if (isRunning()) {
      sweepLater();
    }
  }

  /** Takes out connections that are waited for, as long as there are any and it holds. */
  private synchronized List<EndPoint> takeOldest(BooleanSupplier condition) {
    List<EndPoint> taken = new ArrayList<>();
    while (!awaited.isEmpty() && condition.getAsBoolean()) {
      EndPoint oldest = awaited.keySet().iterator().next();
      awaited.remove(oldest);
      open.remove(oldest);
      taken.add(oldest);
    }
    return taken;
  }
}
