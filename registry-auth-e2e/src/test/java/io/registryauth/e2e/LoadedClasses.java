// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a JVM wrote of the server's own classes, by {@code -Xlog:class+load}.
 *
 * @param archived those that it got from an archive of class data
 * @param read those that it read from a jar
 */
record LoadedClasses(List<String> archived, List<String> read) {
  static LoadedClasses read(Path log) throws IOException {
    List<String> own =
        Files.readAllLines(log).stream()
            .filter(line -> line.contains(" io.registryauth."))
            .toList();
    return new LoadedClasses(
        own.stream().filter(line -> line.contains("source: shared objects file")).toList(),
        own.stream().filter(line -> line.contains("source: file:")).toList());
  }
}
