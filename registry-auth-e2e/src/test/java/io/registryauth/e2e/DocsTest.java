// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The documentation's code is what it says. Above each block stands a comment: {@code run} (all of
 * a page's are run here, as one script), {@code run by: TEST}, {@code not run: REASON}, or {@code
 * include: FILE} (the block is what FILE has, or has between its marks).
 */
class DocsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern BLOCK =
      Pattern.compile("(?:<!-- ([^>]*) -->\n)?```(\\w*)\n(.*?)```\n", Pattern.DOTALL);
  private static final Pattern MARKED =
      Pattern.compile("// \\[start]\n(.*?)\\s*// \\[end]", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)(?:#[^)]*)?\\)");

  /** What a page starts is stopped, wherever it breaks off. */
  private static final String PREAMBLE = "trap 'kill $(jobs -p) 2>&- || true' EXIT\ncd '%s'\n";

  private record Block(String comment, String code) {}

  static List<Path> pages() throws IOException {
    try (Stream<Path> top = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(top, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .toList();
    }
  }

  private static List<Block> blocks(Path page) throws IOException {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(Files.readString(page));
    while (matcher.find()) {
      String comment = matcher.group(1) == null ? "" : matcher.group(1);
      blocks.add(new Block(comment, matcher.group(3)));
    }
    return blocks;
  }

  @ParameterizedTest
  @MethodSource("pages")
  void block_ofEachPage_saysHowItIsTested(Path page) throws IOException {
    assertThat(blocks(page))
        .allMatch(block -> block.comment().matches("run|run by: .+|not run: .+|include: .+"));
  }

  @ParameterizedTest
  @MethodSource("pages")
  void block_thatIsIncluded_isWhatTheFileHas(Path page) throws IOException {
    for (Block block : blocks(page)) {
      if (block.comment().startsWith("include: ")) {
        Path file = ROOT.resolve(block.comment().substring("include: ".length()));
        assertThat(block.code()).as("%s from %s", page, file).isEqualTo(included(file));
      }
    }
  }

  private static String included(Path file) throws IOException {
    String text = Files.readString(file);
    Matcher matcher = MARKED.matcher(text);
    List<String> parts = new ArrayList<>();
    while (matcher.find()) {
      parts.add(matcher.group(1).stripIndent());
    }
    return parts.isEmpty() ? text : String.join("\n\n", parts) + "\n";
  }

  @ParameterizedTest
  @MethodSource("pages")
  void link_toAFile_leadsSomewhere(Path page) throws IOException {
    Matcher link = LINK.matcher(Files.readString(page));
    while (link.find()) {
      if (!link.group(1).contains("://")) {
        assertThat(page.resolveSibling(link.group(1))).exists();
      }
    }
  }

  @Test
  void quickstart_pastedIntoAShell_pushesAnImage(@TempDir Path directory) throws Exception {
    Peers.program("registry-3.1.2");
    Peers.program("crane");

    Completed shell = run(ROOT.resolve("docs/quickstart.md"), directory);

    assertThat(shell.status()).as(shell.toString()).isZero();
    assertThat(shell.stdout())
        .contains("verified with")
        .contains("{\"status\":\"ok\"}")
        .contains("{\"token\":\"eyJ")
        .contains("\n1\n")
        .contains("refused, as it should be");
  }

  @Test
  void keys_pastedIntoAShell_changeTheKey(@TempDir Path directory) throws Exception {
    Completed shell = run(ROOT.resolve("docs/keys.md"), directory);

    assertThat(shell.status()).as(shell.toString()).isZero();
    assertThat(shell.stdout())
        .contains("current   registry-auth-jwt-signer\nnext ")
        .contains("retired   registry-auth-jwt-signer\n")
        .contains("too early, as it should be");
    assertThat(shell.stdout().split("\"kid\": ", -1)).as("of the staged JWK Set").hasSize(3);
  }

  /** Both registries take pushes until the profile is left, 2.8 none then, and again after it. */
  @Test
  void migration_pastedIntoAShell_pushesAtEachStep(@TempDir Path directory) throws Exception {
    List.of("registry-2.8", "registry-3.1.2", "crane").forEach(Peers::program);

    Completed shell = run(ROOT.resolve("docs/migration.md"), directory);

    assertThat(shell.status()).as(shell.toString()).isZero();
    assertThat(shell.stdout())
        .contains("\nnew\nold\n")
        .containsOnlyOnce("refused, as it should be")
        .contains("\nback\n")
        .contains("configuration is good: signing RS256")
        .contains("credentials of htpasswd:");
    assertThat(shell.stdout().lines()).contains("end").doesNotContain("end-old");
  }

  /**
   * What cert-manager and nodes do is missing: the Secrets of the Certificates are there before.
   */
  @Test
  void kubernetes_pastedIntoAShell_setsUpTenants(@TempDir Path directory) throws Exception {
    try (KubernetesApi api = KubernetesApi.start(directory)) {
      api.kubectl("apply", "-f", Peers.share("cert-manager-crds").toString());
      api.kubectl("create", "namespace", "registry");
      Keys keys = Keys.generate(directory);
      for (String secret : List.of("registry-auth-keys", "registry-tls")) {
        api.kubectl(
            "create",
            "secret",
            "generic",
            secret,
            "-n",
            "registry",
            "--from-file=tls.crt=" + keys.certificate(),
            "--from-file=tls.key=" + keys.key(),
            "--from-file=ca.crt=" + keys.certificate());
      }

      Completed shell =
          run(
              ROOT.resolve("docs/kubernetes.md"),
              directory,
              Map.of(
                  "KUBECONFIG",
                  api.adminKubeconfig().toString(),
                  "PATH",
                  Peers.program("kubectl").getParent() + ":" + System.getenv("PATH")));

      assertThat(shell.status()).as(shell.toString()).isZero();
      assertThat(shell.stdout())
          .contains("created")
          .contains("all but the image pull secret")
          .contains("\nyes\n")
          .contains("no\nrightly\nno\nrightly\n");
      assertThat(shell.stdout().lines().filter(line -> line.contains(" team-c")))
          .filteredOn(line -> line.matches("[a-z]+ +(Namespace|Secret|Role|RoleBinding) .*"))
          .hasSize(7)
          .filteredOn(line -> !line.startsWith("ok "))
          .containsExactly("missing   Secret team-c/registry-image-pull-secret");
      assertThat(api.entry("registry", "registry-auth-keys-jwks", "jwks.json")).contains("RS256");
      assertThat(api.entry("test-build", "test-build-registry-credentials", "password-previous"))
          .hasSizeGreaterThan(40);
    }
  }

  private static Completed run(Path page, Path directory) throws Exception {
    return run(page, directory, Map.of("REGISTRY_AUTH_PEERS", Peers.directory().toString()));
  }

  /** Runs a page's blocks as one script, on ports that are free. */
  private static Completed run(Path page, Path directory, Map<String, String> environment)
      throws Exception {
    String script =
        blocks(page).stream()
            .filter(block -> block.comment().equals("run"))
            .map(Block::code)
            .collect(Collectors.joining());
    for (String port : List.of("5000", "5001", "5002")) {
      script = script.replace(":" + port, ":" + freePort());
    }
    return RunningProcess.run(
        directory,
        List.of("bash", "-euo", "pipefail", "-c", PREAMBLE.formatted(ROOT) + script),
        environment);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
