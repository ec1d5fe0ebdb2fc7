// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * What an identity may do of what it asked.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.authorization;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
