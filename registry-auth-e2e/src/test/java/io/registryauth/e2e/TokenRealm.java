// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

/** Another program than the server that gives tokens to {@link Tenant#TEST_BUILD}. */
record TokenRealm(URI realm, URI jwks, Keys keys) {
  /**
   * Has a real registry and crane use it: the registry reads the JWK Set that this serves, and the
   * client pushes and pulls, with a wrong password nothing, and nothing of another namespace.
   */
  void serves(String registryVersion, Path directory) throws IOException, InterruptedException {
    HttpResponse<String> served = Http.send("GET", jwks);
    assertThat(served.statusCode()).as(served.body()).isEqualTo(200);
    Path file = Files.createTempFile(directory, "jwks-", ".json");
    Files.writeString(file, served.body());
    try (Registry registry =
        Registry.start(registryVersion, directory, realm, keys.certificate(), file)) {
      CraneSession tenant = client(registry, Tenant.TEST_BUILD, directory);
      CraneSession wrong =
          client(registry, new Tenant(Tenant.TEST_BUILD.name(), "wrong"), directory);

      tenant.push("test-build/app").orFail();
      assertThat(tenant.pull("test-build/app")).startsWith("sha256:");
      Completed foreign = tenant.push("other-namespace/app");
      Completed refused = wrong.push("test-build/more");

      assertThat(foreign.status()).as(foreign.toString()).isNotZero();
      assertThat(foreign.output()).contains("DENIED");
      assertThat(refused.status()).as(refused.toString()).isNotZero();
      assertThat(refused.output()).contains("UNAUTHORIZED");
      assertThat(registry.stores("other-namespace/app")).isFalse();
      assertThat(registry.stores("test-build/more")).isFalse();
    }
  }

  private static CraneSession client(Registry registry, Tenant tenant, Path directory)
      throws IOException {
    CraneSession session = new CraneSession(directory, registry.address());
    session.remember(tenant);
    return session;
  }
}
