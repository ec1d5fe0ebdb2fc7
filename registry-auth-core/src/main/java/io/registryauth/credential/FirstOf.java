// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import com.google.common.collect.ImmutableList;
import java.util.Optional;

/** Several stores as one, see {@link CredentialStore#firstOf}. */
record FirstOf(ImmutableList<CredentialStore> stores) implements CredentialStore {
  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    return stores.stream().map(store -> store.find(lookup)).flatMap(Optional::stream).findFirst();
  }

  /** Most accounts are thought to be in the first. */
  @Override
  public StoredPassword standIn() {
    return stores.get(0).standIn();
  }
}
