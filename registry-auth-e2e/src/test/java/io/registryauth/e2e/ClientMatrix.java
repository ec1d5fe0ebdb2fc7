// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import io.registryauth.e2e.MatrixClient.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What has been measured of clients at registries, and the table of it in Markdown. */
final class ClientMatrix {
  private static final String CANNOT = "–";

  /** A client, at a version of the registry, doing one thing. */
  record Cell(MatrixClient client, String registry, Operation operation) {
    @Override
    public String toString() {
      return client + " × " + registry + ": " + operation;
    }
  }

  private final List<String> registries;
  private final Map<Cell, String> measured = new HashMap<>();

  ClientMatrix(String... registries) {
    this.registries = List.of(registries);
  }

  /** Returns the cells that can be measured. */
  Stream<Cell> cells() {
    return MatrixClient.ALL.stream()
        .flatMap(
            client ->
                registries.stream()
                    .flatMap(
                        registry ->
                            Arrays.stream(Operation.values())
                                .filter(client::can)
                                .map(operation -> new Cell(client, registry, operation))));
  }

  void put(Cell cell, String outcome) {
    measured.put(cell, outcome);
  }

  /** Returns the cells that have not been measured. */
  List<Cell> missing() {
    return cells().filter(cell -> !measured.containsKey(cell)).toList();
  }

  /** Returns the table and its notes. Registries at which a client does the same share a row. */
  String markdown() {
    List<String> lines = new ArrayList<>();
    lines.add(
        row("client", "registry", Arrays.stream(Operation.values()).map(Operation::toString)));
    lines.add("|" + "---|".repeat(2 + Operation.values().length));
    for (MatrixClient client : MatrixClient.ALL) {
      rows(client)
          .forEach(
              (outcomes, versions) ->
                  lines.add(row(client.toString(), versions, outcomes.stream())));
    }
    lines.add("");
    for (MatrixClient client : MatrixClient.ALL) {
      for (Operation operation : Operation.values()) {
        client
            .note(operation)
            .ifPresent(note -> lines.add("- " + client + ", " + operation + ": " + note + "."));
      }
    }
    return String.join("\n", lines) + "\n";
  }

  /** Returns the outcomes of a client, and the registries that have them. */
  private Map<List<String>, String> rows(MatrixClient client) {
    return registries.stream()
        .collect(
            Collectors.groupingBy(
                registry ->
                    Arrays.stream(Operation.values())
                        .map(operation -> outcome(new Cell(client, registry, operation)))
                        .toList(),
                LinkedHashMap::new,
                Collectors.joining(", ")));
  }

  private String outcome(Cell cell) {
    return cell.client().can(cell.operation())
        ? Objects.requireNonNull(measured.get(cell), cell::toString)
        : CANNOT;
  }

  private static String row(String first, String second, Stream<String> rest) {
    return Stream.concat(Stream.of(first, second), rest)
        .collect(Collectors.joining(" | ", "| ", " |"));
  }
}
