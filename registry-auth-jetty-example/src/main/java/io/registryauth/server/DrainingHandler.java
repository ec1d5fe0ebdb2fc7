// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Lets a server that stops finish what it has accepted. Jetty answers 503 to a request that comes
 * on a connection that is still open; a build would fail of it, so such a request is answered. Each
 * answer that begins while the server stops says that the connection ends with it.
 */
final class DrainingHandler extends GracefulHandler {
  DrainingHandler(Handler handler) {
    super(handler);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    request.addHttpStreamWrapper(Answer::new);
    return super.handle(request, response, callback);
  }

  @Override
  protected void handleShutdownRejection(Request request, Response response, Callback callback) {
    try {
      if (!getHandler().handle(request, response, callback)) {
        super.handleShutdownRejection(request, response, callback);
      }
    } catch (Exception e) {
      Response.writeError(request, response, callback, e);
    }
  }

  private final class Answer extends HttpStream.Wrapper {
    Answer(HttpStream stream) {
      super(stream);
    }

    @Override
    public void send(
        MetaData.Request request,
        MetaData.@Nullable Response response,
        boolean last,
        @Nullable ByteBuffer content,
        Callback callback) {
      super.send(
          request,
          response != null && isShutdown() ? asLast(response) : response,
          last,
          content,
          callback);
    }

    private static MetaData.Response asLast(MetaData.Response response) {
      return new MetaData.Response(
          response.getStatus(),
          response.getReason(),
          response.getHttpVersion(),
          HttpFields.build(response.getHttpFields())
              .put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE),
          response.getContentLength(),
          response.getTrailersSupplier());
    }
  }
}
