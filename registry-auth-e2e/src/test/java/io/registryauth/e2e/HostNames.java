// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Names of hosts, such as a cluster's Services have, on loopback addresses of their own. Only
 * programs that are started for it know them: each has a mount namespace in which another file is
 * at {@code /etc/hosts}. That, and the ports below 1024, need root.
 */
final class HostNames {
  private final Path file;
  private final Map<String, String> addresses;

  private HostNames(Path file, Map<String, String> addresses) {
    this.file = file;
    this.addresses = addresses;
  }

  static HostNames create(Path parent, String... names) throws IOException {
    Peers.requireRoot("Names of hosts, and port 443, need root");
    Random random = new Random();
    Map<String, String> addresses =
        Stream.of(names)
            .collect(
                Collectors.toMap(
                    name -> name,
                    name ->
                        "127.%d.%d.%d"
                            .formatted(
                                1 + random.nextInt(254),
                                random.nextInt(256),
                                1 + random.nextInt(254))));
    String hosts =
        addresses.entrySet().stream()
            .map(host -> host.getValue() + " " + host.getKey() + "\n")
            .collect(Collectors.joining("", "127.0.0.1 localhost\n", ""));
    return new HostNames(
        Files.writeString(Files.createTempFile(parent, "hosts-", ".txt"), hosts), addresses);
  }

  String address(String name) {
    return addresses.get(name);
  }

  /** Returns a command that runs another one, which then knows the names. */
  List<String> known(List<String> command) {
    return Stream.concat(
            Stream.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/hosts && exec \"$@\"",
                file.toString()),
            command.stream())
        .toList();
  }
}
