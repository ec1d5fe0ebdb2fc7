// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import picocli.CommandLine.Option;

/** The option to write nothing. */
final class DryRunOptions {
  @Option(
      names = "--dry-run",
      description =
          "Writes nothing, but prints what it would write, as YAML for kubectl apply. That holds"
              + " secrets.")
  private boolean set;

  boolean isSet() {
    return set;
  }
}
