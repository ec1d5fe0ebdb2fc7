// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.NamespaceName;

/** Who asks. */
public sealed interface Identity {
  /** Returns the token's {@code sub} claim: the namespace's name, or nothing for nobody. */
  String subject();

  /**
   * A namespace that proved itself.
   *
   * @param namespace the namespace
   */
  record Tenant(NamespaceName namespace) implements Identity {
    @Override
    public String subject() {
      return namespace.value();
    }
  }

  /** A client that sent no credentials. */
  record Anonymous() implements Identity {
    @Override
    public String subject() {
      return "";
    }
  }
}
