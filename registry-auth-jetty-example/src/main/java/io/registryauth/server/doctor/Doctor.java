// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Looks at a set-up with one check after another. */
public final class Doctor {
  private final InstantSource clock;
  private final List<Check> ofTheSetup;
  private final List<Check> ofClients = List.of(new CaCheck(), new DockerConfigCheck());

  /** Makes one that goes by this clock. */
  public Doctor(InstantSource clock) {
    this.clock = clock;
    ofTheSetup =
        List.of(
            new DeploymentCheck(),
            new ConfigCheck(),
            new BundleCheck(),
            new JwksCheck(),
            new KeyCheck(),
            new AlgorithmsCheck(),
            new TokenCheck(this::now));
  }

  private Instant now() {
    return clock.instant();
  }

  /** Says what is wrong with it. */
  public Report examine(Setup given) {
    Notes notes = new Notes();
    Optional<Cluster> cluster = given.cluster();
    Setup setup =
        cluster
            .map(found -> ClusterSetup.complete(given, found, notes))
            .orElse(given)
            .withFilesOfConfig();
    ofTheSetup.forEach(check -> check.check(setup, notes));
    List<Setup> clients =
        cluster.map(found -> Tenants.clients(setup, found, notes)).orElse(List.of(setup));
    for (Setup client : clients) {
      cluster.ifPresent(found -> ofATenant(client, found, notes));
      ofClients.forEach(check -> check.check(client, notes));
    }
    Setup visitor =
        clients.size() == 1
            ? clients.get(0)
            : cluster.map(found -> ClusterSetup.asTheRegistrySays(setup, found)).orElse(setup);
    new ReachCheck(this::now, notes).check(toVisit(visitor, given, notes), clients);
    return notes.report();
  }

  /** The host that a tenant's own Secret names gets no token that the production key has signed. */
  private static Setup toVisit(Setup visitor, Setup given, Notes notes) {
    Optional<String> own = given.cluster().map(cluster -> "https://" + cluster.registryHost());
    if (own.isEmpty() || given.registry().isPresent() || visitor.registry().equals(own)) {
      return visitor;
    }
    notes.notChecked(
        "the registry, " + visitor.registry().map(Hosts::withoutUserinfo).orElse(""),
        "the tenant's Secret alone names it; --registry URL does so, if it is the registry");
    return visitor.toBuilder().registry(Optional.empty()).build();
  }

  private void ofATenant(Setup client, Cluster cluster, Notes notes) {
    new TenantCheck(client, cluster, now(), notes).check();
    new BuildPodCheck(cluster, client.tenant().orElseThrow(), notes).check();
  }
}
