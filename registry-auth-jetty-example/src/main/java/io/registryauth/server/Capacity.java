// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.collect.ImmutableSet;
import java.time.Duration;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.QoSHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Bounds the requests for tokens that are under way, and that wait for a place among them; one
 * more, or one that has waited too long, gets 503. Probes always have a place.
 */
final class Capacity extends QoSHandler {
  // More than may wait for a store, three times 48, and for bcrypt, 24, and fewer than there may be
  // workers.
  private static final int MAX_UNDER_WAY = 180;
  private static final int MAX_WAITING = 180;
  private static final Duration MAX_WAIT = Duration.ofSeconds(1);

  private static final ImmutableSet<String> TOKEN_PATHS = ImmutableSet.of("/auth", "/token");

  private final Workers workers;
  private final LimitMetrics metrics;

  Capacity(Handler handler, Workers workers, LimitMetrics metrics) {
    super(handler);
    this.workers = workers;
    this.metrics = metrics;
    TOKEN_PATHS.forEach(this::includePath);
    setMaxRequestCount(MAX_UNDER_WAY);
    setMaxSuspendedRequestCount(MAX_WAITING);
    setMaxSuspend(MAX_WAIT);
  }

  @Override
  protected void reject(Request request, Response response, Callback callback, int status) {
    metrics.count(LimitMetrics.Reason.NO_PLACE, 1);
    // Not by the thread that reads, which a client with one request after the other would keep,
    // nor in the line of the requests that have a place.
    workers.executeBeside(() -> super.reject(request, response, callback, status));
  }

  @Override
  protected void expireSuspended(Request request, Response response, Callback callback) {
    metrics.count(LimitMetrics.Reason.NO_PLACE, 1);
    super.expireSuspended(request, response, callback);
  }

  /** Whether a request is one of those that are counted. */
  static boolean isForToken(Request request) {
    return TOKEN_PATHS.contains(Request.getPathInContext(request));
  }
}
