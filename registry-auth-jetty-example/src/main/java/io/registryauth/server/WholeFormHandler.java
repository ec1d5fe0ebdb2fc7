// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.registryauth.TokenRequest;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Takes in the form of a POST before a servlet is called. A servlet would wait for what is missing
 * of it and keep a thread meanwhile: as many clients as there are threads, which send a part and
 * then nothing, would stop the server. Here they keep none.
 *
 * <p>Jetty's own EagerContentHandler does the same, but keeps the buffers that the parts came in,
 * however little is in each.
 */
final class WholeFormHandler extends Handler.Wrapper {
  /** One more tells the servlet that it is too large. */
  private static final int MAX_BYTES = TokenRequest.MAX_FORM_BYTES + 1;

  WholeFormHandler(Handler handler) {
    super(handler);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    // What is refused by its length is not read at all.
    if (!HttpMethod.POST.is(request.getMethod()) || request.getLength() >= MAX_BYTES) {
      return super.handle(request, response, callback);
    }
    new Form(request, response, callback).take();
    return true;
  }

  /** A form that comes in. Jetty calls it from one thread at a time. */
  private final class Form {
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);

    Form(Request request, Response response, Callback callback) {
      this.request = request;
      this.response = response;
      this.callback = callback;
    }

    /** Takes what is there, and comes back for more or goes on with the whole. */
    void take() {
      while (true) {
        Content.Chunk chunk = request.read();
        if (chunk == null) {
          request.demand(this::take);
          return;
        }
        if (Content.Chunk.isFailure(chunk)) {
          handle(Content.Chunk.from(chunk.getFailure(), true));
          return;
        }
        copy(chunk.getByteBuffer());
        boolean last = chunk.isLast() || !bytes.hasRemaining();
        chunk.release();
        if (last) {
          handle(Content.Chunk.EOF);
          return;
        }
      }
    }

    private void copy(ByteBuffer part) {
      int length = Math.min(part.remaining(), bytes.remaining());
      bytes.put(part.slice(part.position(), length));
    }

    private void handle(Content.Chunk end) {
      bytes.flip();
      try {
        if (!getHandler().handle(new Whole(request, bytes, end), response, callback)) {
          Response.writeError(request, response, callback, HttpStatus.NOT_FOUND_404);
        }
      } catch (Exception e) {
        Response.writeError(request, response, callback, e);
      }
    }
  }

  /** A request whose form is there: its bytes, and then the end of it, which may be a failure. */
  private static final class Whole extends Request.Wrapper {
    private final Content.Chunk end;
    private Optional<ByteBuffer> bytes;

    Whole(Request request, ByteBuffer bytes, Content.Chunk end) {
      super(request);
      this.bytes = Optional.of(bytes);
      this.end = end;
    }

    @Override
    public Content.Chunk read() {
      Content.Chunk next = bytes.map(all -> Content.Chunk.from(all, false)).orElse(end);
      bytes = Optional.empty();
      return next;
    }

    @Override
    public void demand(Runnable callback) {
      callback.run();
    }
  }
}
