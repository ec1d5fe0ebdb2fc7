// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Hands requests to {@link Workers}. So the thread that reads from the network only reads, and no
 * other need be woken while there is work.
 */
final class OnWorkers extends Handler.Wrapper {
  private final Workers workers;
  private final InvocationType reading;

  /**
   * Makes it.
   *
   * @param reading whether a thread may read from the network for all connections in turn
   */
  OnWorkers(Handler handler, Workers workers, InvocationType reading) {
    super(handler);
    this.workers = workers;
    this.reading = reading;
  }

  @Override
  public InvocationType getInvocationType() {
    return reading;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (Capacity.isForToken(request)) {
      workers.executeInLine(() -> answer(request, response, callback));
    } else {
      workers.executeBeside(() -> answer(request, response, callback));
    }
    return true;
  }

  /** Whatever goes wrong, the request must end, or its place would be gone for good. */
  private void answer(Request request, Response response, Callback callback) {
    try {
      if (!super.handle(request, response, callback)) {
        Response.writeError(request, response, callback, HttpStatus.NOT_FOUND_404);
      }
    } catch (Throwable e) {
      Response.writeError(request, response, callback, e);
    }
  }
}
