// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HtpasswdCredentialStoreTest {
  private static final Duration SETTLING = Duration.ofSeconds(1);
  private static final Duration TICK = Duration.ofNanos(1);

  @TempDir private Path temporary;

  private final FakeTicker ticker = new FakeTicker(Long.MAX_VALUE - 500_000_000);
  private Path file;
  private HtpasswdCredentialStore store;

  @BeforeEach
  void createStore() throws IOException {
    file = temporary.resolve("htpasswd");
    Files.writeString(file, line("team", "secret"));
    store = new HtpasswdCredentialStore(file, ticker);
  }

  @Test
  void find_line_isTheCredentials() {
    assertThat(find("team").orElseThrow().username()).isEqualTo("team");
    assertThat(accepts("team", "secret")).isTrue();
    assertThat(accepts("team", "wrong")).isFalse();
    assertThat(find("other")).isEmpty();
  }

  @Test
  void find_hashItselfAsThePassword_isRefused() throws IOException {
    String hash = Files.readString(file).strip().substring("team:".length());

    assertThat(accepts("team", hash)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2a", "2b", "2y"})
  void find_eachVersionOfBcrypt_isRead(String version) throws IOException {
    replace(line("team", "other").replace("$2a$", "$" + version + "$"));

    assertThat(accepts("team", "other")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n"})
  void find_commentsAndBlankLines_areSkipped(String lineEnd) throws IOException {
    replace(
        String.join(
            lineEnd,
            "# those who build: \u00fc",
            "",
            "  ",
            line("team", "one").strip(),
            "#gone:" + "x",
            line("other", "two").strip() + " "));

    assertThat(accepts("team", "one")).isTrue();
    assertThat(accepts("other", "two")).isTrue();
    assertThat(find("gone")).isEmpty();
  }

  @Test
  void find_emptyFile_isEmpty() throws IOException {
    replace("");

    assertThat(find("team")).isEmpty();
  }

  @Test
  void find_fileWrittenAnew_isSeenAtOnce() throws IOException {
    Files.writeString(file, line("team", "new") + line("other", "two"));

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "secret")).isFalse();
    assertThat(accepts("other", "two")).isTrue();
  }

  @Test
  void find_fileReplacedByOneOfTheSameSizeAndTime_isSeenAtOnce() throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    Path other = Files.writeString(temporary.resolve("other"), line("team", "new"));
    Files.setLastModifiedTime(other, time);
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "secret")).isFalse();
  }

  @Test
  void find_linkSwappedAsKubernetesDoes_isSeenAtOnce() throws IOException {
    Path mount = Files.createDirectory(temporary.resolve("mount"));
    swapData(mount, "..2026_01_01", line("team", "old"));
    Path link = Files.createSymbolicLink(mount.resolve("htpasswd"), Path.of("..data", "htpasswd"));
    store = new HtpasswdCredentialStore(link, ticker);
    assertThat(accepts("team", "old")).isTrue();

    swapData(mount, "..2026_01_02", line("team", "new"));

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void find_unseenChangeRightAfterAnother_isSeenAfterASecond() throws IOException {
    writeUnseen(line("team", "new"));
    ticker.advance(SETTLING.minus(TICK));
    assertThat(accepts("team", "new")).isFalse();

    ticker.advance(TICK);

    assertThat(accepts("team", "new")).isTrue();
    assertThat(accepts("team", "secret")).isFalse();
  }

  /** Or each request would read the whole file. */
  @Test
  void find_fileThatHasSettled_isNotReadAgain() throws IOException {
    ticker.advance(SETTLING);
    assertThat(accepts("team", "secret")).isTrue();
    writeUnseen(line("team", "new"));
    ticker.advance(Duration.ofHours(1));

    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_fileGone_cannotTellUntilItIsBack() throws IOException {
    String before = Files.readString(file);
    Files.delete(file);
    assertCannotTell("cannot be read");

    Files.writeString(file, before);
    assertThat(accepts("team", "secret")).isTrue();
  }

  @Test
  void find_fileThatBecameWrong_cannotTellForAnybodyUntilItIsRight() throws IOException {
    Files.writeString(file, line("team", "secret") + "half-a-line");
    assertCannotTell("line 2: there is no colon");
    assertCannotTell("line 2: there is no colon");

    Files.writeString(file, line("team", "new"));
    assertThat(accepts("team", "new")).isTrue();
  }

  @Test
  void find_directoryInPlaceOfTheFile_cannotTell() throws IOException {
    Files.delete(file);
    Files.createDirectory(file);

    assertCannotTell("is not a file");
  }

  @Test
  void attack_pipeInPlaceOfTheFile_doesNotHang() throws Exception {
    Files.delete(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();

    assertCannotTell("is not a file");
  }

  @Test
  void find_fileThatIsTooLarge_cannotTell() throws IOException {
    String team = line("team", "secret");
    Files.writeString(file, team + "#".repeat(HtpasswdCredentialStore.MAX_BYTES - team.length()));
    assertThat(accepts("team", "secret")).isTrue();

    Files.writeString(
        file, team + "#".repeat(HtpasswdCredentialStore.MAX_BYTES - team.length() + 1));
    assertCannotTell("has more than 10485760 bytes");
  }

  /** Or the time would tell that there is no such account. */
  @Test
  void standIn_isAsCostlyAsTheCostliestAndNobodys() throws IOException {
    String five = BCrypt.withDefaults().hashToString(5, "secret".toCharArray());
    Files.writeString(file, line("team", "secret") + "other:" + five + "\n" + line("c", "secret"));
    store = new HtpasswdCredentialStore(file, ticker);

    HtpasswdFile content = HtpasswdFile.parse(Files.readString(file));
    assertThat(content.maxCost()).isEqualTo(5);
    assertThat(store.standIn()).isSameAs(content.standIn()).isNotSameAs(StoredPassword.NOBODYS);
    assertThat(store.standIn().matches(Password.of("secret"), Instant.EPOCH)).isFalse();
    assertThat(CredentialStore.firstOf(List.of(store)).standIn()).isSameAs(store.standIn());
    assertThat(CachingCredentialStore.builder(store).build().standIn()).isSameAs(store.standIn());
  }

  /**
   * A hash takes a thousand times as long as no hash: a quarter is far from both. The passwords are
   * the same for each name: that one was wrong for another must not be remembered.
   */
  @Test
  void attack_timeOfAnAnswer_doesNotTellWhichAccountsThereAre() throws IOException {
    String costly = BCrypt.withDefaults().hashToString(10, "secret".toCharArray());
    Files.writeString(file, "team:" + costly + "\n");
    CredentialStoreAuthenticator authenticator =
        new CredentialStoreAuthenticator(new HtpasswdCredentialStore(file, ticker));

    long known = fastest(authenticator, "team");
    assertThat(fastest(authenticator, "nobody")).isGreaterThan(known / 4);
    assertThat(fastest(authenticator, "no user name")).isGreaterThan(known / 4);
  }

  private static long time(
      CredentialStoreAuthenticator authenticator, String username, Password wrong) {
    long began = System.nanoTime();
    assertThat(
            authenticator.authenticate(new AuthenticationRequest(new Credentials(username, wrong))))
        .isInstanceOf(AuthenticationResult.Refused.class);
    return System.nanoTime() - began;
  }

  private static long fastest(CredentialStoreAuthenticator authenticator, String username) {
    return IntStream.range(0, 5)
        .mapToLong(
            attempt -> {
              Password wrong = Password.of("wrong-" + attempt);
              return time(authenticator, username, wrong);
            })
        .min()
        .orElseThrow();
  }

  @Test
  void find_accountOfANamespace_hasItsOwnLine() throws IOException {
    Files.writeString(file, line("team", "secret") + line("team+ci", "ci-secret"));
    store = new HtpasswdCredentialStore(file, ticker);

    assertThat(find("team+ci").orElseThrow().username()).isEqualTo("team+ci");
    assertThat(find("team").orElseThrow().username()).isEqualTo("team");
    assertThat(find("team+other")).isEmpty();
    assertThat(find("other+ci")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "team | there is no colon; valid is USER:HASH",
        "Classified:HASH | the user is no account; valid is NAMESPACE or NAMESPACE+NAME, each of",
        ":HASH | the user is no account",
        "team+:HASH | the user is no account",
        "team+team:HASH | the user is no account",
        "team/other:HASH | the user is no account",
        "other: | This is no bcrypt hash; valid are $2a$, $2b$ and $2y$",
        "other:classified | This is no bcrypt hash",
        "other:$apr1$classif$xxxxxxxxxxxxxxxxxxxxxx | This is no bcrypt hash",
        "other:{SHA}classified | This is no bcrypt hash",
        "other:$5$classified$xxxxxxxxxxxxxxxxxxxxxx | This is no bcrypt hash",
        "other:xyclassifiedcrypt | This is no bcrypt hash",
        "other:HASH:classified | This is no bcrypt hash",
        "other:COST03 | A bcrypt hash has the cost 3; valid are 4 to 12",
        "other:COST13 | A bcrypt hash has the cost 13; valid are 4 to 12",
        "team:HASH | a line above has the same user"
      })
  void constructor_wrongLine_isRefusedByItsNumberAndNotShown(String wrong, String expected)
      throws IOException {
    String hash = hash("other");
    String content =
        wrong
            .replace("HASH", hash)
            .replace("COST03", hash.replace("$04$", "$03$"))
            .replace("COST13", hash.replace("$04$", "$13$"));
    Files.writeString(file, "# comment\n\n" + line("team", "secret") + content + "\n");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HtpasswdCredentialStore(file))
        .withMessageStartingWith("The htpasswd file \"" + file + "\", line 4: " + expected)
        .satisfies(
            refusal ->
                assertThat(refusal.toString().replace(file.toString(), ""))
                    .doesNotContain(hash.substring(10))
                    .doesNotContainIgnoringCase("classif"));
  }

  @Test
  void constructor_missingFile_isRefused() {
    Path missing = temporary.resolve("missing");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HtpasswdCredentialStore(missing))
        .withMessageStartingWith("The htpasswd file \"" + missing + "\" cannot be read: ");
  }

  private static String line(String namespace, String password) {
    return namespace + ":" + hash(password) + "\n";
  }

  private static String hash(String password) {
    return BCrypt.withDefaults().hashToString(4, password.toCharArray());
  }

  private void replace(String content) throws IOException {
    Path other = Files.writeString(temporary.resolve("other"), content);
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Writes the same number of bytes within one tick of the file system's clock. */
  private void writeUnseen(String content) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, content);
    Files.setLastModifiedTime(file, time);
  }

  private static void swapData(Path mount, String version, String content) throws IOException {
    Path directory = Files.createDirectory(mount.resolve(version));
    Files.writeString(directory.resolve("htpasswd"), content);
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

  private void assertCannotTell(String message) {
    assertThatExceptionOfType(CredentialStoreException.class)
        .isThrownBy(() -> find("team"))
        .withMessageContaining(file.toString())
        .withMessageContaining(message);
    assertThatExceptionOfType(CredentialStoreException.class).isThrownBy(() -> find("unknown"));
  }
}
