// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Requested scopes and the access that is granted of them, as the <a
 * href="https://distribution.github.io/distribution/spec/auth/scope/">token scope specification</a>
 * has them.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.scope;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
