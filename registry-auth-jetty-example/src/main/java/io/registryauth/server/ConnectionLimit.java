// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnector;
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
 * clients shut all others out.) One that has only just come is let be, too: it may have sent its
 * request, and nobody has read it yet. Until there is an older one, no more are accepted.
 */
final class ConnectionLimit extends Handler.Wrapper implements Connection.Listener {
  private static final Duration SWEEP = Duration.ofSeconds(1);

  /** What a connection has at least, so that a request that was sent with it is read. */
  private static final Duration GRACE = Duration.ofMillis(250);

  private final AbstractConnector connector;
  private final int maxConnections;
  private final Duration patience;

  // Both are guarded by this. The second has those whose request is not here yet, and since when,
  // in that order.
  private final Set<EndPoint> open = new HashSet<>();
  private final Map<EndPoint, Long> awaited = new LinkedHashMap<>();

  ConnectionLimit(
      Handler handler, AbstractConnector connector, int maxConnections, Duration patience) {
    super(handler);
    this.connector = connector;
    this.maxConnections = maxConnections;
    this.patience = patience;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    schedule(this::sweep, SWEEP);
  }

  @Override
  public void onOpened(Connection connection) {
    EndPoint endPoint = connection.getEndPoint();
    if (endPoint instanceof EndPoint.Wrapper) {
      return; // the plain side of a TLS connection, which is counted already
    }
    synchronized (this) {
      open.add(endPoint);
      awaited.put(endPoint, System.nanoTime());
    }
    makeRoom();
  }

  /** Closes the oldest that are too many; if these are too young, accepts no more for a moment. */
  private void makeRoom() {
    List<EndPoint> tooMany;
    boolean pause;
    synchronized (this) {
      long now = System.nanoTime();
      tooMany =
          takeOldest(opened -> open.size() > maxConnections && now - opened > GRACE.toNanos());
      pause = open.size() > maxConnections && connector.isAccepting();
      if (pause) {
        connector.setAccepting(false);
      }
    }
    tooMany.forEach(EndPoint::close);
    if (pause) {
      schedule(this::acceptAgain, GRACE);
    }
  }

  private void acceptAgain() {
    connector.setAccepting(true);
    makeRoom();
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

  private void schedule(Runnable task, Duration delay) {
    Scheduler.Task unused =
        getServer().getScheduler().schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    List<EndPoint> tooSlow;
    synchronized (this) {
      long now = System.nanoTime();
      tooSlow = takeOldest(opened -> now - opened > patience.toNanos());
    }
    tooSlow.forEach(EndPoint::close);
    if (isRunning()) {
      schedule(this::sweep, SWEEP);
    }
  }

  /** Takes out connections that are waited for, the oldest first, as long as it holds. */
  private synchronized List<EndPoint> takeOldest(LongPredicate condition) {
    List<EndPoint> taken = new ArrayList<>();
    Iterator<Map.Entry<EndPoint, Long>> oldest = awaited.entrySet().iterator();
    while (oldest.hasNext()) {
      Map.Entry<EndPoint, Long> next = oldest.next();
      if (!condition.test(next.getValue())) {
        break;
      }
      oldest.remove();
      open.remove(next.getKey());
      taken.add(next.getKey());
    }
    return taken;
  }
}
