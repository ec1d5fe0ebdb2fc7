// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.testing;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.credential.HtpasswdCredentialStore;
import io.registryauth.credential.InMemoryCredentialStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Core's stores keep the contract; the one of Kubernetes does so in its own module. */
class OurStoresTest {
  private static InMemoryCredentialStore memory(Map<String, List<String>> passwords) {
    InMemoryCredentialStore store = new InMemoryCredentialStore();
    passwords.forEach((name, values) -> store.put(name, values.toArray(String[]::new)));
    return store;
  }

  private static CredentialStore down() {
    return lookup -> {
      throw new CredentialStoreException("The store is down");
    };
  }

  @Nested
  class InMemory extends CredentialStoreContract {
    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) {
      return memory(passwords);
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() {
      return Optional.empty();
    }
  }

  @Nested
  class Directory extends CredentialStoreContract {
    @TempDir private Path temporary;

    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) throws IOException {
      List<String> names = List.of("password", "password-previous");
      for (Map.Entry<String, List<String>> entry : passwords.entrySet()) {
        Path files = Files.createDirectory(temporary.resolve(entry.getKey()));
        Files.writeString(files.resolve("username"), entry.getKey());
        for (int i = 0; i < entry.getValue().size(); i++) {
          Files.writeString(files.resolve(names.get(i)), entry.getValue().get(i));
        }
      }
      return new DirectoryCredentialStore(temporary);
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() throws IOException {
      Path directory = Files.createDirectory(temporary.resolve("credentials"));
      CredentialStore store = new DirectoryCredentialStore(directory);
      Files.delete(directory);
      return Optional.of(store);
    }
  }

  @Nested
  class Htpasswd extends CredentialStoreContract {
    @TempDir private Path temporary;

    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) throws IOException {
      String lines =
          passwords.entrySet().stream()
              .map(entry -> entry.getKey() + ":" + hash(entry.getValue().get(0)) + "\n")
              .collect(Collectors.joining());
      return new HtpasswdCredentialStore(Files.writeString(temporary.resolve("htpasswd"), lines));
    }

    private static String hash(String password) {
      return BCrypt.withDefaults().hashToString(4, password.toCharArray());
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() throws IOException {
      CredentialStore store = storeWith(Map.of());
      Files.writeString(temporary.resolve("htpasswd"), "team:plain\n");
      return Optional.of(store);
    }

    @Override
    protected int maxPasswords() {
      return 1;
    }
  }

  @Nested
  class Caching extends CredentialStoreContract {
    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) {
      return CachingCredentialStore.builder(memory(passwords)).build();
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() {
      return Optional.of(CachingCredentialStore.builder(down()).build());
    }
  }

  @Nested
  class FirstOf extends CredentialStoreContract {
    @Override
    protected CredentialStore storeWith(Map<String, List<String>> passwords) {
      InMemoryCredentialStore first = new InMemoryCredentialStore();
      InMemoryCredentialStore second = memory(passwords);
      if (passwords.containsKey("team")) {
        first.put("team", passwords.get("team").toArray(String[]::new));
        second.put("team", "older-secret");
      }
      return CredentialStore.firstOf(List.of(first, second));
    }

    @Override
    protected Optional<CredentialStore> storeThatCannotTell() {
      return Optional.of(
          CredentialStore.firstOf(
              List.of(down(), new InMemoryCredentialStore().put("team", "first-secret"))));
    }
  }
}
