// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A client of the matrix: how to start it, what it cannot do, and what else is to be known. */
record MatrixClient(String title, Starter starter, Map<Operation, Note> notes) {
  static final List<MatrixClient> ALL =
      List.of(
          of(
              "crane",
              CraneSession::new,
              remark(
                  Operation.LOGIN,
                  "only writes a file, and asks nobody; whether the password is right shows later")),
          of("skopeo", SkopeoSession::new),
          of(
              "buildah",
              BuildahSession::new,
              cannot(Operation.DELETE, "`buildah rmi` deletes what is on this machine alone")),
          of("oras", OrasSession::new),
          of(
              "regctl",
              RegctlSession::new,
              remark(
                  Operation.WRONG_PASSWORD,
                  "the login fails, but stores the wrong password all the same"),
              remark(Operation.FOREIGN_PUSH, "says `unauthorized`, and nothing of the answer")),
          of(
              "helm",
              HelmSession::new,
              remark(Operation.WRONG_PASSWORD, "the login comes with POST, and then with GET"),
              cannot(Operation.MOUNT, "pushes a chart from a file, and copies none"),
              cannot(Operation.DELETE, "has no command for it")),
          of(
              "BuildKit",
              BuildKitSession::new,
              cannot(Operation.LOGIN, "has none; `buildctl` reads the file of `docker login`"),
              remark(Operation.WRONG_PASSWORD, "comes with POST, and then with GET"),
              cannot(Operation.DELETE, "has no command for it")),
          of(
              "Jib",
              JibSession::new,
              cannot(Operation.LOGIN, "has none; its user gives the password, or a file of Docker"),
              cannot(Operation.DELETE, "has no call for it"),
              remark(
                  Operation.IDENTITY_TOKEN,
                  "as the password of the user `<token>`; an `identitytoken` in Docker's file it leaves"
                      + " aside")));

  /** What is tried; the columns of the table. */
  enum Operation {
    LOGIN("login"),
    WRONG_PASSWORD("wrong password"),
    PUSH("push"),
    PULL("pull"),
    MOUNT("mount"),
    DELETE("delete"),
    FOREIGN_PUSH("foreign push"),
    ANONYMOUS_PULL("anonymous pull"),
    IDENTITY_TOKEN("identity token");

    private final String title;

    Operation(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  /** Starts a client in a new home below a directory. */
  @FunctionalInterface
  interface Starter {
    ClientSession start(Path parent, String registry) throws Exception;
  }

  /** Why it cannot, or how it does. */
  record Note(Operation operation, boolean able, String text) {}

  MatrixClient {
    notes = Map.copyOf(notes);
  }

  private static MatrixClient of(String title, Starter starter, Note... notes) {
    return new MatrixClient(
        title, starter, Stream.of(notes).collect(Collectors.toMap(Note::operation, note -> note)));
  }

  private static Note cannot(Operation operation, String why) {
    return new Note(operation, false, why);
  }

  private static Note remark(Operation operation, String text) {
    return new Note(operation, true, text);
  }

  boolean can(Operation operation) {
    return !notes.containsKey(operation) || notes.get(operation).able();
  }

  /** Returns why it cannot, or how it does. */
  Optional<String> note(Operation operation) {
    return Optional.ofNullable(notes.get(operation)).map(Note::text);
  }

  ClientSession start(Path parent, String registry) throws Exception {
    return starter.start(parent, registry);
  }

  @Override
  public String toString() {
    return title;
  }
}
