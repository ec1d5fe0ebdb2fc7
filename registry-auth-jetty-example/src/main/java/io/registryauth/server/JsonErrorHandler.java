// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.registryauth.ErrorCode;
import io.registryauth.TokenRequest;
import io.registryauth.TokenResponse;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Tells what no servlet got to see, such as an unknown path, a broken request or one too many, in
 * JSON too.
 */
final class JsonErrorHandler extends ErrorHandler {
  private static final long RETRY_AFTER_SECONDS = 5;

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    TokenResponse error =
        TokenResponse.error(
            status,
            code(status),
            HttpStatus.getMessage(status),
            TokenRequest.builder()
                .requestId(request.getHeaders().get("X-Request-Id"))
                .build()
                .requestId());
    error.headers().forEach(response.getHeaders()::put);
    if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response.write(true, ByteBuffer.wrap(error.body().getBytes(UTF_8)), callback);
    return true;
  }

  private static ErrorCode code(int status) {
    if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
      return ErrorCode.UNAVAILABLE;
    }
    return status < 500 ? ErrorCode.UNSUPPORTED : ErrorCode.UNKNOWN;
  }
}
