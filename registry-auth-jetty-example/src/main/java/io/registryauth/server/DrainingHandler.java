// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Lets a server that stops finish what it has accepted. Jetty answers 503 to a request that comes
 * on a connection that is still open; a build would fail of it, so such a request is answered, and
 * the connection closed after it.
 */
final class DrainingHandler extends GracefulHandler {
  DrainingHandler(Handler handler) {
    super(handler);
  }

  @Override
  protected void handleShutdownRejection(Request request, Response response, Callback callback) {
    response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
    try {
      if (!getHandler().handle(request, response, callback)) {
        super.handleShutdownRejection(request, response, callback);
      }
    } catch (Exception e) {
      Response.writeError(request, response, callback, e);
    }
  }
}
