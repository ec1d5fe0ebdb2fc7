// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.TokenRequest;
import java.io.ByteArrayOutputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Hands a POST on when its body is there. A servlet that reads a body holds a thread until the last
 * byte has come, and a few hundred clients that leave theirs out would hold all there are. Here a
 * body that has not come holds its connection alone: for as long as the connector lets it be idle,
 * and if it comes in drops, for the patience that is left of it on top.
 *
 * <p>Of a body that is longer than valid it hands on so much that this can be seen. (Jetty's own
 * {@code EagerContentHandler} keeps the buffers that the parts came in, 8 KiB for each byte of an
 * attacker; here they are copied.)
 */
final class WholeBodyHandler extends Handler.Wrapper {
  private final Duration patience;

  WholeBodyHandler(Handler handler, Duration patience) {
    super(handler);
    this.patience = patience;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    if (!HttpMethod.POST.is(request.getMethod())
        || request.getLength() == 0
        || request.getLength() > TokenRequest.MAX_FORM_BYTES) {
      return super.handle(request, response, callback);
    }
    new Body(request, response, callback).run();
    return true;
  }

  /** What has come of a body; run whenever there is more. */
  private final class Body implements Runnable {
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final long began = System.nanoTime();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Body(Request request, Response response, Callback callback) {
      this.request = request;
      this.response = response;
      this.callback = callback;
    }

    @Override
    public void run() {
      while (true) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          request.demand(this);
          return;
        }
        if (Content.Chunk.isFailure(chunk)) {
          handOn(chunk);
          return;
        }
        boolean last = append(chunk);
        if (last || bytes.size() > TokenRequest.MAX_FORM_BYTES) {
          handOn(Content.Chunk.from(ByteBuffer.wrap(bytes.toByteArray()), true));
          return;
        }
        if (System.nanoTime() - began > patience.toNanos()) {
          handOn(Content.Chunk.from(new InterruptedIOException("The body comes too slowly"), true));
          return;
        }
      }
    }

    private boolean append(Content.Chunk chunk) {
      byte[] part = new byte[chunk.remaining()];
      chunk.get(part, 0, part.length);
      chunk.release();
      bytes.write(part, 0, part.length);
      return chunk.isLast();
    }

    private void handOn(Content.Chunk body) {
      Request whole = new WholeRequest(request, body);
      try {
        if (!WholeBodyHandler.super.handle(whole, response, callback)) {
          Response.writeError(whole, response, callback, HttpStatus.NOT_FOUND_404);
        }
      } catch (Exception e) {
        Response.writeError(whole, response, callback, e);
      }
    }
  }

  /** A request whose body, or why there is none, is known. */
  private static final class WholeRequest extends Request.Wrapper {
    private final long came = System.nanoTime();
    private Content.Chunk next;

    WholeRequest(Request request, Content.Chunk body) {
      super(request);
      next = body;
    }

    /** What a client takes for its body is not the time that it is answered in. */
    @Override
    public long getHeadersNanoTime() {
      return came;
    }

    @Override
    public Content.Chunk read() {
      Content.Chunk chunk = next;
      next = Content.Chunk.next(chunk);
      return chunk;
    }

    @Override
    public void demand(Runnable demandCallback) {
      getContext().execute(demandCallback);
    }
  }
}
