// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A key and its certificate, RSA unless said otherwise, as PEM files in a directory of their own;
 * made by the {@code openssl} command, so that nothing here depends on the code under test.
 */
record Keys(Path key, Path certificate) {
  static Keys generate(Path parent) throws IOException, InterruptedException {
    return generate(parent, 2048, "65537");
  }

  static Keys generate(Path parent, int bits, String exponent)
      throws IOException, InterruptedException {
    return generate(
        parent,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:%d -pkeyopt rsa_keygen_pubexp:%s -out tls.key"
            .formatted(bits, exponent));
  }

  /** Returns a key on the curve P-256, in the format of SEC1 with its parameters before it. */
  static Keys generateEc(Path parent) throws IOException, InterruptedException {
    return generate(parent, "ecparam -name prime256v1 -genkey -out tls.key");
  }

  static Keys generateEd25519(Path parent) throws IOException, InterruptedException {
    return generate(parent, "genpkey -algorithm ed25519 -out tls.key");
  }

  private static Keys generate(Path parent, String makeKey)
      throws IOException, InterruptedException {
    Keys keys = in(Files.createTempDirectory(parent, "keys-"));
    keys.openssl(makeKey);
    return keys.certified();
  }

  /** Stores a key that the JDK has made. */
  static Keys of(Path parent, PrivateKey key) throws IOException, InterruptedException {
    Keys keys = in(Files.createTempDirectory(parent, "keys-"));
    String base64 = Base64.getMimeEncoder().encodeToString(key.getEncoded());
    Files.writeString(
        keys.key, "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
    return keys.certified();
  }

  private static Keys in(Path directory) {
    return new Keys(directory.resolve("tls.key"), directory.resolve("tls.crt"));
  }

  private Keys certified() throws IOException, InterruptedException {
    openssl("req -x509 -new -key tls.key -subj /CN=registry-auth-jwt-signer -out tls.crt");
    return this;
  }

  /** Returns the key in the format of PKCS#1; {@link #key} is PKCS#8. */
  Path pkcs1() throws IOException, InterruptedException {
    openssl("rsa -in tls.key -traditional -out pkcs1.key");
    return directory().resolve("pkcs1.key");
  }

  /** Runs {@code openssl} in the directory of the files, and returns its standard output. */
  String openssl(String arguments) throws IOException, InterruptedException {
    List<String> command = List.of(("openssl " + arguments).split(" ", -1));
    return RunningProcess.run(directory(), command, Map.of()).orFail();
  }

  Path directory() {
    return key.getParent();
  }

  RSAPrivateCrtKey privateKey() throws IOException, GeneralSecurityException {
    byte[] der =
        Base64.getMimeDecoder().decode(Files.readString(key).replaceAll("-----.*-----", ""));
    return (RSAPrivateCrtKey)
        KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
  }
}
