// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * An RSA key and its certificate, as PEM files in a directory of their own; made by the {@code
 * openssl} command, so that nothing here depends on the code under test.
 */
record Keys(Path key, Path certificate) {
  static Keys generate(Path parent) throws IOException, InterruptedException {
    return generate(parent, 2048, "65537");
  }

  static Keys generate(Path parent, int bits, String exponent)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory(parent, "keys-");
    Keys keys = new Keys(directory.resolve("tls.key"), directory.resolve("tls.crt"));
    keys.openssl(
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:%d -pkeyopt rsa_keygen_pubexp:%s -out tls.key"
            .formatted(bits, exponent));
    keys.openssl("req -x509 -new -key tls.key -subj /CN=registry-auth-jwt-signer -out tls.crt");
    return keys;
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
