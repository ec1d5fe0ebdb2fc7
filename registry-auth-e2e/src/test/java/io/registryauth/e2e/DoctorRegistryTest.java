// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.registryauth.e2e.Doctor.Finding;
import io.registryauth.e2e.FileSetup.Outcome;
import io.registryauth.e2e.FileSetup.Servers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Set-ups in files of which one thing is wrong, with real registries: each first shows what a user
 * sees, as docs/troubleshooting.md has it; then {@code doctor} names the cause before anything
 * runs; then the set-up is changed as the fix says, works, and {@code doctor} finds nothing.
 */
class DoctorRegistryTest {
  private static final String UNTRUSTED = "token signed by untrusted key with ID: …";

  @TempDir private static Path directory;
  private static Servers servers;
  private static Keys keys;
  private static Keys otherKeys;
  private static Path image;

  /** Changes a set-up, for the worse or for the better. */
  @FunctionalInterface
  interface Change {
    void on(FileSetup setup) throws Exception;
  }

  /**
   * One thing that is wrong.
   *
   * @param symptom a text of the page, in which … stands for any other
   * @param fix what the finding's fix must say
   */
  private record Fault(
      String finding,
      String version,
      String title,
      String symptom,
      String fix,
      Change fault,
      Change repair) {
    @Override
    public String toString() {
      return finding + ", registry " + version + ", " + title;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    servers = new Servers(directory);
    keys = Keys.generate(directory);
    otherKeys = Keys.generate(directory);
    image = Artifacts.image(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  private static Completed crane(Path dockerConfig, String name) throws Exception {
    return FileSetup.crane(image, dockerConfig, name);
  }

  private static Change removeLine(String key) {
    return setup -> {
      String config = Files.readString(setup.file(FileSetup.CONFIG));
      String line =
          config
              .lines()
              .filter(text -> text.strip().startsWith(key + ":"))
              .findFirst()
              .orElseThrow();
      setup.edit(FileSetup.CONFIG, line + "\n", "");
    };
  }

  private static Change addLine(String key, String value) {
    return setup ->
        setup.edit(
            FileSetup.CONFIG,
            "    issuer: registry-token-issuer\n",
            "    issuer: registry-token-issuer\n    "
                + key
                + ": "
                + value.formatted(setup.file(""))
                + "\n");
  }

  private static Change edit(String file, String from, String to) {
    return setup -> setup.edit(file, from, to);
  }

  private static Change serve(String... options) {
    return setup -> setup.serve(options);
  }

  private static Change first(Change... changes) {
    return setup -> {
      for (Change change : changes) {
        change.on(setup);
      }
    };
  }

  private static Change entry(String json) {
    return setup ->
        Files.writeString(
            setup.file(FileSetup.JWKS),
            Files.readString(setup.file(FileSetup.JWKS))
                .replaceFirst("\\]\\s*}\\s*$", "," + json + "]}"));
  }

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault(
            "jwks-missing",
            "3.0.0",
            "no jwks in the configuration",
            UNTRUSTED,
            "jwks",
            removeLine("jwks"),
            addLine("jwks", "%s/jwks.json")),
        new Fault(
            "jwks-missing",
            "3.1.2",
            "no jwks in the configuration",
            UNTRUSTED,
            "jwks",
            removeLine("jwks"),
            addLine("jwks", "%s/jwks.json")),
        new Fault(
            "jwks-missing",
            "3.1.2",
            "no such file",
            "jwks.json: no such file or directory",
            "registry-auth.jar jwks",
            setup -> Files.delete(setup.file(FileSetup.JWKS)),
            FileSetup::makeJwks),
        new Fault(
            "kid-unknown",
            "3.0.0",
            "the id of Keycloak (#4533)",
            UNTRUSTED,
            "registry-auth.jar jwks",
            edit(FileSetup.JWKS, "registry-auth-jwt-signer", "1hq2XuXyoIAQZkPjTrKsPkOlIwMTWWQ"),
            FileSetup::makeJwks),
        new Fault(
            "jwks-missing",
            "3.1.2",
            "the id of libtrust, which version 3 gives to no certificate (#4299)",
            UNTRUSTED,
            "registry-auth.jar jwks --cert tls.crt --key-id libtrust",
            first(removeLine("jwks"), serve("--key-id=libtrust")),
            first(FileSetup::makeJwks, addLine("jwks", "%s/jwks.json"))),
        new Fault(
            "key-differs",
            "3.1.2",
            "another key under the same id",
            "error in cryptographic primitive",
            "registry-auth.jar jwks",
            setup -> ServerJar.writeJwks(otherKeys.certificate(), setup.file(FileSetup.JWKS)),
            FileSetup::makeJwks),
        new Fault(
            "issuer-differs",
            "3.1.2",
            "another issuer",
            "token from untrusted issuer: …",
            "--issuer",
            serve("--issuer=somebody-else"),
            serve()),
        new Fault(
            "service-differs",
            "3.1.2",
            "another service",
            "UNSUPPORTED_VALUE: The parameter service is …",
            "docker-registry",
            serve("--service=another-registry"),
            serve()),
        new Fault(
            "profile-wrong",
            "2.8",
            "version 2.8 with the default profile",
            "malformed token",
            "distribution-2.8",
            serve(),
            serve("--profile=distribution-2.8")),
        new Fault(
            "profile-wrong",
            "3.1.2",
            "the profile for 2.8 without a certificate",
            "certificate signed by unknown authority",
            "rootcertbundle",
            first(
                serve("--profile=distribution-2.8"),
                FileSetup::publishKeys,
                removeLine("rootcertbundle")),
            addLine("rootcertbundle", "%s/tls.crt")),
        new Fault(
            "key-kind",
            "3.0.0",
            "EC by its thumbprint (#4683)",
            UNTRUSTED,
            "jwks",
            first(
                setup -> setup.sign(KeyKindsTest.ecKeys(directory, false)),
                serve("--key-id=rfc7638"),
                FileSetup::publishKeys,
                removeLine("jwks")),
            addLine("jwks", "%s/jwks.json")),
        new Fault(
            "key-kind",
            "3.0.0",
            "Ed25519 by its certificate (#4570)",
            UNTRUSTED,
            "jwks",
            first(
                setup -> setup.sign(Keys.generateEd25519(directory)),
                serve("--key-id=rfc7638"),
                FileSetup::publishKeys,
                removeLine("jwks")),
            addLine("jwks", "%s/jwks.json")),
        new Fault(
            "key-kind",
            "3.1.2",
            "EC by its thumbprint, of which a coordinate begins with zero",
            UNTRUSTED,
            "jwks",
            first(
                setup -> setup.sign(KeyKindsTest.ecKeys(directory, true)),
                serve("--key-id=rfc7638"),
                FileSetup::publishKeys,
                removeLine("jwks")),
            addLine("jwks", "%s/jwks.json")),
        new Fault(
            "key-kind",
            "2.8",
            "Ed25519 among its certificates",
            "public key type ed25519.PublicKey is not supported",
            "RSA",
            setup -> addCertificate(setup, Keys.generateEd25519(directory)),
            FileSetup::publishKeys),
        new Fault(
            "signing-algorithms",
            "3.1.2",
            "a text in the place of a list",
            "signingalgorithms must be a list of signing algorithms",
            "[RS256]",
            addLine("signingalgorithms", "RS256"),
            edit(FileSetup.CONFIG, "signingalgorithms: RS256", "signingalgorithms: [RS256]")),
        new Fault(
            "signing-algorithms",
            "3.0.0",
            "an algorithm that there is not",
            "unsupported signing algorithm: …",
            "RS256",
            addLine("signingalgorithms", "[RSA]"),
            edit(FileSetup.CONFIG, "signingalgorithms: [RSA]", "signingalgorithms: [RS256]")),
        new Fault(
            "signing-algorithms",
            "3.1.2",
            "without that of the key",
            "malformed token",
            "RS256",
            addLine("signingalgorithms", "[ES256]"),
            edit(
                FileSetup.CONFIG,
                "signingalgorithms: [ES256]",
                "signingalgorithms: [ES256, RS256]")),
        new Fault(
            "jwks-invalid",
            "3.1.2",
            "an entry of an unknown kind",
            "failed to parse jwks: …",
            "",
            entry("{\"kty\":\"XYZ\",\"kid\":\"other\"}"),
            FileSetup::makeJwks),
        new Fault(
            "jwks-invalid",
            "3.0.0",
            "no key at all",
            "token auth requires at least one token signing key",
            "registry-auth.jar jwks",
            first(
                setup -> Files.writeString(setup.file(FileSetup.JWKS), "{\"keys\":[]}"),
                removeLine("rootcertbundle")),
            FileSetup::makeJwks),
        new Fault(
            "jwks-invalid",
            "3.1.2",
            "the key without an id",
            UNTRUSTED,
            "registry-auth.jar jwks",
            edit(FileSetup.JWKS, "\"kid\": \"registry-auth-jwt-signer\",", ""),
            FileSetup::makeJwks),
        new Fault(
            "certificate-expired",
            "2.8",
            "an expired certificate in x5c",
            "x509: certificate has expired or is not yet valid: …",
            "renew the certificate of the same key",
            first(setup -> setup.sign(expired(setup.keys())), FileSetup::publishKeys),
            first(setup -> setup.sign(renewed(setup.keys())), FileSetup::publishKeys)),
        new Fault(
            "config-invalid",
            "3.1.2",
            "no service",
            "token auth requires a valid option string: \"service\"",
            "service",
            edit(FileSetup.CONFIG, "    service: docker-registry\n", ""),
            addLine("service", "docker-registry")));
  }

  private static void addCertificate(FileSetup setup, Keys more) throws Exception {
    Files.writeString(
        setup.file(FileSetup.CERTIFICATE),
        Files.readString(more.certificate()),
        StandardOpenOption.APPEND);
  }

  private static Keys expired(Keys keys) throws Exception {
    Keys expired = copy(keys);
    expired.openssl("req -new -key tls.key -subj /CN=registry-auth-jwt-signer -out tls.csr");
    expired.openssl("x509 -req -in tls.csr -signkey tls.key -days -1 -out tls.crt");
    return expired;
  }

  private static Keys renewed(Keys keys) throws Exception {
    Keys renewed = copy(keys);
    renewed.openssl("req -x509 -new -key tls.key -subj /CN=registry-auth-jwt-signer -out tls.crt");
    return renewed;
  }

  private static Keys copy(Keys keys) throws Exception {
    Path copy = Files.createTempDirectory(directory, "keys-");
    Files.copy(keys.key(), copy.resolve("tls.key"));
    return new Keys(copy.resolve("tls.key"), copy.resolve("tls.crt"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void fault_ofASetupInFiles_isNamedAndItsFixHelps(Fault fault) throws Exception {
    try (FileSetup setup =
        FileSetup.create(fault.version(), directory, servers, DoctorRegistryTest::crane, keys)) {
      fault.fault().on(setup);
      Outcome before = setup.use();
      assertThat(before.pushed()).as(before.said()).isFalse();
      assertThat(before.said()).containsPattern(Doctor.symptom(fault.finding(), fault.symptom()));
      Finding finding = Doctor.examine(directory, setup.files()).only(fault.finding());
      assertThat(finding.fix()).contains(fault.fix());

      fault.repair().on(setup);
      Outcome after = setup.use();
      assertThat(after.pushed()).as(after.said()).isTrue();
      Doctor.examine(directory, setup.all()).assertNothing();
    }
  }

  @Test
  void certificateOfAnotherKey_isFound() throws Exception {
    String[] options = {"--signing-key=" + keys.key(), "--signing-cert=" + otherKeys.certificate()};
    Completed refused =
        ServerJar.refused(directory, Map.of(), options[0], options[1], "--credentials=directory:.");
    assertThat(refused.stderr())
        .containsPattern(
            Doctor.symptom(
                "signing-key-differs", "The private key does not match the certificate"));

    assertThat(Doctor.examine(directory, Stream.of(options)).only("signing-key-differs").where())
        .contains(otherKeys.certificate().toString());
    Doctor.examine(directory, Stream.of(options[0], "--signing-cert=" + keys.certificate()))
        .assertNothing();
  }

  /** What doctor says of it in a cluster, DoctorTenantTest shows. */
  @ParameterizedTest
  @CsvSource({
    "2.8, cannot unmarshal !!str … into configuration.Parameters",
    "3.0.0, 'parsing environment variable REGISTRY_AUTH_PORT: yaml: unmarshal errors'",
    "3.1.2, 'parsing environment variable REGISTRY_AUTH_PORT: yaml: unmarshal errors'"
  })
  void variableOfAService_ofEachRegistry_stopsIt(String version, String symptom) throws Exception {
    try (FileSetup setup =
        FileSetup.create(version, directory, servers, DoctorRegistryTest::crane, keys)) {
      Completed ended =
          RunningProcess.run(
              directory,
              List.of(
                  Peers.program("registry-" + version).toString(),
                  "serve",
                  setup.file(FileSetup.CONFIG).toString()),
              Map.of("REGISTRY_AUTH_PORT", "tcp://10.0.0.1:443"));

      assertThat(ended.status()).isNotZero();
      assertThat(ended.output()).containsPattern(Doctor.symptom("service-links", symptom));
    }
  }
}
