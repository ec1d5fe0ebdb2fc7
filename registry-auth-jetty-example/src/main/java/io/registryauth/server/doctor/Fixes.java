// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

/** The commands that findings name, with the options that this set-up needs. */
final class Fixes {
  static final String RUN = "java -jar registry-auth.jar ";

  private Fixes() {}

  /** Makes the JWK Set anew and lets the registry read it. */
  static String jwks(Setup setup) {
    String options = setup.tokenServer().keyIdOptions();
    if (setup.cluster().isPresent()) {
      String namespace = setup.cluster().get().namespace().value();
      return "`"
          + RUN
          + "bootstrap --namespace "
          + namespace
          + options
          + "`, which writes the JWK Set of the keys to Secret registry-auth-keys-jwks (mount it as"
          + " deploy/registry/deployment.yaml does); then `kubectl rollout restart"
          + " deployment/registry -n "
          + namespace
          + "`";
    }
    String where = setup.jwks().map(Source::where).orElse("jwks.json");
    return "`"
        + RUN
        + "jwks --cert tls.crt"
        + options
        + " > "
        + where
        + "`, with the certificate of the key that signs; then "
        + restart();
  }

  /** Makes a JWK Set where the configuration names none. */
  static String writeJwks(Setup setup) {
    return "`"
        + RUN
        + "jwks --cert tls.crt"
        + setup.tokenServer().keyIdOptions()
        + " > jwks.json`; write its path as auth.token.jwks; then "
        + restart();
  }

  static String restart() {
    return "restart the registry, which reads its configuration and keys only when it starts";
  }
}
