// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryCredentialStoreTest {
  @TempDir private Path temporary;

  private Path root;
  private DirectoryCredentialStore store;

  @BeforeEach
  void createStore() throws IOException {
    root = Files.createDirectory(temporary.resolve("credentials"));
    store = new DirectoryCredentialStore(root);
  }

  @Test
  void find_bothFiles_areTheCredentials() throws IOException {
    write("team", "team", "secret");

    assertThat(find("team").orElseThrow().username()).isEqualTo("team");
    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "wrong")).isFalse();
  }

  @Test
  void find_changedFile_isSeenAtOnce() throws IOException {
    write("team", "team", "old");
    assertThat(accepts("team", "old")).isTrue();

    write("team", "team", "new");

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isFalse();
  }

  /** Kubernetes writes a new directory and renames a link to it over the old link. */
  @Test
  void find_linkSwappedAsKubernetesDoes_isSeenAtOnce() throws IOException {
    Path mount = Files.createDirectory(root.resolve("team"));
    swapData(mount, "..2026_01_01", "old");
    Files.createSymbolicLink(mount.resolve("username"), Path.of("..data", "username"));
    Files.createSymbolicLink(mount.resolve("password"), Path.of("..data", "password"));
    assertThat(accepts("team", "old")).isTrue();

    swapData(mount, "..2026_01_02", "new");

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void find_namespaceWithoutDirectory_isEmpty() {
    assertThat(find("team")).isEmpty();
  }

  @Test
  void find_namespaceWithoutFiles_isEmpty() throws IOException {
    Files.createDirectory(root.resolve("team"));

    assertThat(find("team")).isEmpty();
  }

  @Test
  void find_deletedNamespace_isEmpty() throws IOException {
    write("team", "team", "secret");
    assertThat(find("team")).isPresent();

    Files.delete(root.resolve("team/username"));
    Files.delete(root.resolve("team/password"));

    assertThat(find("team")).isEmpty();
  }

  @Test
  void find_accountOfANamespace_hasItsOwnDirectory() throws IOException {
    write("team", "team", "secret");
    write("team+ci", "team+ci", "ci-secret");

    assertThat(find("team+ci").orElseThrow().username()).isEqualTo("team+ci");
    assertThat(find("team+other")).isEmpty();
    assertThat(find("other+ci")).isEmpty();
  }

  /** A link that leads nowhere is there: to take it for nothing would let the account have all. */
  @ParameterizedTest
  @ValueSource(strings = {"actions", "repositories", "expires", "password"})
  void attack_linkThatLeadsNowhere_isNotAsIfItWereNotThere(String name) throws IOException {
    write("team", "team", "secret");
    Path file = root.resolve("team").resolve(name);
    Files.deleteIfExists(file);
    Files.createSymbolicLink(file, root.resolve("gone"));

    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("team"))
        .withMessageContaining(file.toString());
  }

  @Test
  void find_missingPassword_hasCredentialsThatNobodyCanPresent() throws IOException {
    write("team", "team", "secret");
    Files.delete(root.resolve("team/password"));

    assertThat(find("team")).contains(StoredCredentials.unusable("team", "password-is-missing"));
  }

  @Test
  void find_missingUsername_hasCredentialsOfNobody() throws IOException {
    write("team", "team", "secret");
    Files.delete(root.resolve("team/username"));

    assertThat(find("team").orElseThrow().username()).isEmpty();
    assertThat(accepts("team", "secret")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void find_emptyPassword_hasCredentialsThatNobodyCanPresent(String content) throws IOException {
    write("team", "team", content);

    assertThat(find("team").orElseThrow().passwords()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret", "secret\n", "secret\r\n"})
  void find_oneLineEnd_isDropped(String content) throws IOException {
    write("team", "team\n", content);

    assertThat(accepts("team", "secret")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"secret\n\n", "\nsecret", "secret ", " secret", "secret\r", "secret\n\r\n"})
  void find_otherWhiteSpace_isPartOfThePassword(String content) throws IOException {
    write("team", "team", content);

    assertThat(accepts("team", "secret")).isFalse();
  }

  @Test
  void find_fileOf1024Bytes_isReadAndALargerOneIsNot() throws IOException {
    write("team", "team", "p".repeat(1024));
    assertThat(accepts("team", "p".repeat(1024))).isTrue();

    write("team", "team", "p".repeat(1025));
    assertThat(accepts("team", "p".repeat(1025))).isFalse();
    assertThat(accepts("team", "p".repeat(1024))).isFalse();
    assertThat(find("team").orElseThrow().problem()).contains("password-has-more-than-1024-bytes");
  }

  @Test
  void find_filesOfARotation_areAllRead() throws IOException {
    write("team", "team", "new");
    Files.writeString(root.resolve("team/password-previous"), "old");
    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isTrue();

    Files.writeString(root.resolve("team/password-previous-expires"), "1970-01-01T00:00:00Z");
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void find_unreadableFile_saysThatItCannotTell() throws IOException {
    write("team", "team", "secret");
    Files.delete(root.resolve("team/password"));
    Files.createDirectory(root.resolve("team/password"));

    assertCannotTell("team", "Cannot read ");
  }

  @Test
  void find_fileInPlaceOfTheNamespacesDirectory_isEmpty() throws IOException {
    Files.writeString(root.resolve("team"), "secret");

    assertThat(find("team")).isEmpty();
  }

  @Test
  void attack_pipeInPlaceOfAFile_doesNotHang() throws Exception {
    write("team", "team", "secret");
    Path password = root.resolve("team/password");
    Files.delete(password);
    assertThat(new ProcessBuilder("mkfifo", password.toString()).start().waitFor()).isZero();

    assertCannotTell("team", "it is not a file");
  }

  @Test
  void find_wholeDirectoryGone_saysThatItCannotTell() throws IOException {
    Files.delete(root);

    assertCannotTell("team", "is gone");
  }

  @Test
  void constructor_noDirectory_isRefused() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DirectoryCredentialStore(file))
        .withMessage("The credentials directory \"" + file + "\" is not a directory");
  }

  private void write(String namespace, String username, String password) throws IOException {
    Path directory = Files.createDirectories(root.resolve(namespace));
    Files.writeString(directory.resolve("username"), username);
    Files.writeString(directory.resolve("password"), password);
  }

  private static void swapData(Path mount, String version, String password) throws IOException {
    Path directory = Files.createDirectory(mount.resolve(version));
    Files.writeString(directory.resolve("username"), "team");
    Files.writeString(directory.resolve("password"), password);
    Path link = Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of(version));
    Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
  }

  private Optional<StoredCredentials> find(String namespace) {
    return store.find(CredentialLookup.of(AccountName.parse(namespace).orElseThrow()));
  }

  private boolean accepts(String namespace, String password) {
    Credentials presented = new Credentials(namespace, Password.of(password));
    return find(namespace).orElseThrow().accept(presented, Instant.EPOCH);
  }

  private void assertCannotTell(String namespace, String message) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find(namespace))
        .withMessageContaining(message)
        .withMessageNotContaining("secret");
  }
}
