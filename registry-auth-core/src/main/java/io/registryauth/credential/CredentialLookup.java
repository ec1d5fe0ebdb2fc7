// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import io.registryauth.tenant.AccountName;
import java.util.function.Predicate;

/**
 * A question to a {@link CredentialStore}.
 *
 * @param account whose credentials to find
 * @param accepted whether credentials satisfy the one who asks. A store that keeps copies reads
 *     anew when its copy does not satisfy; any other store pays no heed to it.
 */
public record CredentialLookup(AccountName account, Predicate<StoredCredentials> accepted) {
  /** Asks for whatever is stored for an account. */
  public static CredentialLookup of(AccountName account) {
    return new CredentialLookup(account, stored -> true);
  }
}
