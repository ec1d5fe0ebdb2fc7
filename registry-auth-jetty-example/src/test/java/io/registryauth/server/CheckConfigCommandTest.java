// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a file and options make of the configuration; {@code CommandLineTest} has the variables. */
class CheckConfigCommandTest {
  @TempDir private static Path directory;
  private static List<String> good;
  private Path file;

  private record Result(int status, String out, String err) {}

  @BeforeAll
  static void writeKeys() throws Exception {
    TestCertificate pair = TestCertificate.selfSigned(TestCertificate.ec("secp256r1"));
    Path key = Files.writeString(directory.resolve("tls.key"), pair.pkcs8());
    Path certificate = Files.writeString(directory.resolve("tls.crt"), pair.certificatePem());
    good =
        List.of(
            "--signing-key=" + key,
            "--signing-cert=" + certificate,
            "--credentials=directory:" + directory);
  }

  @BeforeEach
  void nameFile() {
    file = directory.resolve("config.yaml");
  }

  private static Result check(String... options) {
    return run(Stream.concat(good.stream(), Stream.of(options)));
  }

  private static Result run(Stream<String> options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    int status =
        commandLine.execute(
            Stream.concat(Stream.of("check-config"), options).toArray(String[]::new));
    return new Result(status, out.toString(), err.toString());
  }

  private Result checkFile(String yaml, String... options) throws IOException {
    Files.writeString(file, yaml);
    return check(
        Stream.concat(Stream.of("--config=" + file), Stream.of(options)).toArray(String[]::new));
  }

  private static void assertRefused(Result result, String... parts) {
    assertThat(result.status()).as("%s", result).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).singleElement().asString().contains(parts);
  }

  @Test
  void configuration_thatIsGood_isOneLineWithWhatItComesTo() throws Exception {
    assertThat(checkFile("key-id: of-file\nlisten: 127.0.0.1:8443\n"))
        .isEqualTo(
            new Result(
                0,
                "configuration is good: signing ES256 with the key of-file; credentials of directory:"
                    + directory
                    + "; http on 127.0.0.1:8443, management on 0.0.0.0:8081\n",
                ""));
  }

  @Test
  void check_ofAllThatAsksOthers_asksNobodyAndLeavesNoThread() throws Exception {
    try (ServerSocket api = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        ServerSocket busy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Path kubeconfig =
          Files.writeString(
              directory.resolve("kubeconfig"),
              """
              apiVersion: v1
              kind: Config
              clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
              users: [{name: u, user: {token: none}}]
              contexts: [{name: x, context: {cluster: c, user: u}}]
              current-context: x
              """
                  .formatted(api.getLocalPort()));
      Set<Thread> before = Thread.getAllStackTraces().keySet();

      Result result =
          run(
              Stream.concat(
                  good.stream().filter(option -> !option.startsWith("--credentials=")),
                  Stream.of(
                      "--listen=127.0.0.1:" + busy.getLocalPort(),
                      "--credentials=kubernetes",
                      "--watch=true",
                      "--publish-jwks=registry/registry-auth-keys-jwks",
                      "--kubeconfig=" + kubeconfig)));

      assertThat(result.status()).as("%s", result).isZero();
      Set<Thread> left = Thread.getAllStackTraces().keySet();
      assertThat(left.stream().filter(thread -> !before.contains(thread)).map(Thread::getName))
          .isEmpty();
      api.setSoTimeout(1);
      assertThatThrownBy(api::accept).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          isuer: x                         | there is no "isuer" in line 1; did you mean "issuer"?
          listen: 127.0.0.1:0\\nIssuer: x  | there is no "Issuer" in line 2; did you mean "issuer"?
          database: x                      | there is no "database" in line 1; valid are admin-namespaces, cache-stale,
          config: x                        | there is no "config" in line 1; valid are
          --issuer: x                      | there is no "--issuer" in line 1; did you mean "issuer"?
          help: true                       | there is no "help" in line 1
          issuer: {name: x}                | "issuer" in line 1 has parts or an anchor; valid is a text
          issuer: [x]                      | "issuer" in line 1 has parts or an anchor; valid is a text
          public-namespaces: {a: b}        | "public-namespaces" in line 1 has parts or an anchor; valid is a text, or a list of texts where the option takes several
          public-namespaces: [[a]]         | "public-namespaces" in line 1 has parts
          issuer: a\\nissuer: a            | "issuer" in line 2 is there a second time
          issuer: a\\n'issuer':            | "issuer" in line 2 is there a second time
          issuer: &a x\\nservice: *a       | "issuer" in line 1 has parts or an anchor
          shared-namespaces: [&a x, *a]    | "shared-namespaces" in line 1 has parts or an anchor
          shared-namespaces: &a [x]\\npublic-namespaces: *a | it is no valid YAML: Number of aliases
          watch: maybe                     | "watch" in line 1 is "maybe"; valid are true and false
          watch: yes                       | "watch" in line 1 is "yes"; valid are true and false
          [issuer]                         | valid is a YAML mapping
          issuer                           | valid is a YAML mapping
          ? {a: b}\\n: c                   | a name in line 1 is no text
          issuer: 'x                       | it is no valid YAML in line
          issuer: a\\n---\\nissuer: b      | it is no valid YAML in line 2
          issuer: *nobody                  | it is no valid YAML in line 1
          {{{{{{{{{{a                      | it is no valid YAML
          """)
  void file_thatIsWrong_isOneLineThatSaysWhere(String yaml, String problem) throws Exception {
    assertRefused(
        checkFile(yaml.replace("\\n", "\n")), "--config (or CONFIG_FILE): \"" + file, problem);
  }

  @Test
  void file_thatCannotBeRead_isOneLine() throws Exception {
    assertRefused(
        check("--config=/missing.yaml"), "--config", "\"/missing.yaml\"", "cannot be read");
    assertRefused(check("--config=" + directory), "--config", "it is not a file");
    Files.write(file, new byte[] {'#', (byte) 0xff});
    assertRefused(check("--config=" + file), "it is not text; YAML is needed");
    assertRefused(checkFile("#".repeat(64 * 1024 + 1)), "the file is longer than 65536 bytes");
    assertThat(checkFile("#".repeat(64 * 1024)).status()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          expiration: 59             | Invalid value for expiration in ~: "59": The lifetime is
          failed-attempts: 1_000     | Invalid value for failed-attempts in ~: "1_000": valid is
          cache-ttl: 2030-01-01      | Invalid value for cache-ttl in ~: "2030-01-01": valid is
          profile: ${sys:user.name}  | Invalid value for profile in ~: "${sys:user.name}": "${sys:user.name}" is no
          admin-namespaces: [a, B]   | Invalid value for admin-namespaces in ~: "a,B":
          signing-key: /missing      | Invalid value for signing-key in ~: "/missing": the file cannot be read
          tls-cert: /a\\ntls-key: /b | Invalid value for tls-cert in ~ and tls-key in ~: "/a and /b":
          tls-key: /b                | tls-key in ~ is set without --tls-cert (or TLS_CERT_FILE)
          kubeconfig: /b\\ncredentials: kubernetes | Invalid value for kubeconfig in ~: "/b":
          """)
  void value_thatIsWrongInAFile_isNamedAsThere(String yaml, String problem) throws Exception {
    Files.writeString(file, yaml.replace("\\n", "\n"));
    // An option would count instead.
    Stream<String> others =
        good.stream()
            .filter(option -> !yaml.contains(option.substring(2, option.indexOf('=')) + ":"));
    assertRefused(
        run(Stream.concat(others, Stream.of("--config=" + file))),
        problem.replace("~", file.toString()));
  }

  @Test
  void value_givenByOptionToo_theOptionCounts() throws Exception {
    assertThat(checkFile("key-id: of-file", "--key-id=of-option").out())
        .contains("with the key of-option;");
    // And its fault is the option's.
    assertRefused(
        checkFile("expiration: 120", "--expiration=59"),
        "Invalid value for --expiration (or TOKEN_EXPIRATION_SEC): \"59\"");
  }

  /** By picocli's own rule, a switch that is given is the opposite of what it is otherwise. */
  @Test
  void switch_givenByOptionToo_isNotTurnedOff() throws Exception {
    assertRefused(checkFile("watch: true", "--watch"), "--watch needs --credentials kubernetes");
    assertThat(checkFile("watch: true", "--watch=false").status()).isZero();
  }

  @Test
  void value_empty_countsAsAbsent() throws Exception {
    assertThat(
            checkFile(
                """
                key-id:
                issuer: ""
                expiration: ~
                public-namespaces: []
                watch:
                """))
        .satisfies(result -> assertThat(result.status()).as("%s", result).isZero())
        .satisfies(result -> assertThat(result.out()).contains("the key registry-auth-jwt-signer"));
  }

  @Test
  void values_ofEachKind_areTaken() throws Exception {
    Result result =
        checkFile(
            """
            # A comment.
            key-id: "${sys:user.name}"
            expiration: 0300
            failed-attempts: 7
            watch: False
            listen: "[::1]:8080"
            public-namespaces: [library, base]
            shared-namespaces: a, b
            trusted-proxies:
            - 10.0.0.0/8
            - fd00::/8
            """);
    assertThat(result.status()).as("%s", result).isZero();
    assertThat(result.out()).contains("the key ${sys:user.name};", "http on [::1]:8080");
  }

  @ParameterizedTest
  @ValueSource(strings = {"$", "a$$b", "$${sys:user.name}", "$$${sys:user.name}", "${missing}"})
  void value_withDollarSigns_isTakenAsItStands(String value) throws Exception {
    assertThat(checkFile("key-id: '" + value + "'").out()).contains("the key " + value + ";");
  }

  @Test
  void variable_withDollarSigns_isTakenAsItStands() throws Exception {
    Stream<String> java =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "check-config");
    ProcessBuilder builder =
        new ProcessBuilder(Stream.concat(java, good.stream()).toList())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("SIGNING_KEY_ID", "a$$b");
    Process process = builder.start();
    assertThat(process.inputReader().readLine()).contains("the key a$$b;");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void help_withAFileThatIsWrong_isShown() {
    Result result = check("--config=/missing", "--help");
    assertThat(result.status()).isZero();
    assertThat(result.out()).contains("does not see that a port is in use");
  }
}
