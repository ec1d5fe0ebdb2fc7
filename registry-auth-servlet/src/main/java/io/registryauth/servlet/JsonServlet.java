// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.registryauth.ErrorCode;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Enumeration;
import java.util.Optional;

/**
 * What the servlets share: methods and body sizes are checked, every error is JSON in the
 * registry's form with a request id, and what goes wrong inside is logged and told as 500 without
 * details.
 */
abstract class JsonServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  /** The greatest body of a request, in bytes; nothing here takes a larger one. */
  private static final int MAX_BODY_BYTES = TokenRequest.MAX_FORM_BYTES;

  private static final String REQUEST_ID = "X-Request-Id";
  private static final int MAX_METHOD_LENGTH = 20;

  private final Duration patience;

  JsonServlet() {
    this(TokenServlet.FORM_PATIENCE);
  }

  JsonServlet(Duration patience) {
    this.patience = patience;
  }

  /** Answers a request with one of the {@link #allowedMethods}. */
  abstract TokenResponse respond(TokenRequest request);

  /** Returns the methods that are answered, as the {@code Allow} header lists them. */
  abstract String allowedMethods();

  @Override
  protected final void service(HttpServletRequest httpRequest, HttpServletResponse httpResponse)
      throws IOException {
    TokenRequest.Builder builder = tokenRequest(httpRequest);
    TokenRequest request = builder.build();
    TokenResponse response;
    try {
      Optional<TokenResponse> refused = refused(httpRequest, request);
      boolean hasForm = refused.isEmpty() && httpRequest.getMethod().equals("POST");
      TokenRequest whole = hasForm ? withForm(builder, httpRequest) : request;
      response = refused.orElseGet(() -> respond(whole));
    } catch (IOException e) {
      response = error(400, ErrorCode.UNSUPPORTED_VALUE, "The body did not come in whole", request);
    } catch (RuntimeException e) {
      log("Request " + request.requestId() + " failed", e);
      response = error(500, ErrorCode.UNKNOWN, "The token service failed", request);
    }
    // Those for a token have it themselves; here for the others, too.
    httpResponse.setHeader(REQUEST_ID, request.requestId());
    write(response, httpRequest.getMethod().equals("HEAD"), httpResponse);
  }

  private static TokenRequest.Builder tokenRequest(HttpServletRequest httpRequest) {
    TokenRequest.Builder request =
        TokenRequest.builder()
            .requestId(httpRequest.getHeader(REQUEST_ID))
            .clientAddress(httpRequest.getRemoteAddr())
            // Not getParameter(): containers differ in what they make of broken encodings.
            .query(httpRequest.getQueryString());
    Enumeration<String> authorizations = httpRequest.getHeaders("Authorization");
    while (authorizations.hasMoreElements()) {
      request.authorization(authorizations.nextElement());
    }
    return request;
  }

  private TokenRequest withForm(TokenRequest.Builder request, HttpServletRequest httpRequest)
      throws IOException {
    return request.form(httpRequest.getContentType(), body(httpRequest.getInputStream())).build();
  }

  /** Reads a body, or as much of it as shows that it is too large. */
  private byte[] body(InputStream in) throws IOException {
    long began = System.nanoTime();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] part = new byte[MAX_BODY_BYTES + 1];
    while (body.size() <= MAX_BODY_BYTES) {
      int length = in.read(part, 0, MAX_BODY_BYTES + 1 - body.size());
      if (length < 0) {
        break;
      }
      body.write(part, 0, length);
      if (System.nanoTime() - began > patience.toNanos()) {
        throw new InterruptedIOException("The body comes too slowly");
      }
    }
    return body.toByteArray();
  }

  private Optional<TokenResponse> refused(HttpServletRequest httpRequest, TokenRequest request) {
    long length = httpRequest.getContentLengthLong();
    if (length > MAX_BODY_BYTES) {
      String message =
          "The body has " + length + " bytes; at most " + MAX_BODY_BYTES + " are valid";
      return Optional.of(error(413, ErrorCode.UNSUPPORTED, message, request));
    }
    String method = httpRequest.getMethod();
    if (!(", " + allowedMethods() + ",").contains(", " + method + ",")) {
      String shown = method.substring(0, Math.min(method.length(), MAX_METHOD_LENGTH));
      String message = "The method " + shown + " is not valid here; valid: " + allowedMethods();
      return Optional.of(
          error(405, ErrorCode.UNSUPPORTED, message, request).with("Allow", allowedMethods()));
    }
    return Optional.empty();
  }

  static TokenResponse error(int status, ErrorCode code, String message, TokenRequest request) {
    return TokenResponse.error(status, code, message, request.requestId());
  }

  private static void write(TokenResponse response, boolean head, HttpServletResponse httpResponse)
      throws IOException {
    byte[] body = response.body().getBytes(UTF_8);
    httpResponse.setStatus(response.status());
    response.headers().forEach(httpResponse::setHeader);
    if (head) {
      httpResponse.setContentLength(body.length);
      return;
    }
    if (!httpResponse.isCommitted()) { // as Tomcat has done with a broken body
      // More than it takes: then the container keeps all of it, and sends it without this thread,
      // which else would wait in write() for as long as a client does not read.
      httpResponse.setBufferSize(body.length + 1);
    }
    httpResponse.getOutputStream().write(body);
  }
}
