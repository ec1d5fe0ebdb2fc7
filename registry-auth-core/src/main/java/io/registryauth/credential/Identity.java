// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;

/** Who asks. */
public sealed interface Identity {
  /** Returns the token's {@code sub} claim: the user name, or nothing for nobody. */
  String subject();

  /**
   * A namespace that proved itself, by one of its accounts.
   *
   * @param account the account
   * @param restriction what the account may have at most of what is the namespace's
   */
  record Tenant(AccountName account, Restriction restriction) implements Identity {
    /** Makes the identity of a namespace's own account, without restriction. */
    public Tenant(NamespaceName namespace) {
      this(AccountName.of(namespace), Restriction.NONE);
    }

    /** Returns whose the account is. */
    public NamespaceName namespace() {
      return account.namespace();
    }

    @Override
    public String subject() {
      return account.username();
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
