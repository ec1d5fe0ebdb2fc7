// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import io.registryauth.kubernetes.ObjectName;
import io.registryauth.tenant.NamespaceName;

/** The commands that findings name, with the options that this set-up needs. */
final class Fixes {
  static final String RUN = "java -jar registry-auth.jar ";

  private static final NamespaceName REGISTRY_NAMESPACE = new NamespaceName("registry");

  private Fixes() {}

  /**
   * Returns a text that others may have written as a word for a shell, which does nothing but stand
   * for itself. One that could end the command between backticks is not shown.
   */
  static String word(String text) {
    if (text.matches("[A-Za-z0-9_@%+=:,./-]+")) {
      return text;
    }
    return text.chars().anyMatch(c -> c == '`' || Character.isISOControl(c))
        ? "VALUE"
        : "'" + text.replace("'", "'\\''") + "'";
  }

  /** Returns the namespace of registry and token server. */
  static NamespaceName namespace(Setup setup) {
    return setup.cluster().map(Cluster::namespace).orElse(REGISTRY_NAMESPACE);
  }

  /** Makes the objects of the tenant that is looked at, or makes them fit. */
  static String tenantCreate(Setup setup) {
    return tenantCreate(setup, "");
  }

  /**
   * Makes them.
   *
   * @param more options, each with a space before it
   */
  static String tenantCreate(Setup setup, String more) {
    return tenantCreate(setup, setup.tenant().map(Object::toString).orElse("NAME"), more);
  }

  private static String tenantCreate(Setup setup, String tenant, String more) {
    String registry = setup.cluster().map(Fixes::registryOptions).orElse("");
    return "`" + RUN + "tenant create " + tenant + registry + more + "`";
  }

  /** Makes those of another tenant. */
  static String tenantCreate(Setup setup, NamespaceName tenant) {
    return tenantCreate(setup, tenant.value(), "");
  }

  /** Says to tenant create which registry it is, where that is not the one by default. */
  private static String registryOptions(Cluster cluster) {
    ObjectName account = cluster.tokenServerAccount();
    String namespace =
        cluster.namespace().equals(REGISTRY_NAMESPACE)
            ? ""
            : " --registry-namespace " + cluster.namespace();
    return account.equals(new ObjectName(REGISTRY_NAMESPACE, Cluster.TOKEN_SERVER))
        ? namespace
        : namespace + " --service-account " + account;
  }

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
          + " deploy/registry/deployment.yaml does); then "
          + rollout(setup);
    }
    String command = "`" + RUN + "jwks --cert tls.crt" + options;
    if (setup.jwks().flatMap(Source::text).filter(Fixes::hasSeveralKeys).isPresent()) {
      return "write what "
          + command
          + "` prints, with the certificate of the key that signs, into the list of keys in place of"
          + " the entry of that id, if there is one, and keep the others; then "
          + restart();
    }
    String where = setup.jwks().map(Source::where).orElse("jwks.json");
    return command
        + " > "
        + word(where)
        + "`, with the certificate of the key that signs; then "
        + restart();
  }

  private static boolean hasSeveralKeys(String jwks) {
    return RegistryJwks.parse(jwks).entries().size() > 1;
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

  /** Has the token server give tokens for a service. */
  static String serveService(String service) {
    return "serve with --service %s (TOKEN_SERVICE=%s)".formatted(word(service), word(service));
  }

  static String restart() {
    return "restart the registry, which reads its configuration and keys only when it starts";
  }

  /** Says the same, with the command if the registry is in a cluster. */
  static String restart(Setup setup) {
    return restart() + (setup.cluster().isPresent() ? ": " + rollout(setup) : "");
  }

  private static String rollout(Setup setup) {
    return "`kubectl rollout restart deployment/%s -n %s`"
        .formatted(Cluster.REGISTRY, namespace(setup));
  }
}
