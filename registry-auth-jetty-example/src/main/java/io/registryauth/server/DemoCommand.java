// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static com.google.common.io.RecursiveDeleteOption.ALLOW_INSECURE;

import com.google.common.io.MoreFiles;
import com.google.common.net.HostAndPort;
import io.registryauth.TokenService;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.key.JwksBuilder;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.token.TokenIssuer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: the main job, with everything it needs made on the spot. */
@Command(
    name = "demo",
    description = {
      "Shows the main job: makes a key and two tenants in a temporary directory, serves, asks for a"
          + " token as a client would, verifies it, and says what to try next."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Main.Version.class)
final class DemoCommand implements Callable<Integer> {
  private static final int KEY_BITS = 2048;
  private static final HostAndPort ANY_PORT = HostAndPort.fromParts("127.0.0.1", 0);
  private static final String TENANT = "test-build";
  private static final String PASSWORD = "test-password-123";
  private static final String SCOPE = "repository:test-build/myapp:push,pull";

  @Spec private CommandSpec spec;

  @Option(names = "--once", description = "Stop after the token, with status 0 if it is good.")
  private boolean once;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:5001",
      description = "Address of the token service. (default: 127.0.0.1:5001)")
  private String listen;

  @Option(
      names = "--registry-listen",
      paramLabel = "HOST:PORT",
      defaultValue = "localhost:5000",
      description = "Address of the registry, if one is installed. (default: localhost:5000)")
  private String registryListen;

  @Override
  public Integer call() throws Exception {
    HostAndPort address = OptionValues.parse(spec, "--listen", listen, OptionValues::address);
    HostAndPort registryAddress =
        OptionValues.parse(spec, "--registry-listen", registryListen, OptionValues::address);
    try (ExitOnSignal exit = ExitOnSignal.install()) {
      Path directory = Files.createTempDirectory("registry-auth-demo-");
      exit.add(() -> MoreFiles.deleteRecursively(directory, ALLOW_INSECURE));
      SigningKey key = generateKey();
      String jwks = new JwksBuilder().add(key.verificationKey()).build();
      Files.writeString(directory.resolve("jwks.json"), jwks);
      Metrics metrics = new Metrics();
      metrics.showSigning(() -> key, () -> false);
      RegistryAuthServer server =
          RegistryAuthServer.start(
              ListenAddress.plain(address),
              ANY_PORT,
              tokenService(key, directory, metrics),
              () -> jwks,
              metrics);
      exit.add(server);
      showToken(server.uri());
      if (!once) {
        Optional<DemoRegistry> registry =
            DemoRegistry.start(registryAddress, server.uri(), directory);
        registry.ifPresent(exit::add);
        showNext(server.uri(), registry, directory);
        server.join();
      }
    }
    return 0;
  }

  private static SigningKey generateKey() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(KEY_BITS);
    KeyPair pair = generator.generateKeyPair();
    return SigningKey.of(
        pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed(KeyIdStyle.DEFAULT_KEY_ID));
  }

  private static TokenService tokenService(SigningKey key, Path directory, Metrics metrics)
      throws IOException {
    Path credentials = directory.resolve("credentials");
    writeTenant(credentials, TENANT, PASSWORD);
    writeTenant(credentials, "other-namespace", "other-password-456");
    CredentialStore store =
        metrics.ofRequests(metrics.ofCalls(new DirectoryCredentialStore(credentials)));
    return TokenService.builder(
            TokenIssuer.builder(key).build(), new CredentialStoreAuthenticator(store))
        .listener(new AuditLog().andThen(metrics.listener()))
        .build();
  }

  private static void writeTenant(Path credentials, String namespace, String password)
      throws IOException {
    Path files = Files.createDirectories(credentials.resolve(namespace));
    Files.writeString(files.resolve("username"), namespace);
    Files.writeString(files.resolve("password"), password);
  }

  private void showToken(URI server) throws Exception {
    print("Token service on " + server + ", tenants test-build and other-namespace.");
    print("");
    print("test-build asks for " + SCOPE);
    DemoClient.VerifiedToken token = DemoClient.ask(server, TENANT, PASSWORD, SCOPE);
    print("  header   " + token.header());
    print("  claims   " + token.claims());
    print("  verified with " + server + "/jwks.json");
  }

  private void showNext(URI server, Optional<DemoRegistry> registry, Path directory)
      throws IOException {
    String ask = "    curl -s -u test-build:test-password-123 \"" + server + "/auth";
    print("");
    print("Ask for a token, for one you may not have, and for the keys:");
    print(ask + "?service=docker-registry&scope=" + SCOPE + "\"");
    print(ask + "?service=docker-registry&scope=repository:other-namespace/myapp:pull\"");
    print("    curl -s " + server + "/jwks.json");
    print("");
    if (registry.isPresent()) {
      registry.get().commands(TENANT, PASSWORD, directory).forEach(this::print);
    } else {
      print("For a registry beside it: tools/install-peers.sh, and start the demo again.");
    }
    print("");
    print("Serving until Ctrl-C.");
  }

  private void print(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }
}
