// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import java.io.IOException;

/** An object is there already, or was changed since it was read: to be read and tried again. */
final class ConflictException extends IOException {
  private static final long serialVersionUID = 1L;

  ConflictException(String message) {
    super(message);
  }

  ConflictException(String message, Throwable cause) {
    super(message, cause);
  }
}
