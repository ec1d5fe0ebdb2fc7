// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Signed tokens, as the <a
 * href="https://distribution.github.io/distribution/spec/auth/jwt/">token authentication
 * implementation</a> of Docker Distribution has them.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.token;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
