// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

/** What a program that has ended left. */
record Completed(String command, int status, String stdout, String stderr) {
  /** Returns the standard output of a program that should have succeeded. */
  String orFail() {
    if (status != 0) {
      throw new AssertionError(toString());
    }
    return stdout;
  }

  String output() {
    return stdout + stderr;
  }

  @Override
  public String toString() {
    return "%s%nended with status %d%n%s%n%s".formatted(command, status, stdout, stderr);
  }
}
