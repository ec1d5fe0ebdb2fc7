// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

/** The code of an error, in the error format of the registry API; clients show and compare it. */
public enum ErrorCode {
  /** The credentials are absent or wrong. */
  UNAUTHORIZED,
  /** The credentials are good, but nothing that was asked may be had. */
  DENIED,
  /** A parameter is absent. */
  MISSING_REQUIRED_FIELD,
  /** A parameter or header has a value that is not valid here. */
  UNSUPPORTED_VALUE,
  /** {@code offline_token} is neither true nor false. */
  BAD_TOKEN_OPTION,
  /** The method or the path is none of the token service's, or the request is too large. */
  UNSUPPORTED,
  /** Too many credentials of the client were wrong. */
  TOOMANYREQUESTS,
  /** It cannot be told now whether the credentials are good, or there are too many requests. */
  UNAVAILABLE,
  /** The token service failed. */
  UNKNOWN
}
