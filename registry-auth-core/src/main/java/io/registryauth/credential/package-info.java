// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Who asks: the credentials that a client presents, the ones that are stored, and the comparison.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.credential;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
