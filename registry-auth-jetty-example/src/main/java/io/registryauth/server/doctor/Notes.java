// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.server.doctor.Report.NotChecked;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What the checks write down. The same twice is there once. */
final class Notes {
  private final Map<String, Finding> findings = new LinkedHashMap<>();
  private final Set<NotChecked> notChecked = new LinkedHashSet<>();
  private final Set<String> checked = new LinkedHashSet<>();

  void finding(Finding finding) {
    findings.putIfAbsent(finding.id() + " " + finding.where() + " " + finding.problem(), finding);
  }

  /** Writes it down unless another of its kind, of the same place, says why. */
  void consequence(Finding finding) {
    if (findings.values().stream()
        .noneMatch(other -> other.id() == finding.id() && other.where().equals(finding.where()))) {
      finding(finding);
    }
  }

  void finding(FindingId id, String problem, String where, String fix) {
    finding(new Finding(id, problem, where, fix));
  }

  void notChecked(String what, String why) {
    notChecked.add(new NotChecked(what, why));
  }

  void checked(String what) {
    checked.add(what);
  }

  /** Says whether one of these is written down, of a place whose name begins so. */
  boolean has(Set<FindingId> ids, String where) {
    return findings.values().stream()
        .anyMatch(finding -> ids.contains(finding.id()) && finding.where().startsWith(where));
  }

  Report report() {
    return new Report(
        findings.values().stream().toList(),
        notChecked.stream().toList(),
        checked.stream().toList());
  }
}
