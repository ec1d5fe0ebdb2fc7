// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Namespaces, the tenants of the registry: the first component of a repository name; and their accounts.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.tenant;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
