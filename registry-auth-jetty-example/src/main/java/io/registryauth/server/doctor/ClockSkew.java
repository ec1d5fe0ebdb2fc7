// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CLOCK_SKEW;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.function.Supplier;

/** Compares the clock of who answers with the own one. */
final class ClockSkew {
  private static final Duration ALLOWED = Duration.ofSeconds(30);

  private final Supplier<Instant> now;

  ClockSkew(Supplier<Instant> now) {
    this.now = now;
  }

  void check(Http.Answer answer, String who, String where, Notes notes) {
    Date date = answer.headers().getDate("Date");
    if (date == null) {
      return;
    }
    Duration behind = Duration.between(date.toInstant(), now.get());
    if (behind.abs().compareTo(ALLOWED) > 0) {
      notes.finding(
          CLOCK_SKEW,
          "the clock of %s is %d s %s that of this machine: registries refuse tokens that are not valid"
                  .formatted(
                      who, behind.abs().toSeconds(), behind.isNegative() ? "ahead of" : "behind")
              + " yet or any more, with 60 s of leeway",
          where,
          "set both clocks by NTP: timedatectl set-ntp true, on each node");
    }
  }
}
