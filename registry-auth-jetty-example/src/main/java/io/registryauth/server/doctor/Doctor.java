// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Looks at a set-up with one check after another. */
public final class Doctor {
  private final InstantSource clock;
  private final List<Check> checks;

  /** Makes one that goes by this clock. */
  public Doctor(InstantSource clock) {
    this.clock = clock;
    checks =
        List.of(
            new ConfigCheck(),
            new BundleCheck(),
            new JwksCheck(),
            new KeyCheck(),
            new AlgorithmsCheck(),
            new TokenCheck(this::now),
            new CaCheck(),
            new DockerConfigCheck(),
            new ReachCheck(this::now));
  }

  private Instant now() {
    return clock.instant();
  }

  /** Says what is wrong with it. */
  public Report examine(Setup setup) {
    Notes notes = new Notes();
    Setup whole = setup.withFilesOfConfig();
    checks.forEach(check -> check.check(whole, notes));
    return notes.report();
  }
}
