// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.registryauth.credential.CredentialStore;
import io.registryauth.testing.CredentialStoreContract;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class KubernetesCredentialStoreContractTest extends CredentialStoreContract {
  private FakeApiServer api;

  @BeforeEach
  void start() throws IOException {
    api = new FakeApiServer();
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Override
  protected CredentialStore storeWith(Map<String, List<String>> passwords) {
    for (String unknown : List.of("team", "nobody", "tea", "eam", "t--m", "team-22", "team-1")) {
      api.answerStatus(path(unknown), 404, "NotFound");
    }
    api.answerStatus("/api/v1/namespaces/team/secrets/ci-registry-credentials", 404, "NotFound");
    passwords.forEach((name, values) -> api.answer(path(name), 200, secret(name, values)));
    return new KubernetesCredentialStore(api.client());
  }

  private static String path(String namespace) {
    return "/api/v1/namespaces/%1$s/secrets/%1$s-registry-credentials".formatted(namespace);
  }

  private static String secret(String namespace, List<String> passwords) {
    String previous =
        passwords.size() > 1 ? ",\"password-previous\":\"" + base64(passwords.get(1)) + "\"" : "";
    return """
        {"kind":"Secret","metadata":{"name":"%1$s-registry-credentials","namespace":"%1$s"},
         "data":{"username":"%2$s","password":"%3$s"%4$s}}"""
        .formatted(namespace, base64(namespace), base64(passwords.get(0)), previous);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  @Override
  protected Optional<CredentialStore> storeThatCannotTell() {
    return Optional.of(new KubernetesCredentialStore(api.client())); // its server answers 500
  }
}
