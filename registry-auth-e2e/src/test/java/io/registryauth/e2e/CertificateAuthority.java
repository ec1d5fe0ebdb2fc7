// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An authority that clients can be told to trust; made by the {@code openssl} command. */
record CertificateAuthority(Path directory) {
  static CertificateAuthority create(Path parent) throws IOException, InterruptedException {
    CertificateAuthority authority =
        new CertificateAuthority(Files.createTempDirectory(parent, "authority-"));
    authority.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ca.key");
    authority.openssl("req -x509 -new -key ca.key -subj /CN=test-authority -out ca.crt");
    Files.writeString(
        authority.directory.resolve("localhost.cnf"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
    return authority;
  }

  /** Issues a certificate for localhost to a new RSA key, which is PKCS#8. */
  Keys issue() throws IOException, InterruptedException {
    return issue("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out tls.key", 30);
  }

  /** Issues one to a new EC key, which is SEC1 with its parameters before it. */
  Keys issueToEc() throws IOException, InterruptedException {
    return issue("ecparam -name prime256v1 -genkey -out tls.key", 30);
  }

  /** Issues one that is not valid any more. */
  Keys issueExpired() throws IOException, InterruptedException {
    return issue("ecparam -name prime256v1 -genkey -out tls.key", -1);
  }

  private Keys issue(String makeKey, int days) throws IOException, InterruptedException {
    Path issued = Files.createTempDirectory(directory, "issued-");
    Keys keys = new Keys(issued.resolve("tls.key"), issued.resolve("tls.crt"));
    keys.openssl(makeKey);
    keys.openssl("req -new -key tls.key -subj /CN=localhost -out tls.csr");
    keys.openssl(
        "x509 -req -in tls.csr -CA ../ca.crt -CAkey ../ca.key -CAcreateserial -days %d -extfile ../localhost.cnf -out tls.crt"
            .formatted(days));
    return keys;
  }

  private void openssl(String arguments) throws IOException, InterruptedException {
    List<String> command = List.of(("openssl " + arguments).split(" ", -1));
    RunningProcess.run(directory, command, Map.of()).orFail();
  }

  Path certificate() {
    return directory.resolve("ca.crt");
  }
}
