// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.util.Locale;

/** What can be wrong, by the name that docs/troubleshooting.md has for it. Names never change. */
public enum FindingId {
  /** The registry does not start with its configuration, or asks for no tokens. */
  CONFIG_INVALID,
  /** The configuration is mounted where this version of the registry does not read it. */
  CONFIG_PATH,
  /** Variables that Kubernetes makes for a Service are taken for settings by the registry. */
  SERVICE_LINKS,
  /** The registry has no JWK Set to find the key of our tokens in. */
  JWKS_MISSING,
  /** An entry of the JWK Set stops the registry from starting, or is of no use to it. */
  JWKS_INVALID,
  /** The registry's list of algorithms stops it, or is without that of our tokens. */
  SIGNING_ALGORITHMS,
  /** The registry knows no key with the id that our tokens name. */
  KID_UNKNOWN,
  /** The registry knows another key than the one that signs. */
  KEY_DIFFERS,
  /** The registry takes tokens of another issuer. */
  ISSUER_DIFFERS,
  /** The registry is another service than the one that tokens are for. */
  SERVICE_DIFFERS,
  /** Tokens have a shape that this registry does not take. */
  PROFILE_WRONG,
  /** The key is of a kind that this registry, or the token server, does not take. */
  KEY_KIND,
  /** A certificate that the registry verifies tokens by is not valid now. */
  CERTIFICATE_EXPIRED,
  /** Key and certificate of the token server do not belong together. */
  SIGNING_KEY_DIFFERS,
  /** Clients do not get an answer from the realm. */
  REALM_UNREACHABLE,
  /** Clients would send passwords to the realm in the clear. */
  REALM_NOT_HTTPS,
  /** What answers at the realm is no token service for these clients. */
  REALM_NO_TOKEN_SERVICE,
  /** Clients do not get an answer from the registry. */
  REGISTRY_UNREACHABLE,
  /** The registry speaks no https where it should, or the other way round. */
  REGISTRY_NOT_HTTPS,
  /** The registry that runs has read other files than those that are there now. */
  REGISTRY_RESTART,
  /** Two clocks differ by more than tokens allow for. */
  CLOCK_SKEW,
  /** A tenant has no Secret with credentials. */
  SECRET_MISSING,
  /** The Secret has not the entries that the token server reads. */
  SECRET_KEYS,
  /** The user name is not the namespace. */
  USERNAME_DIFFERS,
  /** The token server may not read the Secret. */
  SECRET_FORBIDDEN,
  /** Clients of a tenant have no docker config. */
  DOCKER_CONFIG_MISSING,
  /** The docker config cannot be read by clients. */
  DOCKER_CONFIG_INVALID,
  /** The docker config has no entry that clients find for the registry. */
  DOCKER_CONFIG_HOST,
  /** The docker config has another password than the Secret. */
  DOCKER_CONFIG_PASSWORD,
  /** The realm refuses the credentials of the docker config. */
  PASSWORD_REFUSED,
  /** The registry refuses a token of the realm. */
  TOKEN_REFUSED,
  /** Clients of a tenant have no certificate authority to trust. */
  CA_MISSING,
  /** Clients trust another authority than the one that signed the registry's certificate. */
  CA_DIFFERS,
  /** The build pod mounts its docker config or the authority wrongly, or not at all. */
  BUILD_POD_CONFIG,
  /** The build pod has no Dockerfile where the build looks for it. */
  DOCKERFILE_MISSING;

  /** Returns the name, such as {@code kid-unknown}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
