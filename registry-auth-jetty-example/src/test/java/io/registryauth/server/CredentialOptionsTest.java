// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.Password;
import io.registryauth.tenant.AccountName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The cache in front of files. */
@Timeout(60)
class CredentialOptionsTest {
  private static final Instant NOW = Instant.EPOCH;

  @TempDir private Path directory;

  @Command
  private static final class Options {
    @Mixin private CredentialOptions credentials;
  }

  @BeforeEach
  void createTenant() throws Exception {
    write("team", "old");
  }

  private void write(String tenant, String password) throws Exception {
    Path files = Files.createDirectories(directory.resolve(tenant));
    Files.writeString(files.resolve("username"), tenant);
    Files.writeString(files.resolve("password"), password);
  }

  private CredentialStore open(String... options) {
    Options parsed = new Options();
    CommandLine line = new CommandLine(parsed);
    CommandLine.ParseResult unused = line.parseArgs(options);
    return parsed.credentials.credentialStore(
        () -> {
          throw new AssertionError("Kubernetes is not asked");
        },
        watch -> {
          throw new AssertionError("There is no watch");
        },
        new Metrics());
  }

  private CredentialStore openDirectory() {
    return open("--credentials=directory:" + directory);
  }

  private static boolean accepts(CredentialStore store, String tenant, String password) {
    Credentials presented = new Credentials(tenant, Password.of(password));
    CredentialLookup lookup =
        new CredentialLookup(
            AccountName.parse(tenant).orElseThrow(), stored -> stored.accept(presented, NOW));
    return store.find(lookup).filter(stored -> stored.accept(presented, NOW)).isPresent();
  }

  @Test
  void directory_newTenantAfterTriesInVain_isThereAtOnce() throws Exception {
    CredentialStore store = openDirectory();
    for (int i = 0; i < 1_000; i++) {
      assertThat(accepts(store, "late", "x")).isFalse();
    }

    write("late", "x");

    assertThat(accepts(store, "late", "x")).isTrue();
  }

  @Test
  void directory_newPasswordAfterTriesInVain_countsAtOnce() throws Exception {
    CredentialStore store = openDirectory();
    assertThat(accepts(store, "team", "old")).isTrue();
    for (int i = 0; i < 1_000; i++) {
      assertThat(accepts(store, "team", "new")).isFalse();
    }

    write("team", "new");

    assertThat(accepts(store, "team", "new")).isTrue();
    assertThat(accepts(store, "team", "old")).isFalse();
  }

  @Test
  void directory_replacedOrDeleted_isRefusedSoon() throws Exception {
    CredentialStore store = openDirectory();
    assertThat(accepts(store, "team", "old")).isTrue();

    write("team", "new");
    while (accepts(store, "team", "old")) {
      TimeUnit.MILLISECONDS.sleep(10); // the class's limit of time ends it
    }

    Files.delete(directory.resolve("team/password"));
    while (accepts(store, "team", "new")) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /** Else what such a file was to take away would be had. */
  @Test
  void directory_thatCannotBeRead_isAnErrorSoon() throws Exception {
    CredentialStore store = openDirectory();
    assertThat(accepts(store, "team", "old")).isTrue();

    Files.createSymbolicLink(directory.resolve("team/expires"), Path.of("nowhere"));

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(
            () -> {
              while (accepts(store, "team", "old")) {
                TimeUnit.MILLISECONDS.sleep(10);
              }
            });
  }

  @Test
  void directory_withATimeForTheCache_isServedFromCopiesWhileItCannotBeRead() throws Exception {
    CredentialStore store =
        open("--credentials=directory:" + directory, "--cache-ttl=0s", "--cache-stale=5m");
    assertThat(accepts(store, "team", "old")).isTrue();

    Files.createSymbolicLink(directory.resolve("team/expires"), Path.of("nowhere"));

    assertThat(accepts(store, "team", "old")).isTrue();
  }
}
