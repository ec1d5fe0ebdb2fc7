// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.nio.ByteBuffer;
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
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the connections of a connector, and how long each may take to bring a request, whole, and
 * to take the answer, by time in all and not by idle time: who sends or reads a byte a second is
 * never idle. While a request is being answered, its connection is let be, also when the server
 * stops; one whose request is not here, or whose answer is not taken, is then closed soon.
 *
 * <p>When there are too many, the one that has been waited for longest makes room for the newest.
 * (Jetty's {@code NetworkConnectionLimit} accepts none until one ends, so that a few thousand slow
 * clients shut all others out.) One that has only just come is let be, too: it may have sent its
 * request, and nobody has read it yet. Until there is an older one, no more are accepted.
 *
 * <p>An answer that its client does not take holds a place among the requests that are under way.
 * There are few such answers, since the kernel takes one that small at once, unless the client has
 * left others unread: when there are more than {@value #MAX_UNREAD}, the oldest go.
 */
final class ConnectionLimit extends Handler.Wrapper implements Connection.Listener {
  private static final Logger log = LoggerFactory.getLogger(ConnectionLimit.class);

  /** Far fewer than the requests that may be under way. */
  private static final int MAX_UNREAD = 20;

  /**
   * What a connection has at least, so that a request that was sent with it is read, or an answer
   * taken.
   */
  private static final Duration GRACE = Duration.ofMillis(250);

  private static final Duration SWEEP = GRACE;

  /** What is left to bring a request, or to take an answer, when the server stops. */
  private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);

  private final DrainingConnector connector;
  private final int maxConnections;
  private final Duration patience;
  private final LimitMetrics metrics;

  // All are guarded by this. The second has those whose request is not here yet, the third those
  // whose answer is being sent, and since when, in that order. Any other is being answered.
  private final Set<EndPoint> open = new HashSet<>();
  private final Map<EndPoint, Long> awaited = new LinkedHashMap<>();
  private final Map<EndPoint, Long> unread = new LinkedHashMap<>();
  private @Nullable Long stopping;

  ConnectionLimit(
      Handler handler,
      DrainingConnector connector,
      int maxConnections,
      Duration patience,
      LimitMetrics metrics) {
    super(handler);
    this.connector = connector;
    this.maxConnections = maxConnections;
    this.patience = patience;
    this.metrics = metrics;
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    scheduleSweep();
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
          takeOldest(
              awaited, opened -> open.size() > maxConnections && now - opened > GRACE.toNanos());
      pause = open.size() > maxConnections && connector.isAccepting();
      if (pause) {
        connector.setAccepting(false); // until the next sweep
      }
    }
    close(tooMany, LimitMetrics.Reason.TOO_MANY_CONNECTIONS);
  }

  @Override
  public void onClosed(Connection connection) {
    synchronized (this) {
      open.remove(connection.getEndPoint());
      awaited.remove(connection.getEndPoint());
      unread.remove(connection.getEndPoint());
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (request.getConnectionMetaData().getConnector() == connector) {
      EndPoint endPoint = transport(request.getConnectionMetaData().getConnection().getEndPoint());
      synchronized (this) {
        awaited.remove(endPoint);
      }
      request.addHttpStreamWrapper(stream -> new Answer(stream, endPoint));
    }
    return super.handle(request, response, callback);
  }

  /** Whatever is sent to a client for one request, be it by a servlet or for an error. */
  private final class Answer extends HttpStream.Wrapper {
    private final EndPoint endPoint;

    Answer(HttpStream stream, EndPoint endPoint) {
      super(stream);
      this.endPoint = endPoint;
    }

    @Override
    public void send(
        MetaData.Request request,
        MetaData.@Nullable Response response,
        boolean last,
        @Nullable ByteBuffer content,
        Callback callback) {
      begin(endPoint);
      super.send(request, response, last, content, callback);
    }

    @Override
    public void succeeded() {
      end(endPoint);
      super.succeeded(); // and only then the connection's next request is handled
    }

    @Override
    public void failed(Throwable failure) {
      end(endPoint);
      super.failed(failure);
    }
  }

  private synchronized void begin(EndPoint endPoint) {
    if (open.contains(endPoint)) {
      unread.putIfAbsent(endPoint, System.nanoTime());
    }
  }

  private synchronized void end(EndPoint endPoint) {
    unread.remove(endPoint);
    awaited.remove(endPoint); // or it would keep its place
    if (open.contains(endPoint)) {
      awaited.put(endPoint, System.nanoTime());
    }
  }

  private static EndPoint transport(EndPoint endPoint) {
    return endPoint instanceof EndPoint.Wrapper wrapper ? wrapper.unwrap() : endPoint;
  }

  private void scheduleSweep() {
    Scheduler.Task unused =
        getServer().getScheduler().schedule(this::sweep, SWEEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    try {
      close(slow(), LimitMetrics.Reason.SLOW_REQUEST);
      close(unread(), LimitMetrics.Reason.UNREAD_ANSWER);
      if (!connector.isAccepting()) {
        connector.setAccepting(true);
        makeRoom();
      }
    } finally {
      if (isRunning()) {
        scheduleSweep();
      }
    }
  }

  private synchronized List<EndPoint> slow() {
    long now = System.nanoTime();
    Duration longest = longest(now);
    return takeOldest(awaited, since -> now - since > longest.toNanos());
  }

  /** Returns how long a client may take; less when the server has been stopping. */
  private Duration longest(long now) {
    if (!connector.isDraining()) {
      stopping = null; // it also says so before it starts, which may be after the first sweeps
    } else if (stopping == null) {
      stopping = now;
    }
    return stopping != null && now - stopping > LAST_PATIENCE.toNanos() ? LAST_PATIENCE : patience;
  }

  private synchronized List<EndPoint> unread() {
    long now = System.nanoTime();
    Duration longest = longest(now);
    return takeOldest(
        unread, since -> now - since > (unread.size() > MAX_UNREAD ? GRACE : longest).toNanos());
  }

  private void close(List<EndPoint> endPoints, LimitMetrics.Reason reason) {
    metrics.count(reason, endPoints.size());
    for (EndPoint endPoint : endPoints) {
      try {
        endPoint.close();
      } catch (RuntimeException | Error e) {
        log.error("A connection was not closed in order", e); // the others must be closed, too
      }
    }
  }

  /** Takes out connections, the oldest first, as long as it holds. */
  private List<EndPoint> takeOldest(Map<EndPoint, Long> connections, LongPredicate condition) {
    List<EndPoint> taken = new ArrayList<>();
    Iterator<Map.Entry<EndPoint, Long>> oldest = connections.entrySet().iterator();
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
