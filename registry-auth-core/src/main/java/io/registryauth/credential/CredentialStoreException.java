// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

/**
 * It cannot be told now whether credentials are good: the backend is out of reach or its answer
 * makes no sense. The client is asked to come again; it is never told that its credentials are
 * wrong. The message goes to logs, so it must hold no secret.
 */
public final class CredentialStoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Makes an exception with a message that says what was attempted. */
  public CredentialStoreException(String message) {
    super(message);
  }

  /** Makes an exception with a message that says what was attempted, and its cause. */
  public CredentialStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
