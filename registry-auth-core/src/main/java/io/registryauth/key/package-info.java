// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Signing keys, their identifiers, and the JWK Set that a registry verifies tokens with.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.key;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
