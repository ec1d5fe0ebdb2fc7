// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Tests for what others write: extend {@link io.registryauth.testing.CredentialStoreContract} for a
 * store of your own, or {@link io.registryauth.testing.AuthenticatorContract} for an authenticator,
 * and JUnit runs them.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.testing;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
