// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

/** Looks at one part of a set-up. */
@FunctionalInterface
interface Check {
  /** Writes down what is wrong, what was looked at, and what could not be. */
  void check(Setup setup, Notes notes);
}
