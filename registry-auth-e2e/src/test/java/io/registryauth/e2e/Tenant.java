// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** A namespace and the password that it presents. */
record Tenant(String name, String password) {
  static final Tenant TEST_BUILD = new Tenant("test-build", "test-password-123");
  static final Tenant OTHER = new Tenant("other-namespace", "other-password-456");

  /** Writes the files that a {@code directory:} store reads. */
  void store(Path credentials) throws IOException {
    Path files = Files.createDirectories(credentials.resolve(name));
    Files.writeString(files.resolve("username"), name);
    Files.writeString(files.resolve("password"), password);
  }

  /** Returns what a client puts into the header {@code Authorization}. */
  String authorization() {
    return "Basic " + base64();
  }

  String base64() {
    return Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8));
  }
}
