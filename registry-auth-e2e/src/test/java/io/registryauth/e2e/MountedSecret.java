// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A Secret of the type {@code kubernetes.io/tls} as the kubelet mounts it: {@code tls.crt} is a
 * link to {@code ..data/tls.crt}, and an update exchanges the link {@code ..data} at once for one
 * to another directory.
 */
final class MountedSecret {
  private final Path directory;

  private MountedSecret(Path directory) {
    this.directory = directory;
  }

  static MountedSecret create(Path parent, Keys keys) throws IOException {
    MountedSecret secret = new MountedSecret(Files.createTempDirectory(parent, "secret-"));
    secret.update(Files.readString(keys.certificate()), Files.readString(keys.key()));
    for (Path file : new Path[] {secret.certificate(), secret.key()}) {
      Files.createSymbolicLink(file, Path.of("..data").resolve(file.getFileName()));
    }
    return secret;
  }

  void update(String certificate, String key) throws IOException {
    Path data = directory.resolve("..data");
    Path before = Files.exists(data) ? data.toRealPath() : directory.resolve("..none");
    Path next = Files.createTempDirectory(directory, "..version-");
    Files.writeString(next.resolve("tls.crt"), certificate);
    Files.writeString(next.resolve("tls.key"), key);
    Path link = Files.createSymbolicLink(directory.resolve("..data_tmp"), next.getFileName());
    Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(before.resolve("tls.crt"));
    Files.deleteIfExists(before.resolve("tls.key"));
    Files.deleteIfExists(before);
  }

  Path certificate() {
    return directory.resolve("tls.crt");
  }

  Path key() {
    return directory.resolve("tls.key");
  }
}
