// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Answers scrapes, and refuses every other method: TRACE, say, would send headers back. An answer
 * is left to Jetty, whole: the library ends it itself, and would wait, on its thread, until the
 * client has read.
 */
final class MetricsServlet extends PrometheusMetricsServlet {
  private static final long serialVersionUID = 1L;

  MetricsServlet(PrometheusRegistry registry) {
    super(registry);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    if (request.getMethod().equals("GET")) {
      WholeResponse whole = new WholeResponse(response);
      super.service(request, whole);
      whole.handOn();
    } else {
      response.setHeader("Allow", "GET");
      response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
    }
  }

  /** Keeps what is written, and its length from Jetty, for which the last byte would be the end. */
  private static final class WholeResponse extends HttpServletResponseWrapper {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    WholeResponse(HttpServletResponse response) {
      super(response);
    }

    @Override
    public void setContentLength(int length) {}

    @Override
    public void setHeader(String name, String value) {
      if (!name.equalsIgnoreCase("Content-Length")) { // which it may set as such, too
        super.setHeader(name, value);
      }
    }

    @Override
    public ServletOutputStream getOutputStream() {
      return new ServletOutputStream() {
        @Override
        public void write(int b) {
          body.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
          body.write(bytes, offset, length);
        }

        @Override
        public boolean isReady() {
          return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
          throw new IllegalStateException("What is written here waits for nothing");
        }
      };
    }

    void handOn() throws IOException {
      getResponse().setBufferSize(body.size() + 1); // more than it takes
      body.writeTo(getResponse().getOutputStream());
    }
  }
}
